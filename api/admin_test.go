package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

// store is an api.Store of functions; a nil one finds and does nothing.
type store struct {
	entry           func(string) (events.Entry, error)
	entries         func(cursor uint64, limit int) (events.Page, error)
	replayRecording func(string) error
	found           func(string) (events.Processed, error)
	feedback        func() ([]events.PhraseFeedback, error)
	forget          func(string) (events.Forgotten, error)
	addSilence      func(events.Silence) (events.Silence, error)
	dropSilence     func(string) error
	deadLetters     func(cursor uint64, limit int) (events.DeadPage, error)
	deadLetter      func(uint64) (events.DeadLetter, error)
	replayDead      func(uint64) error
	dropDead        func(uint64) error
	readiness       func(context.Context) error
	life            func() error

	pages
}

func (s *store) Audit(_ context.Context, d events.Deed) error {
	s.deeds = append(s.deeds, d)
	return nil
}

func (s *store) Entry(_ context.Context, key string) (events.Entry, error) {
	if s.entry == nil {
		return events.Entry{Key: key}, nil
	}
	return s.entry(key)
}

func (s *store) Search(_ context.Context, _ events.Search, cursor uint64, limit int) (events.SearchPage, error) {
	if s.entries == nil {
		return events.SearchPage{}, nil
	}
	page, err := s.entries(cursor, limit)
	return events.SearchPage{Page: page}, err
}

func (s *store) Story(ctx context.Context, key string) (events.Story, error) {
	e, err := s.Entry(ctx, key)
	rec := events.Recording{Key: key, MediaURL: "https://media.example.com/s3cret", MediaToken: "s3cret"}
	return events.Story{Entry: e, Recording: rec}, err
}

func (s *store) ReplayRecording(_ context.Context, key string) error {
	if s.replayRecording == nil {
		return nil
	}
	return s.replayRecording(key)
}

func (s *store) Found(_ context.Context, key string) (events.Processed, error) {
	if s.found == nil {
		return events.Processed{}, nil
	}
	return s.found(key)
}

func (s *store) AddSilence(_ context.Context, q events.Silence) (events.Silence, error) {
	if s.addSilence == nil {
		return q, nil
	}
	return s.addSilence(q)
}

func (s *store) Silences(context.Context) ([]events.Silence, error) { return nil, nil }

func (s *store) DropSilence(_ context.Context, id string) error {
	if s.dropSilence == nil {
		return nil
	}
	return s.dropSilence(id)
}

func (s *store) Forget(_ context.Context, key string) (events.Forgotten, error) {
	if s.forget == nil {
		return events.Forgotten{Left: []string{}}, nil
	}
	return s.forget(key)
}

func (s *store) FeedbackCounts(context.Context) ([]events.PhraseFeedback, error) {
	if s.feedback == nil {
		return nil, nil
	}
	return s.feedback()
}

func (s *store) DeadLetters(_ context.Context, cursor uint64, limit int) (events.DeadPage, error) {
	if s.deadLetters == nil {
		return events.DeadPage{}, nil
	}
	return s.deadLetters(cursor, limit)
}

func (s *store) DeadLetter(_ context.Context, id uint64) (events.DeadLetter, error) {
	if s.deadLetter == nil {
		return events.DeadLetter{ID: id}, nil
	}
	return s.deadLetter(id)
}

func (s *store) ReplayDead(_ context.Context, id uint64) error {
	if s.replayDead == nil {
		return nil
	}
	return s.replayDead(id)
}

func (s *store) DropDead(_ context.Context, id uint64) error {
	if s.dropDead == nil {
		return nil
	}
	return s.dropDead(id)
}

func (s *store) Ready(ctx context.Context) error {
	if s.readiness == nil {
		return nil
	}
	return s.readiness(ctx)
}

func (s *store) Alive() error {
	if s.life == nil {
		return nil
	}
	return s.life()
}

// admin is an admin server with an engine that answers 418.
type admin struct {
	http.Handler
	store *store
	logs  *observer.ObservedLogs
}

func newAdmin(t *testing.T, cfg api.AdminConfig, change ...func(*api.AdminDeps)) *admin {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "trackerbell_sample_total", Help: "Sample."}))
	a := &admin{store: &store{}, logs: logs}
	deps := api.AdminDeps{
		Store: a.store, Gatherer: reg, Log: zap.New(core),
		Engine: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
		}),
		Credentials: func(context.Context) (api.Credentials, error) {
			return api.Credentials{AppID: "app", AppSecret: "s3cret"}, nil
		},
	}
	for _, f := range change {
		f(&deps)
	}
	var err error
	a.Handler, err = api.NewAdmin(cfg, deps)
	require.NoError(t, err)
	return a
}

