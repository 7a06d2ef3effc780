package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
)

func TestEndToEndEveryFormOfTheGenericSourceIsAccepted(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	event := func(id, contentType string, data any) []byte {
		body, err := json.Marshal(map[string]any{
			"specversion": "1.0", "type": "com.example.whatever", "source": "/pbx", "id": "e-" + id,
			"datacontenttype": contentType, "data": data,
		})
		require.NoError(t, err)
		return body
	}
	asEvent := func(h http.Header) http.Header {
		return with(h, "Content-Type", "application/cloudevents+json; charset=utf-8")
	}
	wrapped := event("ce", "application/json", quietCall("cloud-event"))
	plain := quietCall("plain").json(t)
	cases := map[string]struct {
		source, key string
		body        []byte
		header      http.Header
	}{
		"Standard Webhooks": {"calls", "calls.standard", quietCall("standard").json(t), standard(quietCall("standard").json(t), time.Now())},
		"X-Signature-256":   {"pbx", "pbx.plain", plain, signature256(plainSecret, plain)},
		"X-Signature-256 with the old secret": {"pbx", "pbx.old", quietCall("old").json(t),
			signature256("an-old-secret-of-the-pbx", quietCall("old").json(t))},
		"bearer":                    {"pbx", "pbx.bearer", quietCall("bearer").json(t), with(bearer(plainSecret), "Content-Type", "application/json")},
		"CloudEvent":                {"calls", "calls.cloud-event", wrapped, asEvent(standard(wrapped, time.Now()))},
		"CloudEvent with a bearer":  {"pbx", "pbx.cloud-event", wrapped, asEvent(bearer(plainSecret))},
		"an id that needs escaping": {"calls", events.Key("calls", "a/b .*>"), quietCall("a/b .*>").json(t), standard(quietCall("a/b .*>").json(t), time.Now())},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, duplicate := range []bool{false, true} {
				a := s.do(http.MethodPost, s.public+"/webhooks/"+c.source, c.body, c.header)
				require.Equal(t, http.StatusAccepted, a.status, "%s", a.body)
				var got map[string]any
				a.decode(t, &got)
				require.Equal(t, map[string]any{"recording": c.key, "duplicate": duplicate}, got)
			}
			s.waitStage(c.key, events.StageDone)
		})
	}
}

func TestEndToEndWhatIsNoGoodWebhookIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	signed := func(body string) (b []byte, h http.Header) { return []byte(body), standard([]byte(body), time.Now()) }
	cases := map[string]struct {
		path   string
		body   string
		change func(http.Header)
		status int
		field  string
	}{
		"unknown source":       {"nobody", `{"id":"a"}`, nil, 404, ""},
		"no such path":         {"calls/more", `{"id":"a"}`, nil, 404, ""},
		"no signature":         {"calls", `{"id":"a"}`, func(h http.Header) { h.Del("webhook-signature") }, 401, ""},
		"wrong signature":      {"calls", `{"id":"a"}`, func(h http.Header) { h.Set("webhook-signature", "v1,AAAA") }, 401, ""},
		"stale signature":      {"calls", `{"id":"a"}`, func(h http.Header) { h.Set("webhook-timestamp", "1700000000") }, 401, ""},
		"another source's":     {"pbx", `{"id":"a"}`, nil, 401, ""},
		"too large":            {"calls", `{"id":"` + strings.Repeat("a", 16<<10) + `"}`, nil, 413, ""},
		"another content type": {"calls", `{"id":"a"}`, func(h http.Header) { h.Set("Content-Type", "text/plain") }, 415, ""},
		"no content type":      {"calls", `{"id":"a"}`, func(h http.Header) { h.Del("Content-Type") }, 415, ""},
		"no JSON":              {"calls", `{"id":`, nil, 400, ""},
		"no id":                {"calls", `{"transcript":[{"text":"a"}]}`, nil, 422, "id"},
		"nothing recorded":     {"calls", `{"id":"a"}`, nil, 422, "recordingUrl"},
		"a file as the URL":    {"calls", `{"id":"a","recordingUrl":"file:///etc/passwd"}`, nil, 422, "recordingUrl"},
		"no direction":         {"calls", `{"id":"a","transcript":[{"text":"a"}],"direction":"sideways"}`, nil, 422, "direction"},
		"three channels":       {"calls", `{"id":"a","recordingUrl":"https://a.example/b","channels":3}`, nil, 422, "channels"},
		"no time":              {"calls", `{"id":"a","transcript":[{"text":"a"}],"startedAt":"yesterday"}`, nil, 422, "startedAt"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			body, header := signed(c.body)
			if c.change != nil {
				c.change(header)
			}
			requireProblem(t, s.do(http.MethodPost, s.public+"/webhooks/"+c.path, body, header), c.status, c.field)
		})
	}
	a := s.do(http.MethodGet, s.public+"/webhooks/calls", nil, nil)
	requireProblem(t, a, http.StatusMethodNotAllowed, "")
	requireProblem(t, s.do(http.MethodPost, s.public+"/callbacks/symbl/forged.token", []byte(`{}`), nil), http.StatusNotFound, "")
	require.Equal(t, http.StatusNotFound, s.status(s.public+"/api/recordings"), "the public listener has no admin API")
	require.Equal(t, http.StatusNotFound, s.status(s.public+"/metrics"))
	require.Empty(t, s.recordings("10"), "nothing of it is a recording")
}

