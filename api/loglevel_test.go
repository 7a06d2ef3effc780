package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
)

func TestTheLogLevelIsChangedByJSONWhateverItIsCalled(t *testing.T) {
	level := zap.NewAtomicLevel()
	a := newAdmin(t, api.AdminConfig{}, func(d *api.AdminDeps) { d.Level = &level })
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", ""} { // curl -d sends the second
		level.SetLevel(zap.InfoLevel)
		r := request(http.MethodPut, "/api/log-level", "")
		r.Header.Set("Content-Type", kind)
		r.Body = io.NopCloser(strings.NewReader(`{"level":"debug"}`))
		w := do(a, r)
		require.Equal(t, http.StatusOK, w.Code, kind)
		require.JSONEq(t, `{"level":"debug"}`, w.Body.String())
		require.Equal(t, zap.DebugLevel, level.Level())
	}
	for body, detail := range map[string]string{
		`level=info`:        `must be JSON such as {\"level\":\"debug\"}`,
		`{"level":"loud"}`:  `must be debug, info, warn or error","field":"level`,
		`{"level":"fatal"}`: `must be debug, info, warn or error","field":"level`,
		`{}`:                `must be debug, info, warn or error","field":"level`,
		strings.Repeat(" ", 2<<10) + `{"level":"info"}`: `must be JSON such as {\"level\":\"debug\"}`,
	} {
		r := request(http.MethodPut, "/api/log-level", "")
		r.Body = io.NopCloser(strings.NewReader(body))
		w := do(a, r)
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		requireProblem(t, w, `{"title":"Bad Request","status":400,"detail":"`+detail+`"}`)
		require.Equal(t, zap.DebugLevel, level.Level(), body)
	}
	require.Equal(t, http.StatusNotFound, do(newAdmin(t, api.AdminConfig{}), request(http.MethodGet, "/api/log-level", "")).Code)
}