// request is a request as a command on this machine sends it.
func request(method, target, token string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:8081"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func TestWhoMayDoWhat(t *testing.T) {
	type call struct{ method, path string }
	reads := []call{{"GET", "/"}, {"GET", "/api/recordings"}, {"GET", "/api/recordings/calls.RE1"}, {"GET", "/api/dead"}, {"GET", "/api/dead/7"}}
	changes := []call{{"POST", "/api/recordings/calls.RE1/replay"}, {"POST", "/api/dead/7/replay"}, {"DELETE", "/api/dead/7"}}
	secrets := []call{{"GET", "/api/engine/credentials"}}
	open := []call{{"GET", "/healthz"}, {"GET", "/readyz"}, {"GET", "/metrics"}}

	both := api.AdminConfig{Token: "op", ViewerToken: "view"}
	viewOnly := api.AdminConfig{ViewerToken: "view"}
	cases := []struct {
		name                  string
		cfg                   api.AdminConfig
		token                 string
		read, change, secrets bool
		refusal               int
	}{
		{"no token is needed where none is set", api.AdminConfig{}, "", true, true, true, 0},
		{"a needless token does no harm", api.AdminConfig{}, "any", true, true, true, 0},
		{"the operator may do everything", both, "op", true, true, true, 0},
		{"the viewer may read", both, "view", true, false, false, 403},
		{"a wrong token is nobody", both, "wrong", false, false, false, 401},
		{"a prefix of the token is nobody", both, "o", false, false, false, 401},
		{"no token is nobody", both, "", false, false, false, 401},
		{"only an operator token is set", api.AdminConfig{Token: "op"}, "op", true, true, true, 0},
		{"an unset viewer token is no empty one", api.AdminConfig{Token: "op"}, " ", false, false, false, 401},
		{"only a viewer token is set", viewOnly, "view", true, false, false, 403},
		{"a viewer token alone closes the rest", viewOnly, "", false, false, false, 401},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := newAdmin(t, c.cfg)
			try := func(calls []call, allowed bool) {
				for _, call := range calls {
					w := do(a, request(call.method, call.path, c.token))
					if allowed {
						require.Less(t, w.Code, 300, call)
						continue
					}
					require.Equal(t, c.refusal, w.Code, call)
					require.Equal(t, api.ProblemType, w.Header().Get("Content-Type"))
					require.Equal(t, c.refusal == 401, w.Header().Get("WWW-Authenticate") != "")
				}
			}
			try(reads, c.read)
			try(changes, c.change)
			try(secrets, c.secrets)
			try(open, true)
		})
	}
}

func TestAuthorizationHeaderForms(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op"})
	for header, status := range map[string]int{
		"Bearer op": 200, "bearer op": 200, "BEARER  op": 200, "Bearer op ": 200,
		"Bearer": 401, "Bearer ": 401, "op": 401, "Basic op": 401, "Bearer OP": 401, "Bearer op op": 401, "Bearer,op": 401,
	} {
		r := request(http.MethodGet, "/api/recordings", "")
		r.Header.Set("Authorization", header)
		require.Equal(t, status, do(a, r).Code, "%q", header)
	}
	require.Equal(t, 401, get(a, "/api/recordings?access_token=op").Code, "a token in a URL would be logged")
}

func TestUnauthorizedAnswerIsConstant(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op"})
	for _, path := range []string{"/api/recordings/calls.RE1", "/api/dead/9", "/api/engine/credentials", "/"} {
		w := get(a, path)
		require.Equal(t, 401, w.Code, path)
		requireProblem(t, w, `{"title":"Unauthorized","status":401}`)
	}
}

func TestOpenListenerAnswersOnlyUnderALoopbackName(t *testing.T) {
	for host, status := range map[string]int{
		"127.0.0.1:8081": 200, "127.0.0.1": 200, "127.9.9.9:1": 200, "localhost:8081": 200, "LOCALHOST": 200,
		"[::1]:8081": 200, "[::1]": 200, "[::ffff:127.0.0.1]:8081": 200,
		"evil.example.com": 403, "evil.example.com:8081": 403, "127.0.0.1.evil.example.com": 403, "localhost.evil.example.com:8081": 403,
		"10.0.0.1:8081": 403, "0.0.0.0:8081": 403, "[fe80::1]:8081": 403, "": 403, "127.1": 403, "2130706433": 403,
	} {
		require.Equal(t, status == 200, api.LoopbackHost(host), "%q", host)
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path := "/api/recordings"
			if method == http.MethodPost {
				path = "/api/recordings/calls.RE1/replay"
			}
			r := request(method, path, "")
			r.Host = host
			require.Equal(t, status == 200, do(newAdmin(t, api.AdminConfig{}), r).Code < 300, "%s %q", method, host)
		}
	}
	r := request(http.MethodGet, "/api/recordings", "op")
	r.Host = "admin.example.com"
	require.Equal(t, 200, do(newAdmin(t, api.AdminConfig{Token: "op"}), r).Code, "with a token the name does not matter")
}

