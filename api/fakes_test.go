package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

var (
	_ api.Intake = (*events.Service)(nil)
	_ api.Store  = (*events.Service)(nil)
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// provider is a source.Provider of functions; a nil one accepts.
type provider struct {
	verify    func(source.Request) error
	normalise func(source.Request) (source.Delivery, error)
}

func (p *provider) Verify(r source.Request) error {
	if p.verify == nil {
		return nil
	}
	return p.verify(r)
}

func (p *provider) Normalise(r source.Request) (source.Delivery, error) {
	if p.normalise == nil {
		return source.Delivery{Recordings: []events.Recording{{ID: "RE1"}}}, nil
	}
	return p.normalise(r)
}

func (p *provider) Authorisation(*url.URL) string { return "" }

func (p *provider) Compose(source.Outline, *url.URL, time.Time) (source.Request, error) {
	return source.Request{}, nil
}

// intake is an api.Intake of functions; a nil one accepts.
type intake struct {
	accept     func(context.Context, events.Recording) (bool, error)
	callbackOf func(string) (string, int, error)
	wake       func(context.Context, events.Wake) error

	known, full bool

	mu        sync.Mutex // of what uploads add, which may come at a time
	spooled   []string
	discarded int
}

func (i *intake) Accept(ctx context.Context, r events.Recording) (bool, error) {
	if i.accept == nil {
		return false, nil
	}
	return i.accept(ctx, r)
}

func (i *intake) CallbackOf(token string) (string, int, error) {
	switch {
	case i.callbackOf != nil:
		return i.callbackOf(token)
	case token != callbackToken:
		return "", 0, events.ErrNotFound
	}
	return "calls.RE1", 0, nil
}

func (i *intake) Known(context.Context, string) (bool, error) { return i.known, nil }

func (i *intake) Spool(_ context.Context, key string, r io.Reader) (events.Spooled, error) {
	if i.full {
		return events.Spooled{}, events.ErrUnavailable
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return events.Spooled{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.spooled = append(i.spooled, string(raw))
	return events.Spooled{Name: key, Parts: 1, Bytes: int64(len(raw))}, nil
}

func (i *intake) Discard(context.Context, events.Spooled) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.discarded++
}

func (i *intake) Wake(ctx context.Context, w events.Wake) error {
	if i.wake == nil {
		return nil
	}
	return i.wake(ctx, w)
}

const (
	callbackToken = "Y2FsbHMuUkUx.c2lnbmF0dXJl"
	maxBody       = 1000
	maxMedia      = 2000
)

// public is a public server with one source, "calls".
type public struct {
	http.Handler
	server   *api.Public
	provider *provider
	intake   *intake
	registry *prometheus.Registry
	logs     *observer.ObservedLogs
}

func newPublic(t *testing.T, change ...func(*api.PublicConfig, *config.Source)) *public {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	p := &public{provider: &provider{}, intake: &intake{}, registry: prometheus.NewRegistry(), logs: logs}
	cfg := api.PublicConfig{MaxBody: maxBody, MaxMedia: maxMedia}
	src := config.Source{Name: "calls", Provider: "generic"}
	for _, f := range change {
		f(&cfg, &src)
	}
	h, err := api.NewPublic(cfg, api.PublicDeps{
		Sources: map[string]api.Source{"calls": {Provider: p.provider, Config: src}},
		Intake:  p.intake, Registry: p.registry, Log: zap.New(core),
	})
	require.NoError(t, err)
	p.Handler, p.server = h, h
	return p
}

// logged is everything that was logged, as text.
func logged(t *testing.T, logs *observer.ObservedLogs) string {
	t.Helper()
	enc := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	var all strings.Builder
	for _, line := range logs.All() {
		buf, err := enc.EncodeEntry(line.Entry, line.Context)
		require.NoError(t, err)
		all.WriteString(buf.String())
	}
	return all.String()
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func post(h http.Handler, target, body string) *httptest.ResponseRecorder {
	return do(h, httptest.NewRequest(http.MethodPost, target, strings.NewReader(body)))
}

// requireProblem checks that an answer is a problem document and nothing else.
func requireProblem(t *testing.T, w *httptest.ResponseRecorder, body string) {
	t.Helper()
	require.Equal(t, api.ProblemType, w.Header().Get("Content-Type"))
	require.JSONEq(t, body, w.Body.String())
}

// pages is what only the console asks for; its own tests are in api/console.
type pages struct {
	console.Store
	deeds      []events.Deed
	transcript events.Transcript
}

func (p pages) Transcript(context.Context, string) (events.Transcript, error) {
	return p.transcript, nil
}

func (pages) Explain(notify.Call, []notify.Tracker) notify.Explanation {
	return notify.Explanation{Trackers: []notify.TrackerExplanation{{
		Tracker: "Sale", Routes: []notify.RouteExplanation{{Why: []string{`the label desk is "+14155550188", not "a"`}}, {Route: 1, Matches: true}}, Destinations: []string{"#a"},
	}}}
}

func (pages) Recent(context.Context, int) ([]events.Spoken, error) {
	return []events.Spoken{{Key: "calls.RE1", ReceivedAt: time.Now(), Lines: []events.Line{{Text: "we run a sale"}, {Text: "a discount"}}}}, nil
}

// account is one with a single tracker, which finds its phrases as they stand.
type account struct{ console.Trackers }

func (account) List(context.Context) ([]symbl.Tracker, error) {
	return []symbl.Tracker{{ID: "T1", Name: "Sale", Vocabulary: []string{"a discount"}}}, nil
}

func (account) Check(t symbl.Tracker) error {
	if len(t.Vocabulary) == 0 {
		return errors.New(`"vocabulary" must contain 1 to 200 phrases`)
	}
	return nil
}

func (account) Match(t symbl.Tracker, texts []string) (hits []console.Hit) {
	for i, text := range texts {
		for _, phrase := range t.Vocabulary {
			if at := strings.Index(text, phrase); at >= 0 {
				hits = append(hits, console.Hit{Text: i, Quote: notify.Quote{Text: text, Phrase: phrase, Offset: at}})
			}
		}
	}
	return hits
}

func (pages) Listen(context.Context, string, string) (*events.Sound, error) {
	return &events.Sound{Body: io.NopCloser(strings.NewReader("RIFF")), Status: http.StatusOK, Type: "audio/wav", Length: 4}, nil
}

func (pages) Walk(_ context.Context, _ uint64, visit func(*events.Glance) bool) error {
	now := time.Now()
	visit(&events.Glance{
		Key: "calls.RE1", Source: "calls", Call: events.GlanceCall{Agent: "+14155550188"}, ReceivedAt: now, Trackers: []string{"Sale"},
		Alerts: []events.GlanceAlert{{Trackers: []string{"Sale"}, PostedAt: now, Feedback: []notify.Feedback{{}}}, {Held: "cap"}},
	})
	return nil
}

func (pages) StepBacklogs(context.Context) ([]events.StepBacklog, error) {
	return []events.StepBacklog{{Step: events.StepSubmit, Pending: 3, Waiting: 2, Oldest: 1500 * time.Millisecond}}, nil
}

func (pages) RouteAgain(context.Context, string) error { return nil }

func (p pages) Deeds(context.Context, uint64, int) (events.DeedPage, error) {
	return events.DeedPage{Deeds: p.deeds}, nil
}

func (pages) SourceNames() []string { return nil }

func (pages) DeadCount(context.Context) (int, error) { return 0, nil }

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	return do(h, request(http.MethodGet, target, ""))
}
