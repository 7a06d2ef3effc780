package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

func document(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	require.NoError(t, doc.Validate(context.Background()))
	doc.Servers = nil // the router joins "/" and a path wrongly
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return doc, router
}

// filled is an admin server in whose store there is something of everything.
func filled(t *testing.T) *admin {
	t.Helper()
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"}, func(d *api.AdminDeps) {
		d.Console.Checks = func(context.Context) []console.Dependency {
			return []console.Dependency{{Name: "Slack", Text: "token revoked"}}
		}
		d.Console.Trackers = account{}
		d.Backfill = func(context.Context, api.BackfillQuery) (api.BackfillPage, error) {
			return api.BackfillPage{Recordings: []api.Accepted{{Recording: "calls.RE1"}}}, nil
		}
		level := zap.NewAtomicLevel()
		d.Level = &level
	})
	now := time.Now().UTC()
	call := notify.Call{Source: "calls", From: "+14155550137", StartedAt: now, Seconds: 3, Labels: map[string]string{"a": "b"}}
	entry := events.Entry{
		Key: "calls.RE1", Source: "calls", ID: "RE1", Stage: events.StageDone, ReceivedAt: now, Call: call, Trackers: []string{"Sale"},
		Alerts: []events.AlertRecord{{AlertID: "a", Post: events.Post{PostedAt: now}, Feedback: []notify.Feedback{{User: "U1", At: now}}}, {Held: "silence"}},
		Routed: true, Steps: []events.StepTime{{Step: events.StepSubmit, At: now}}, Attempts: map[string]int{events.StepSubmit: 1}, DeadLetters: []uint64{7},
	}
	a.store.entry = func(key string) (events.Entry, error) {
		if key != entry.Key {
			return events.Entry{}, events.ErrNotFound
		}
		return entry, nil
	}
	a.store.entries = func(uint64, int) (events.Page, error) {
		return events.Page{Entries: []events.Entry{entry}, Next: 5}, nil
	}
	a.store.found = func(string) (events.Processed, error) {
		return events.Processed{Call: call, Trackers: []notify.Tracker{{Name: "Sale", Quotes: []notify.Quote{{Text: "a sale", Phrase: "sale", Offset: 2, Words: []string{"sale"}, Score: .5}}}}}, nil
	}
	a.store.feedback = func() ([]events.PhraseFeedback, error) {
		return []events.PhraseFeedback{{Tracker: "Sale", Useful: 1}}, nil
	}
	letter := events.DeadLetter{ID: 7, Step: events.StepSubmit, At: now, Event: json.RawMessage(`{"id":"x"}`)}
	a.store.deadLetters = func(uint64, int) (events.DeadPage, error) {
		return events.DeadPage{Letters: []events.DeadLetter{letter}, Next: 7}, nil
	}
	a.store.deadLetter = func(uint64) (events.DeadLetter, error) { return letter, nil }
	a.store.deeds = []events.Deed{{ID: 1, At: now, Role: "operator", Action: events.DeedReplay}}
	return a
}

