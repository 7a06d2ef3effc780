package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The secrets of the sources in these tests. The signatures are computed here
// after the documents of their schemes, with nothing of package source.
const (
	standardSecret = "whsec_dHJhY2tlcmJlbGwtdGVzdC1zZWNyZXQtMDEyMzQ1" // base64 of standardKey
	standardKey    = "trackerbell-test-secret-012345"
	plainSecret    = "a-plain-secret-of-the-pbx"
	twilioSecret   = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

// said is one turn of a call.
type said struct {
	Speaker string  `json:"speaker"`
	Text    string  `json:"text"`
	Start   float64 `json:"start"`
	End     float64 `json:"end"`
}

// hook is the body of a generic webhook.
type hook struct {
	ID           string            `json:"id,omitempty"`
	RecordingURL string            `json:"recordingUrl,omitempty"`
	Transcript   []said            `json:"transcript,omitempty"`
	From         string            `json:"from,omitempty"`
	To           string            `json:"to,omitempty"`
	Direction    string            `json:"direction,omitempty"`
	StartedAt    string            `json:"startedAt,omitempty"`
	Seconds      float64           `json:"durationSeconds,omitempty"`
	Agent        string            `json:"agent,omitempty"`
	Channels     int               `json:"channels,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
}

const (
	callerNumber = "+14155550137"
	calledNumber = "+18005550199"
	saleQuote    = "Good news, we have a sale right now on all our plans."
)

// saleCall mentions a promotion, exactly and at 0:13 of the call.
func saleCall(id string) hook {
	return hook{
		ID: id, From: callerNumber, To: calledNumber, Direction: "inbound", StartedAt: "2026-11-23T20:00:00Z",
		Seconds: 21, Agent: "Anna",
		Transcript: []said{
			{"Caller", "Hello, what does the plan cost?", 2, 5},
			{"Anna (agent)", saleQuote, 13.4, 18},
			{"Caller", "Then I take it.", 18.5, 20},
		},
	}
}

// leavingCall mentions a cancellation.
func leavingCall(id string) hook {
	return hook{ID: id, Transcript: []said{{"Caller", "I want to cancel my account, please.", 0, 3}}}
}

// quietCall mentions nothing.
func quietCall(id string) hook {
	return hook{ID: id, Transcript: []said{{"Caller", "What time do you open?", 0, 3}}}
}

// testTrackers is what the services in these tests look for.
const testTrackers = `
- name: Promotion Mention
  vocabulary: [We have a sale right now on, run sale]
- name: Cancellation
  vocabulary: [cancel my account]
`

func (h hook) json(t *testing.T) []byte {
	t.Helper()
	body, err := json.Marshal(h)
	require.NoError(t, err)
	return body
}

// standard signs a body per Standard Webhooks (standardwebhooks.com).
func standard(body []byte, at time.Time) http.Header {
	id, stamp := "msg_"+hex.EncodeToString(sum(body)[:6]), fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(standardKey))
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {stamp},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
}

func sum(body []byte) []byte {
	digest := sha256.Sum256(body)
	return digest[:]
}

// signature256 signs a body with X-Signature-256.
func signature256(secret string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return http.Header{
		"Content-Type": {"application/json"}, "X-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}
}

// with is a copy of a header with one more field.
func with(h http.Header, name, value string) http.Header {
	h = maps.Clone(h)
	h[name] = []string{value}
	return h
}

// twilioHeader signs a form as Twilio does for the URL that it calls
// (twilio.com/docs/usage/webhooks/webhooks-security).
func twilioHeader(address string, form url.Values) http.Header {
	message := address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		message += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(twilioSecret))
	mac.Write([]byte(message))
	return http.Header{
		"Content-Type":       {"application/x-www-form-urlencoded; charset=UTF-8"},
		"X-Twilio-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
}

// twilioForm is a recording status callback of a finished recording.
func twilioForm(sid, recordingURL string) url.Values {
	return url.Values{
		"AccountSid": {"AC00000000000000000000000000000001"}, "CallSid": {"CA00000000000000000000000000000001"},
		"RecordingSid": {sid}, "RecordingUrl": {recordingURL}, "RecordingStatus": {"completed"},
		"RecordingDuration": {"21"}, "RecordingChannels": {"1"}, "RecordingSource": {"DialVerb"},
	}
}

// sendStandard posts a call to the generic source of that name, whose secret
// is standardSecret.
func (s *service) sendStandard(source string, h hook) answer {
	s.t.Helper()
	body := h.json(s.t)
	return s.do(http.MethodPost, s.public+"/webhooks/"+source, body, standard(body, time.Now()))
}

// accept posts a call that must be accepted as a new one, and gives its key.
func (s *service) accept(source string, h hook) string {
	s.t.Helper()
	a := s.sendStandard(source, h)
	require.Equal(s.t, http.StatusAccepted, a.status, "%s", a.body)
	require.JSONEq(s.t, fmt.Sprintf(`{"recording":%q,"duplicate":false}`, source+"."+h.ID), string(a.body))
	return source + "." + h.ID
}

// sendTwilio posts a form to a twilio source; signedFor is the URL that the
// signature is computed over.
func (s *service) sendTwilio(path, signedFor string, form url.Values) answer {
	s.t.Helper()
	return s.do(http.MethodPost, s.public+path, []byte(form.Encode()), twilioHeader(signedFor, form))
}

// requireProblem checks an RFC 9457 answer; field is empty where none is at
// fault.
func requireProblem(t *testing.T, a answer, status int, field string) {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.Equal(t, "application/problem+json", strings.Split(a.header.Get("Content-Type"), ";")[0])
	var p struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Field  string `json:"field"`
	}
	a.decode(t, &p)
	require.Equal(t, status, p.Status)
	require.Equal(t, http.StatusText(status), p.Title)
	require.Equal(t, field, p.Field)
}
