package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// spans is an OTLP collector that keeps the names of spans by trace.
type spans struct {
	mu     sync.Mutex
	traces map[string][]string
	bodies strings.Builder
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var export collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &export) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.bodies.Write(body)
	for _, of := range export.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.traces[string(span.GetTraceId())] = append(s.traces[string(span.GetTraceId())], span.GetName())
			}
		}
	}
}

// drop forgets the spans of that name.
func (s *spans) drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, names := range s.traces {
		s.traces[id] = slices.DeleteFunc(names, func(n string) bool { return n == name })
	}
}

// has tells whether one trace has all of the names.
func (s *spans) has(names ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, trace := range s.traces {
		if !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(trace, name) }) {
			return true
		}
	}
	return false
}

// TestEndToEndATraceGoesOnAfterARestart keeps Slack away until the service has been
// started anew.
func TestEndToEndATraceGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	got := &spans{traces: map[string][]string{}}
	collector := httptest.NewServer(got)
	t.Cleanup(collector.Close)
	slack := slacktest.New(t, slacktest.WithAnyChannel())
	slack.Fail(func(string, string) *slacktest.Fault {
		return &slacktest.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Second}
	})
	s := newService(t, `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", defaultChannel: "#alerts"}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}"}]
trackers: ${DIR}/trackers.yaml
tracing: {endpoint: "${COLLECTOR}"}
`, "SECRET_STANDARD", standardSecret, "COLLECTOR", collector.URL, "SLACK", slack.URL, "SECRET_SLACK", slacktest.DefaultToken)
	s.write("trackers.yaml", testTrackers)
	before := s.start()
	key := s.accept("calls", hook{ID: "traced", Transcript: []said{{"Anna", saleQuote, 1, 2}}})
	s.waitStage(key, events.StageProcessed)
	before.stop()
	got.drop("process notify_alerts") // what comes of it now is the other process's
	slack.Fail(func(string, string) *slacktest.Fault { return nil })
	after := s.start()
	s.waitStage(key, events.StageDone)
	after.stop()
	require.Eventually(t, func() bool {
		return got.has("POST /webhooks/:source", "process submit", "process await", "process route", "process notify_alerts")
	}, soon, tick, "one trace, of two processes")
}

func TestEndToEndACallIsOneTrace(t *testing.T) {
	t.Parallel()
	got := &spans{traces: map[string][]string{}}
	collector := httptest.NewServer(got)
	t.Cleanup(collector.Close)
	s := newService(t, `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}"}]
trackers: ${DIR}/trackers.yaml
tracing: {endpoint: "${COLLECTOR}"}
`, "SECRET_STANDARD", standardSecret, "COLLECTOR", collector.URL)
	s.write("trackers.yaml", testTrackers)
	p := s.start()
	key := s.accept("calls", hook{ID: "traced", Transcript: []said{{"Anna", saleQuote, 1, 2}}})
	s.waitStage(key, events.StageDone)
	p.stop()
	require.Eventually(t, func() bool {
		return got.has("POST /webhooks/:source", "process submit", "process await", "process route", "process notify_call-alerts")
	}, soon, tick, "what is left is sent at the end")
	got.mu.Lock()
	defer got.mu.Unlock()
	require.Contains(t, got.bodies.String(), key)
	require.NotContains(t, got.bodies.String(), saleQuote)
	require.NotContains(t, got.bodies.String(), "Anna")
}