func TestTheAPIAnswersAsItsDocumentSays(t *testing.T) {
	_, router := document(t)
	seen := map[string]bool{}
	for _, c := range []struct {
		method, path, token string
		status              int
	}{
		{"GET", "/api/recordings?limit=1&q=sale&source=calls&stage=done&tracker=Sale&since=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z", "op", 200},
		{"GET", "/api/recordings", "view", 200}, {"GET", "/api/recordings?limit=0", "op", 400}, {"GET", "/api/recordings?stage=lost", "op", 400},
		{"GET", "/api/recordings?since=yesterday", "op", 400}, {"GET", "/api/recordings", "", 401}, {"GET", "/api/recordings", "wrong", 401},
		{"GET", "/api/recordings/calls.RE1", "op", 200}, {"GET", "/api/recordings/calls.none", "op", 404}, {"DELETE", "/api/recordings/calls.RE1", "op", 200},
		{"GET", "/api/recordings/calls.RE1/matches", "view", 200}, {"GET", "/api/recordings/calls.RE1/vcon", "op", 200},
		{"POST", "/api/recordings/calls.RE1/replay", "op", 202}, {"POST", "/api/recordings/calls.RE1/replay?from=route", "op", 202},
		{"POST", "/api/recordings/calls.RE1/replay?from=notify", "op", 400}, {"POST", "/api/recordings/calls.RE1/replay", "view", 403},
		{"GET", "/api/insights?days=7&source=calls&agent=%2B14155550188", "view", 200}, {"GET", "/api/insights?days=8", "op", 400},
		{"GET", "/api/system", "view", 200}, {"GET", "/api/recordings/calls.RE1/media", "op", 200}, {"HEAD", "/api/recordings/calls.RE1/media", "op", 200},
		{"GET", "/api/recordings/calls.RE1/routes", "view", 200}, {"GET", "/api/recordings/calls.none/routes", "view", 404},
		{"GET", "/api/recordings/calls.RE1/events", "op", 200}, {"GET", "/api/recordings/calls.RE1/events", "view", 403},
		{"POST", "/api/trackers/preview", "op", 200}, {"POST", "/api/trackers/preview", "view", 403},
		{"POST", "/api/dead/replay?id=7&id=8", "op", 200}, {"POST", "/api/dead/replay?all=true", "op", 200}, {"POST", "/api/dead/replay", "op", 400},
		{"DELETE", "/api/dead?all=true&cursor=9", "op", 200}, {"DELETE", "/api/dead?id=7&all=true", "op", 400}, {"DELETE", "/api/dead?all=true", "view", 403},
		{"DELETE", "/api/dead?id=x", "op", 400},
		{"GET", "/api/feedback", "op", 200}, {"GET", "/api/dead", "op", 200}, {"GET", "/api/dead/7", "op", 200}, {"GET", "/api/dead/7", "view", 200},
		{"DELETE", "/api/dead/7", "op", 204}, {"POST", "/api/dead/7/replay", "op", 202},
		{"GET", "/api/silences", "op", 200}, {"POST", "/api/silences?for=2h&reason=why&tracker=Sale", "op", 201}, {"POST", "/api/silences?for=2h", "op", 400},
		{"DELETE", "/api/silences/q1", "op", 204}, {"GET", "/api/audit", "op", 200}, {"GET", "/api/audit", "view", 403},
		{"POST", "/api/sources/calls/backfill?since=2026-11-01T00:00:00Z&dryRun=true", "op", 200},
		{"POST", "/api/sources/calls/backfill", "op", 400},
		{"GET", "/api/log-level", "op", 200}, {"GET", "/api/log-level", "view", 403}, {"PUT", "/api/log-level", "op", 200},
		{"GET", "/api/engine/credentials", "op", 200}, {"GET", "/api/openapi.yaml", "", 200},
	} {
		a := filled(t)
		r, body := request(c.method, c.path, c.token), []byte(nil)
		switch {
		case c.method == http.MethodPut:
			body = []byte(`{"level":"debug"}`)
			r.Header.Set("Content-Type", "application/json")
		case strings.HasSuffix(c.path, "/preview"):
			body = []byte(`{"id":"T1","name":"Sale","vocabulary":["a sale"],"sensitivity":"strict"}`)
			r.Header.Set("Content-Type", "application/json")
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w := do(a, r)
		r.Body = io.NopCloser(bytes.NewReader(body)) // for the document
		require.Equal(t, c.status, w.Code, "%s %s: %s", c.method, c.path, w.Body)
		route, params, err := router.FindRoute(r)
		require.NoError(t, err, c.path)
		seen[route.Method+" "+route.Path] = true
		input := &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
		}
		if c.status < 400 {
			require.NoError(t, openapi3filter.ValidateRequest(t.Context(), input), c.path)
		}
		require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
			Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: w.Header().Get("Content-Type") == "application/yaml"},
		}), "%s %s was answered %s", c.method, c.path, w.Body)
	}
	doc, _ := document(t)
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			require.True(t, seen[method+" "+path], "no request of this test is %s %s", method, path)
		}
	}
}

func TestProgramsGetTheNumbersOfTheConsole(t *testing.T) {
	a := filled(t)
	var in console.Insights
	require.NoError(t, json.Unmarshal(do(a, request("GET", "/api/insights", "view")).Body.Bytes(), &in))
	require.Equal(t, 1, in.Calls)
	require.Equal(t, 1, in.PerDay[29])
	require.Equal(t, []console.CallsOf{{Name: "+1 415 •••• 0188", Calls: 1, Found: 1}}, in.Agents, "a viewer sees no number")
	require.Equal(t, 1, in.Trackers[0].FalseAlarms)
	require.Equal(t, map[string]int{"cap": 1}, in.Held)
	require.Len(t, in.Seconds, 3)
	require.True(t, in.Complete)
	var sys console.System
	require.NoError(t, json.Unmarshal(do(a, request("GET", "/api/system", "view")).Body.Bytes(), &sys))
	require.Equal(t, []console.StepBacklog{{Step: "submit", Pending: 3, Waiting: 2, Oldest: 1.5}}, sys.Steps)
	require.Equal(t, "Slack", sys.Dependencies[1].Name)
	w := do(a, request("GET", "/api/recordings/calls.RE1/media", "op"))
	require.Equal(t, "RIFF", w.Body.String())
	require.Equal(t, events.DeedListen, a.store.deeds[1].Action)
	require.Equal(t, 403, do(a, request("GET", "/api/recordings/calls.RE1/media", "view")).Code)
}

func TestTheDocumentHasEveryEndpoint(t *testing.T) {
	doc, _ := document(t)
	e, ok := filled(t).Handler.(*echo.Echo)
	require.True(t, ok)
	served := 0
	for _, r := range e.Routes() {
		if !strings.HasPrefix(r.Path, "/api/") {
			continue
		}
		served++
		path := regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")
		item := doc.Paths.Find(path)
		require.NotNil(t, item, path)
		require.NotNil(t, item.GetOperation(r.Method), "%s %s", r.Method, path)
	}
	require.Greater(t, served, 15)
	raw, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	w := do(newAdmin(t, api.AdminConfig{Token: "op"}), request(http.MethodGet, "/api/openapi.yaml", ""))
	require.Equal(t, string(raw), w.Body.String(), "anyone may read it")
}
