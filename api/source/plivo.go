package source

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	plivoName        = "plivo"
	headerPlivo      = "X-Plivo-Signature-V3"
	headerPlivoMain  = "X-Plivo-Signature-Ma-V3" // of the main account
	headerPlivoNonce = "X-Plivo-Signature-V3-Nonce"
)

// plivo is Plivo Voice's recording callback, that of the Record element and that of
// the Record API (docs.plivo.com, "Record", "Start recording a call" and "Request
// validation"), and number masking's ("Session recording callback").
type plivo struct {
	tokens []string
	auth   string // of downloads; empty without credentials
}

var _ Provider = (*plivo)(nil)

func newPlivo(s setup) (Provider, error) {
	p := &plivo{}
	var err error
	if p.tokens, err = s.atLeast(minSecretBytes, "it is the account's auth token"); err != nil {
		return nil, err
	}
	p.auth, err = basicCredentials(s.credentials, "plivo takes username and password: the auth id and the auth token")
	return p, err
}

// Verify checks the V3 signatures, of which a header may hold several. They
// cover no time: replays are left to deduplication.
func (p *plivo) Verify(r Request) error {
	nonce := r.Header.Get(headerPlivoNonce)
	form, err := r.form()
	if nonce == "" || err != nil {
		return fmt.Errorf("%w: there is no nonce, or the body is not a form", ErrSignature)
	}
	given := strings.Split(r.Header.Get(headerPlivo)+","+r.Header.Get(headerPlivoMain), ",")
	for _, token := range p.tokens {
		want := signPlivo(token, r.URL, form, nonce)
		if slices.ContainsFunc(given, func(s string) bool { return hmac.Equal([]byte(strings.TrimSpace(s)), []byte(want)) }) {
			return nil
		}
	}
	return fmt.Errorf("%w: it fits no auth token; is server.publicURL the address that Plivo calls?", ErrSignature)
}

// signPlivo is the base64 HMAC-SHA256 of the URL with its query sorted, the
// sorted parameters, and the nonce.
func signPlivo(token string, u *url.URL, form url.Values, nonce string) string {
	bare := *u
	bare.RawQuery, bare.ForceQuery, bare.Fragment = "", false, ""
	query := sortedPairs(u.Query(), "=", "&")
	message := bare.String()
	switch {
	case query != "" && len(form) > 0:
		message += "?" + query + "."
	case query != "" || len(form) > 0:
		message += "?" + query
	}
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(message + sortedPairs(form, "", "") + "." + nonce))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// sortedPairs writes every value of every name, both sorted.
func sortedPairs(v url.Values, equals, and string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		for _, value := range slices.Sorted(slices.Values(v[name])) {
			pairs = append(pairs, name+equals+value)
		}
	}
	return strings.Join(pairs, and)
}

// Authorisation is Basic, for Plivo's hosts: an account may ask for it.
func (p *plivo) Authorisation(u *url.URL) string {
	if !isHost(u, ".plivo.com") {
		return ""
	}
	return p.auth
}

// plivoNames are what a kind of callback calls the same things.
type plivoNames struct{ id, url, call, start, milliseconds, seconds string }

func (n plivoNames) isIn(f url.Values) bool { return f.Get(n.id) != "" || f.Get(n.url) != "" }

// plivoKind gives the names of a finished recording's callback, or why there is
// none in the form.
func plivoKind(f url.Values) (names plivoNames, why string) {
	names = plivoNames{"RecordingID", "RecordUrl", "CallUUID", "RecordingStartMs", "RecordingDurationMs", "RecordingDuration"}
	ofAPI := plivoNames{"recording_id", "record_url", "call_uuid", "recording_start_ms", "recording_duration_ms", "recording_duration"}
	switch name := f.Get("EventName"); {
	case name == "SessionRecordingCompleted":
		names.id, names.url = "RecordingUUID", "RecordingURL"
		if f.Get(names.url) == "" && f.Get("RecordingResourceURL") != "" {
			names.url = "RecordingResourceURL" // the file, on the page that names no other
		}
	case name != "":
		return names, eventName(name, "SessionRecordingInitiated", "SessionRecordingFailed")
	case names.isIn(f):
	case ofAPI.isIn(f):
		return ofAPI, ""
	case f.Get(names.call) != "" || f.Get(ofAPI.call) != "":
		return names, "not a recording callback"
	}
	return names, ""
}

// Normalise reads the callback of a finished recording, or number masking's
// SessionRecordingCompleted.
func (p *plivo) Normalise(r Request) (Delivery, error) {
	if contentType(r.Header) != contentTypeForm {
		return Delivery{}, unsupported(contentTypeForm)
	}
	f, err := r.form()
	if err != nil {
		return Delivery{}, unparsable("the body is not a form")
	}
	names, why := plivoKind(f)
	if why != "" {
		return ignored(why)
	}
	rec := names.recording(f)
	if err := checkPlivoID(names.id, rec.ID); err != nil {
		return Delivery{}, err
	}
	return one(rec, 0), checkMediaURL(names.url, rec.MediaURL)
}

func (n plivoNames) recording(f url.Values) events.Recording {
	get := func(name string) scalar { return scalar(f.Get(name)) }
	rec := events.Recording{
		Provider: plivoName, ID: string(get(n.id)), MediaURL: string(get(n.url)),
		From: cmp.Or(get("From"), get("FirstParty")).phone(), To: cmp.Or(get("To"), get("SecondParty")).phone(),
		Direction: get("Direction").direction(),
		StartedAt: get(n.start).unix(time.Millisecond), Seconds: get(n.milliseconds).seconds(0.001),
		Labels: labelled("callUUID", get(n.call).text()),
	}
	if rec.Seconds == 0 {
		rec.Seconds = get(n.seconds).seconds(1)
	}
	return rec
}

// checkPlivoID also refuses an id with a name in it of those that come after it where
// the parameters are sorted. Names and values are signed without anything between
// them: it has taken in what followed, and would make one recording another. Plivo's
// own ids are UUIDs.
func checkPlivoID(field, id string) error {
	for _, later := range []string{
		"Recording", "recording_", "RequestUUID", "SecondParty", "SequenceNumber", "SessionStart", "SessionUUID", "To", "VirtualNumber", "X-PH-",
	} {
		if strings.Contains(id, later) {
			return unusable(field, "is not an id")
		}
	}
	return checkID(field, id)
}

// Compose makes a signed form.
func (p *plivo) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	form := url.Values{
		"RecordUrl": {o.RecordingURL}, "RecordingID": {o.ID}, "CallUUID": {"trackerbell"},
		"RecordingDuration":   {strconv.Itoa(int(o.Seconds))},
		"RecordingDurationMs": {strconv.Itoa(int(o.Seconds * 1000))},
	}
	for name, value := range map[string]string{"From": o.From, "To": o.To, "Direction": o.Direction} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if !o.StartedAt.IsZero() {
		form.Set("RecordingStartMs", strconv.FormatInt(o.StartedAt.UnixMilli(), 10))
	}
	header := http.Header{"Content-Type": {contentTypeForm}}
	if len(p.tokens) > 0 {
		nonce := rand.Text()
		header.Set(headerPlivoNonce, nonce)
		header.Set(headerPlivo, signPlivo(p.tokens[len(p.tokens)-1], u, form, nonce))
	}
	return Request{Method: http.MethodPost, URL: u, Header: header, Body: []byte(form.Encode()), ReceivedAt: now}, nil
}
