package source

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackerbell/trackerbell/events"
)

const (
	dialpadName = "dialpad"
	// dialpadTolerance bounds event_timestamp, since the tokens do not expire.
	dialpadTolerance = 24 * time.Hour
	contentTypeText  = "text/plain"
	contentTypeJWT   = "application/jwt"
	stateRecording   = "recording"
)

// dialpad is Dialpad's call events, whose body is a token
// (developers.dialpad.com, "Call events" and "Webhook security").
type dialpad struct {
	secrets []string
	auth    string // of downloads; empty without credentials
}

var _ Provider = (*dialpad)(nil)

func newDialpad(s setup) (Provider, error) {
	d := &dialpad{}
	var err error
	if d.secrets, err = s.atLeast(minSecretBytes, "it is the secret of the webhook"); err != nil {
		return nil, err
	}
	d.auth, err = bearerCredentials(s.credentials, "dialpad takes a token: an API key that may export recordings")
	return d, err
}

// dialpadEvent is a call event; the claims of the token are the event.
type dialpadEvent struct {
	State          scalar             `json:"state"`
	CallID         scalar             `json:"call_id"`
	EventTimestamp scalar             `json:"event_timestamp"` // milliseconds
	DateStarted    scalar             `json:"date_started"`    // milliseconds
	Direction      scalar             `json:"direction"`
	External       scalar             `json:"external_number"`
	Internal       scalar             `json:"internal_number"`
	Target         named              `json:"target"`
	Details        []dialpadRecording `json:"recording_details"`
}

type dialpadRecording struct {
	ID       scalar `json:"id"`
	Type     scalar `json:"recording_type"`
	Start    scalar `json:"start_time"` // milliseconds
	Duration scalar `json:"duration"`   // milliseconds
	URL      scalar `json:"url"`
}

// Verify checks the token that is the body, and when its event was.
func (d *dialpad) Verify(r Request) error {
	claims, err := verifyHS256(strings.TrimSpace(string(r.Body)), d.secrets, func() jwt.MapClaims { return jwt.MapClaims{} }, r.ReceivedAt)
	if err != nil {
		return err
	}
	var stamp scalar
	if raw, err := json.Marshal(claims["event_timestamp"]); err == nil {
		_ = stamp.UnmarshalJSON(raw) // what we marshalled ourselves can be read
	}
	ms, err := strconv.ParseFloat(string(stamp), 64)
	if err != nil {
		return fmt.Errorf("%w: its event_timestamp is no number", ErrSignature)
	}
	return checkStamp(strconv.FormatInt(int64(ms)/1000, 10), r.ReceivedAt, dialpadTolerance)
}

// Authorisation is the API key, for Dialpad's hosts.
func (d *dialpad) Authorisation(u *url.URL) string {
	if !isHost(u, "dialpad.com", ".dialpad.com") {
		return ""
	}
	return d.auth
}

// Normalise reads the event out of the token; a source that is insecure takes
// it bare, too.
func (d *dialpad) Normalise(r Request) (Delivery, error) {
	if mediaType := contentType(r.Header); r.Header.Get("Content-Type") != "" &&
		!slices.Contains([]string{contentTypeText, contentTypeJWT, contentTypeJSON}, mediaType) {
		return Delivery{}, unsupported(contentTypeJWT + " or " + contentTypeText)
	}
	payload, err := dialpadPayload(r.Body)
	if err != nil {
		return Delivery{}, err
	}
	e, err := decodeJSON[dialpadEvent](payload, "")
	switch {
	case err != nil:
		return Delivery{}, err
	case e.State == "":
		return Delivery{}, unusable("state", "is required")
	case e.State != stateRecording && e.State != "admin_recording":
		return ignored(eventName(string(e.State), "calling", "ringing", "connected", "hangup", "voicemail_uploaded"))
	case e.Details == nil:
		return Delivery{}, unusable("recording_details", "is required")
	}
	recs, err := e.recordings()
	return several(recs, err, 0, "only voicemail is in it")
}

// dialpadPayload is the payload of a compact token, whose signature was
// checked.
func dialpadPayload(body []byte) ([]byte, error) {
	text := strings.TrimSpace(string(body))
	if strings.HasPrefix(text, "{") {
		return []byte(text), nil
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, unparsable("the body is not a token")
	}
	raw, err := jwt.NewParser().DecodeSegment(parts[1])
	if err != nil {
		return nil, unparsable("the body is not a token")
	}
	return raw, nil
}

func (e dialpadEvent) recordings() (recs []events.Recording, faulty error) {
	for i, d := range e.Details {
		at := fmt.Sprintf("recording_details[%d]", i)
		if d.Type == "voicemail" {
			continue
		}
		if err := cmp.Or(checkID(at+".id", string(d.ID)), checkMediaURL(at+".url", string(d.URL))); err != nil {
			faulty = cmp.Or(faulty, err)
			continue
		}
		rec := events.Recording{
			Provider: dialpadName, ID: string(d.ID), MediaURL: string(d.URL), Direction: e.Direction.direction(),
			Agent: e.Target.is.Name.text(), StartedAt: d.Start.unix(time.Millisecond), Seconds: d.Duration.seconds(0.001),
			Labels: labelled("callId", e.CallID.text()),
		}
		if rec.StartedAt.IsZero() {
			rec.StartedAt = e.DateStarted.unix(time.Millisecond)
		}
		rec.From, rec.To = sides(rec.Direction, e.External.phone(), e.Internal.phone())
		recs = append(recs, rec)
	}
	return recs, faulty
}

// Compose makes the token of a recording event.
func (d *dialpad) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	theirs, ours := sides(o.Direction, o.From, o.To)
	detail := map[string]any{"id": o.ID, "recording_type": "callrecording", "duration": o.Seconds * 1000, "url": o.RecordingURL}
	if !o.StartedAt.IsZero() {
		detail["start_time"] = o.StartedAt.UnixMilli()
	}
	event := jwt.MapClaims{
		"state": stateRecording, "call_id": "trackerbell", "event_timestamp": now.UnixMilli(), "direction": o.Direction,
		"external_number": theirs, "internal_number": ours, "target": map[string]string{"name": o.Agent},
		"recording_details": []any{detail},
	}
	if len(d.secrets) == 0 {
		return composeJSON(u, now, event)
	}
	token, err := signHS256(event, d.secrets[len(d.secrets)-1])
	header := http.Header{"Content-Type": {contentTypeJWT}}
	return Request{Method: http.MethodPost, URL: u, Header: header, Body: []byte(token), ReceivedAt: now}, err
}
