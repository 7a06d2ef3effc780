package source

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with HMAC-SHA1
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
)

const (
	twilioName      = "twilio"
	headerTwilio    = "X-Twilio-Signature"
	paramBodySHA256 = "bodySHA256"
	twilioDomain    = ".twilio.com"
	portHTTPS       = "443"
)

// twilio is Twilio Voice's recordingStatusCallback
// (twilio.com/docs/voice/api/recording, .../usage/webhooks/webhooks-security).
type twilio struct {
	tokens             []string // auth tokens, the newest last
	username, password string   // of media downloads
}

var _ Provider = (*twilio)(nil)

func newTwilio(s setup) (Provider, error) {
	t := &twilio{username: s.credentials.Username, password: s.credentials.Password}
	switch {
	case (t.username == "") != (t.password == ""):
		return nil, errors.New("credentials: username and password must be set together")
	case s.credentials.Token != "":
		return nil, errors.New("credentials.token: twilio takes username and password: an API key and its secret, or the account's SID and auth token")
	}
	for _, secret := range s.secrets {
		if len(secret.value) < minSecretBytes {
			return nil, fmt.Errorf("%s: must have at least %d bytes: it is the account's primary auth token", secret.key, minSecretBytes)
		}
		t.tokens = append(t.tokens, secret.value)
	}
	return t, nil
}

// Verify checks the signature over the URL and the form's parameters, or over
// the URL with the body's digest in it. It covers no time: replays are left to
// deduplication.
func (t *twilio) Verify(r Request) error {
	signature := r.Header.Get(headerTwilio)
	if signature == "" {
		return fmt.Errorf("%w: %s is missing", ErrSignature, headerTwilio)
	}
	address := r.URL.String()
	for _, token := range t.tokens {
		validator := client.NewRequestValidator(token)
		if validator.ValidateBody(address, r.Body, signature) {
			return nil
		}
	}
	return fmt.Errorf("%w: it fits no auth token; is server.publicURL the address that Twilio calls?", ErrSignature)
}

// Authorisation is Basic for Twilio's own hosts over https, and empty for any
// other: a recording may be in the customer's bucket, and a webhook may lie.
func (t *twilio) Authorisation(u *url.URL) string {
	if t.username == "" || u.Scheme != "https" || u.User != nil || !isTwilioHost(u) {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(t.username+":"+t.password))
}

// isTwilioHost tells api.twilio.com and api.<edge>.<region>.twilio.com on 443.
func isTwilioHost(u *url.URL) bool {
	if port := u.Port(); port != "" && port != portHTTPS {
		return false
	}
	front, found := strings.CutSuffix(strings.ToLower(u.Hostname()), twilioDomain)
	labels := strings.Split(front, ".")
	return found && labels[0] == "api" && (len(labels) == 1 || len(labels) == 3) && !slices.Contains(labels, "")
}

// Compose makes a signed form. Twilio sends recordings only, and no agent.
func (t *twilio) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if len(o.Transcript) > 0 {
		return Request{}, errors.New("twilio sends recordings only, no transcripts")
	}
	if err := o.check(); err != nil {
		return Request{}, err
	}
	form := url.Values{
		"RecordingSid":      {o.ID},
		"RecordingUrl":      {o.RecordingURL},
		"RecordingStatus":   {statusCompleted},
		"RecordingDuration": {strconv.Itoa(int(o.Seconds))},
		"RecordingChannels": {"1"},
		"RecordingSource":   {"OutboundAPI"},
	}
	for name, value := range map[string]string{"From": o.From, "To": o.To, "Direction": o.Direction} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if !o.StartedAt.IsZero() {
		form.Set("RecordingStartTime", o.StartedAt.Format(time.RFC1123Z))
	}
	header := http.Header{"Content-Type": {contentTypeForm}}
	if len(t.tokens) > 0 {
		header.Set(headerTwilio, signTwilio(t.tokens[len(t.tokens)-1], u, form))
	}
	return Request{Method: http.MethodPost, URL: u, Header: header, Body: []byte(form.Encode()), ReceivedAt: now}, nil
}

// signTwilio is the base64 HMAC-SHA1 of the URL and the sorted parameters.
func signTwilio(token string, u *url.URL, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(u.String()))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