func TestEndToEndTwilioIsIgnoredUntilTheRecordingIsFinished(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	const path, called = "/webhooks/phone?region=emea", "https://calls.example.com/tb/webhooks/phone?region=emea"
	form := twilioForm("RE1", "https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE1")
	for _, status := range []string{"in-progress", "absent", "failed"} {
		other := maps.Clone(form)
		other["RecordingStatus"] = []string{status}
		a := s.sendTwilio(path, called, other)
		require.Equal(t, http.StatusOK, a.status, "%s", a.body)
		require.JSONEq(t, `{"ignored":"status `+status+`"}`, string(a.body))
	}
	requireProblem(t, s.sendTwilio(path, strings.Replace(called, "emea", "apac", 1), form), http.StatusUnauthorized, "")
	requireProblem(t, s.sendTwilio(path, called, url.Values{"RecordingStatus": {"completed"}}), http.StatusUnprocessableEntity, "RecordingSid")
	require.Empty(t, s.recordings("10"))
}

func TestEndToEndAFullStoreAnswers503AndDrains(t *testing.T) {
	t.Parallel()
	s := newService(t, strings.Replace(consoleConfig, "sync: interval", "sync: interval, maxBytes: 1MiB", 1))
	s.write("trackers.yaml", testTrackers)
	s.start()
	large := strings.Repeat("We talked about this and that. ", 1000)
	call := func(i int64) []byte {
		h := hook{ID: fmt.Sprintf("n%d", i), Transcript: []said{{"Caller", large, 0, 600}, {"Anna", saleQuote, 600, 603}}}
		return h.json(t)
	}
	var last atomic.Int64
	keys, refused := make(chan string, 10_000), make(chan answer, 16)
	var senders sync.WaitGroup
	for range cap(refused) { // more than the stages keep up with
		senders.Go(func() {
			for i := last.Add(1); i < int64(cap(keys)); i = last.Add(1) {
				body := call(i)
				a, err := s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now()))
				if err != nil || a.status != http.StatusAccepted {
					refused <- a
					return
				}
				keys <- fmt.Sprintf("calls.n%d", i)
			}
		})
	}
	senders.Wait()
	close(keys)
	var accepted []string
	for key := range keys {
		accepted = append(accepted, key)
	}
	full := <-refused
	requireProblem(t, full, http.StatusServiceUnavailable, "")
	require.NotEmpty(t, full.header.Get("Retry-After"))
	require.Greater(t, len(accepted), 20, "it is refused long before it is full")
	for _, key := range accepted {
		s.waitStage(key, events.StageDone)
	}
	known := map[string]bool{}
	for _, r := range s.recordings("7") {
		known[r.Key] = true
	}
	// What was answered 503 because its ack came too late may be there, too.
	require.Subset(t, slices.Collect(maps.Keys(known)), accepted)
	s.offer(saleCall("after")) // there is room again
	s.waitStage("calls.after", events.StageDone)
}
