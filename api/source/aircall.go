package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	aircallName    = "aircall"
	aircallAPI     = "https://api.aircall.io/v1/calls/"
	aircallEnded   = "call.ended"
	minShortSecret = 10
)

// aircall is Aircall's call.ended event, which carries the recording
// (developer.aircall.io, "Webhooks").
type aircall struct {
	tokens []string
	auth   string // of the API; empty without credentials
}

var (
	_ Provider = (*aircall)(nil)
	_ Locator  = (*aircall)(nil)
)

func newAircall(s setup) (Provider, error) {
	a := &aircall{}
	var err error
	if a.tokens, err = s.atLeast(minShortSecret, "it is the token that Aircall gave with the webhook"); err != nil {
		return nil, err
	}
	a.auth, err = basicCredentials(s.credentials, "aircall takes username and password: the API id and the API token")
	return a, err
}

// Verify compares the token in the body: Aircall signs nothing. The token goes
// no further than this.
func (a *aircall) Verify(r Request) error {
	var envelope struct {
		Token scalar `json:"token"`
	}
	if json.Unmarshal(r.Body, &envelope) != nil || envelope.Token == "" {
		return fmt.Errorf("%w: the body holds no token", ErrSignature)
	}
	for _, token := range a.tokens {
		if equal(string(envelope.Token), token) {
			return nil
		}
	}
	return fmt.Errorf("%w: the token is not the webhook's", ErrSignature)
}

// Authorisation is none: the URLs of recordings are signed.
func (a *aircall) Authorisation(*url.URL) string { return "" }

func (a *aircall) apiKey(u *url.URL) string {
	if !isHost(u, "api.aircall.io") {
		return ""
	}
	return a.auth
}

// Locate gives the event's URL, and a fresh one when that has expired. The
// recording is private, since Symbl may be slower than the URL lasts.
func (a *aircall) Locate(ctx context.Context, r events.Recording, renew bool, web Client) (events.Media, error) {
	m := events.Media{URL: r.MediaURL, Private: true, Renewable: a.auth != "" && !renew}
	if !renew || a.auth == "" {
		return m, nil
	}
	answer, err := getJSON[struct {
		Call aircallCall `json:"call"`
	}](ctx, web, aircallAPI+url.PathEscape(r.ID), a.apiKey, "Aircall's calls API")
	if err != nil {
		return m, err
	}
	if m.URL = string(answer.Call.Recording); m.URL == "" {
		return m, fmt.Errorf("%w: Aircall gives no URL for it", events.ErrNoMedia)
	}
	return m, nil
}

type aircallEvent struct {
	Event scalar          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

type aircallCall struct {
	ID        scalar `json:"id"`
	Direction scalar `json:"direction"`
	StartedAt scalar `json:"started_at"` // Unix seconds
	Duration  scalar `json:"duration"`   // seconds
	RawDigits scalar `json:"raw_digits"` // of the other party
	Recording link   `json:"recording"`
	Number    maybe[struct {
		Digits scalar `json:"digits"`
	}] `json:"number"`
	User named `json:"user"`
}

// link is a URL, alone or as the url of an object: samples disagree.
type link string

// UnmarshalJSON takes any JSON value; what is no link is empty.
func (l *link) UnmarshalJSON(raw []byte) error {
	var text scalar
	var object maybe[struct {
		URL scalar `json:"url"`
	}]
	if err := text.UnmarshalJSON(raw); err != nil {
		return err
	}
	if *l = link(text); text != "" {
		return nil
	}
	err := object.UnmarshalJSON(raw)
	*l = link(object.is.URL)
	return err
}

// Normalise reads a call.ended. It has no recording where nobody answered.
func (a *aircall) Normalise(r Request) (Delivery, error) {
	if contentType(r.Header) != contentTypeJSON {
		return Delivery{}, unsupported(contentTypeJSON)
	}
	e, err := decodeJSON[aircallEvent](r.Body, "")
	switch {
	case err != nil:
		return Delivery{}, err
	case e.Event == "":
		return Delivery{}, unusable("event", "is required")
	case e.Event != aircallEnded:
		return ignored(eventName(string(e.Event), "call.created", "call.ringing_on_agent", "call.answered", "call.hungup"))
	}
	call, err := decodeJSON[aircallCall](orNull(e.Data), "data")
	if err != nil {
		return Delivery{}, err
	}
	if err := checkID("data.id", string(call.ID)); err != nil {
		return Delivery{}, err
	}
	if call.Recording == "" {
		return ignored("the call was not recorded")
	}
	rec := events.Recording{
		Provider: aircallName, ID: string(call.ID), MediaURL: string(call.Recording),
		Direction: call.Direction.direction(), Agent: call.User.is.Name.text(),
		StartedAt: call.StartedAt.unix(time.Second), Seconds: call.Duration.seconds(1),
	}
	rec.From, rec.To = sides(rec.Direction, call.RawDigits.phone(), call.Number.is.Digits.phone())
	return one(rec, 0), checkMediaURL("data.recording", rec.MediaURL)
}

// Compose makes a call.ended with the newest token in it.
func (a *aircall) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	theirs, ours := sides(o.Direction, o.From, o.To)
	call := map[string]any{
		"id": o.ID, "direction": o.Direction, "status": "done", "duration": o.Seconds,
		"raw_digits": theirs, "number": map[string]string{"digits": ours},
		"user": map[string]string{"name": o.Agent}, "recording": o.RecordingURL,
	}
	if n, err := strconv.ParseInt(o.ID, 10, 64); err == nil {
		call["id"] = n
	}
	if !o.StartedAt.IsZero() {
		call["started_at"] = o.StartedAt.Unix()
	}
	body := map[string]any{"resource": "call", "event": aircallEnded, "timestamp": now.Unix(), "data": call}
	if len(a.tokens) > 0 {
		body["token"] = a.tokens[len(a.tokens)-1]
	}
	return composeJSON(u, now, body)
}
