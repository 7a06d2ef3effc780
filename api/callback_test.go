package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

func TestCallbackWakesItsRecording(t *testing.T) {
	cases := []struct {
		name, body string
		status     int
		answer     string
		wake       *events.Wake
	}{
		{"as documented", `{"jobId":"J1","status":"completed"}`, 200, `{}`, &events.Wake{Key: "calls.RE1", JobID: "J1", Status: "completed"}},
		{"as seen on the wire", `{"id":"J1","status":"failed"}`, 200, `{}`, &events.Wake{Key: "calls.RE1", JobID: "J1", Status: "failed"}},
		{"both ids", `{"jobId":"J1","id":"J2","status":"in_progress"}`, 200, `{}`, &events.Wake{Key: "calls.RE1", JobID: "J1", Status: "in_progress"}},
		{"capital letters", `{"jobId":"J1","status":"Scheduled"}`, 200, `{}`, &events.Wake{Key: "calls.RE1", JobID: "J1", Status: "scheduled"}},
		{"without an id", `{"status":"completed"}`, 200, `{}`, &events.Wake{Key: "calls.RE1", Status: "completed"}},
		{"with more", `{"jobId":"J1","status":"completed","x":[1]}`, 200, `{}`, &events.Wake{Key: "calls.RE1", JobID: "J1", Status: "completed"}},
		{"an unknown status", `{"jobId":"J1","status":"paused"}`, 200, `{"ignored":"unknown status"}`, nil},
		{"no status", `{"jobId":"J1"}`, 200, `{"ignored":"unknown status"}`, nil},
		{"not JSON", `jobId=J1`, 400, `{"title":"Bad Request","status":400,"detail":"the body is not a JSON object with jobId and status"}`, nil},
		{"nothing", ``, 400, `{"title":"Bad Request","status":400,"detail":"the body is not a JSON object with jobId and status"}`, nil},
		{"a number", `{"jobId":1,"status":"completed"}`, 400, `{"title":"Bad Request","status":400,"detail":"the body is not a JSON object with jobId and status"}`, nil},
		{"an id with a line break", `{"jobId":"J\r\nX: y","status":"completed"}`, 400, `{"title":"Bad Request","status":400,"field":"jobId","detail":"is not an identifier"}`, nil},
		{"an endless id", `{"jobId":"` + strings.Repeat("J", 257) + `","status":"completed"}`, 400, `{"title":"Bad Request","status":400,"field":"jobId","detail":"is not an identifier"}`, nil},
		{"an endless body", `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, 413, `{"title":"Request Entity Too Large","status":413,"detail":"the body is larger than this listener takes"}`, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPublic(t)
			var got *events.Wake
			p.intake.wake = func(_ context.Context, w events.Wake) error {
				got = &w
				return nil
			}
			w := post(p, "/callbacks/symbl/"+callbackToken, c.body)
			require.Equal(t, c.status, w.Code)
			require.JSONEq(t, c.answer, w.Body.String())
			require.Equal(t, c.wake, got)
		})
	}
}

func TestCallbackWakesTheRunOfItsToken(t *testing.T) {
	p := newPublic(t)
	p.intake.callbackOf = func(string) (string, int, error) { return "calls.RE1", 2, nil }
	var got events.Wake
	p.intake.wake = func(_ context.Context, w events.Wake) error {
		got = w
		return nil
	}
	require.Equal(t, 200, post(p, "/callbacks/symbl/x.y.2", `{"jobId":"J1","status":"completed"}`).Code)
	require.Equal(t, events.Wake{Key: "calls.RE1", Replay: 2, JobID: "J1", Status: "completed"}, got)
}

func TestCallbackThatCannotBeStoredIsAskedForAgain(t *testing.T) {
	for name, err := range map[string]error{"away": events.ErrUnavailable, "odd": errors.New("odd")} {
		t.Run(name, func(t *testing.T) {
			p := newPublic(t)
			p.intake.wake = func(context.Context, events.Wake) error { return err }
			w := post(p, "/callbacks/symbl/"+callbackToken, `{"jobId":"J1","status":"completed"}`)
			require.Equal(t, 503, w.Code)
			require.Equal(t, "5", w.Header().Get("Retry-After"))
		})
	}
}

func TestForgedCallbackIsNotRead(t *testing.T) {
	p := newPublic(t)
	p.intake.wake = func(context.Context, events.Wake) error {
		t.Error("a forged callback woke a recording")
		return nil
	}
	r := httptest.NewRequest(http.MethodPost, "/callbacks/symbl/forged", failing{errors.New("read")})
	require.Equal(t, 404, do(p, r).Code)
}

func FuzzCallback(f *testing.F) {
	for _, seed := range []string{
		`{"jobId":"J1","status":"completed"}`, `{"id":"J1","status":"failed"}`, `{"status":{}}`, `[]`, `null`, ``,
		`{"jobId":"a\u0000b","status":"completed"}`, `{"jobId":"` + strings.Repeat("x", 300) + `","status":"completed"}`,
	} {
		f.Add([]byte(seed))
	}
	hooks := &intake{}
	h, err := api.NewPublic(api.PublicConfig{MaxBody: maxBody, MaxMedia: maxMedia}, api.PublicDeps{Intake: hooks, Registry: prometheus.NewRegistry(), Log: zap.NewNop()})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		hooks.wake = func(_ context.Context, w events.Wake) error {
			require.Contains(t, []string{"scheduled", "in_progress", "completed", "failed"}, w.Status)
			require.Equal(t, "calls.RE1", w.Key)
			require.LessOrEqual(t, len(w.JobID), 256)
			require.False(t, strings.ContainsFunc(w.JobID, unicode.IsControl), "the id goes into a header")
			return nil
		}
		w := post(h, "/callbacks/symbl/"+callbackToken, string(body))
		require.Contains(t, []int{200, 400, 413}, w.Code)
	})
}