func TestOpenListenerTakesNoChangeFromAnotherSite(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	cases := []struct {
		name, header, value string
		status              int
	}{
		{"a command", "", "", 202},
		{"its own page", "Origin", "http://127.0.0.1:8081", 202},
		{"its own page, said by the browser", "Sec-Fetch-Site", "same-origin", 202},
		{"another site", "Origin", "https://evil.example.com", 403},
		{"another port", "Origin", "http://127.0.0.1:9999", 403},
		{"a sandboxed page", "Origin", "null", 403},
		{"another site, said by the browser", "Sec-Fetch-Site", "cross-site", 403},
		{"a sister site", "Sec-Fetch-Site", "same-site", 403},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := request(http.MethodPost, "/api/dead/7/replay", "")
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			require.Equal(t, c.status, do(a, r).Code)
		})
	}
}

func TestWrongMethodOnTheAdminAPIIs405(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	for _, r := range []*http.Request{
		request("DELETE", "/api/recordings", ""), request("PUT", "/api/recordings/calls.RE1", ""), request("GET", "/api/recordings/calls.RE1/replay", ""),
		request("POST", "/api/dead", ""), request("GET", "/api/dead/7/replay", ""), request("POST", "/healthz", ""),
	} {
		w := do(a, r)
		require.Equal(t, 405, w.Code, r.URL.Path)
		require.NotEmpty(t, w.Header().Get("Allow"))
		requireProblem(t, w, `{"title":"Method Not Allowed","status":405}`)
	}
}

func TestEngineIsServedWithoutAdminAuth(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op"})
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodPost, "/oauth2/token:generate", strings.NewReader("body")),
		httptest.NewRequest(http.MethodPut, "/v1/manage/trackers/a%2Fb?x=%20", strings.NewReader("body")),
		httptest.NewRequest(http.MethodPatch, "/v1/x", strings.NewReader("body")),
	} {
		w := do(a, r)
		require.Equal(t, http.StatusTeapot, w.Code)
		require.Equal(t, r.Method+" "+r.RequestURI+" body", w.Body.String())
	}
	require.NotContains(t, logged(t, a.logs), "a%2Fb")
}

func TestWithoutAnEngineItsPathsAreNotThere(t *testing.T) {
	h, err := api.NewAdmin(api.AdminConfig{}, api.AdminDeps{Store: &store{}, Gatherer: prometheus.NewRegistry(), Log: zap.NewNop()})
	require.NoError(t, err)
	for _, path := range []string{"/oauth2/token:generate", "/v1/manage/trackers", "/api/engine/credentials", "/api/nothing", "/nothing", "/webhooks/calls"} {
		w := get(h, path)
		require.Equal(t, 404, w.Code, path)
		requireProblem(t, w, `{"title":"Not Found","status":404}`)
	}
}

func TestHealth(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op"})
	w := get(a, "/healthz")
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"status":"alive"}`, w.Body.String())
	w = get(a, "/readyz")
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"status":"ready"}`, w.Body.String())

	a.store.readiness = func(ctx context.Context) error {
		_, limited := ctx.Deadline()
		require.True(t, limited, "a probe must not wait for NATS for ever")
		return errors.New("stream RECORDINGS: no responders")
	}
	w = get(a, "/readyz")
	require.Equal(t, 503, w.Code)
	requireProblem(t, w, `{"title":"Service Unavailable","status":503,"detail":"stream RECORDINGS: no responders"}`)
	require.Equal(t, 200, get(a, "/healthz").Code, "it lives while NATS is away")

	a.store.life = func() error { return errors.New("stage submit stalls") }
	w = get(a, "/healthz")
	require.Equal(t, 503, w.Code)
	requireProblem(t, w, `{"title":"Service Unavailable","status":503,"detail":"stage submit stalls"}`)

	w = get(a, "/metrics")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "trackerbell_sample_total 0")
}

func TestTheEnginesCredentials(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	w := get(a, "/api/engine/credentials")
	require.JSONEq(t, `{"appId":"app","appSecret":"s3cret"}`, w.Body.String())
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.NotContains(t, logged(t, a.logs), "s3cret")

	h, err := api.NewAdmin(api.AdminConfig{}, api.AdminDeps{
		Store: &store{}, Gatherer: prometheus.NewRegistry(), Log: zap.NewNop(),
		Credentials: func(context.Context) (api.Credentials, error) { return api.Credentials{}, events.ErrUnavailable },
	})
	require.NoError(t, err)
	require.Equal(t, 503, get(h, "/api/engine/credentials").Code)
}
