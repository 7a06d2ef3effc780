package main

import (
	"bytes"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
)

func TestEndToEndEveryMetricIsWellFormedAndDocumented(t *testing.T) {
	t.Parallel()
	s := newService(t, strings.Replace(consoleConfig, "admin: {addr:", "admin: {token: operator, viewerToken: viewer, addr:", 1))
	s.token = "operator"
	s.write("trackers.yaml", testTrackers)
	s.start()
	s.waitStage(s.accept("calls", saleCall("measured")), events.StageDone)
	require.Eventually(t, func() bool { return s.metric("trackerbell_call_end_to_alert_seconds_count") == "1" }, soon, tick) // it is counted after it is noted
	body := s.do(http.MethodGet, s.admin+"/metrics", nil, nil).body
	problems, err := promlint.New(bytes.NewReader(body)).Lint()
	require.NoError(t, err)
	for _, p := range problems {
		require.False(t, strings.HasPrefix(p.Metric, "trackerbell_") && !strings.HasPrefix(p.Metric, "trackerbell_http_"), "%s: %s", p.Metric, p.Text)
	}
	documented, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^# TYPE (trackerbell_\w+) `).FindAllSubmatch(body, -1)
	require.Greater(t, len(names), 20)
	for _, name := range names {
		require.Contains(t, string(documented), "`"+string(name[1])+"`")
	}
	require.Equal(t, "1", s.metric("trackerbell_nats_up"))
	require.Equal(t, "0", s.metric(`trackerbell_webhooks_total{result="unauthorized",source="calls"}`))

	// What only operators may do.
	level := func(method, body, token string) answer {
		return s.do(method, s.admin+"/api/log-level", []byte(body), bearer(token))
	}
	require.Equal(t, http.StatusForbidden, level(http.MethodPut, `{"level":"debug"}`, "viewer").status)
	require.JSONEq(t, `{"level":"info"}`, string(level(http.MethodGet, "", "operator").body))
	require.Equal(t, http.StatusOK, level(http.MethodPut, `{"level":"debug"}`, "operator").status)
	require.JSONEq(t, `{"level":"debug"}`, string(level(http.MethodGet, "", "operator").body))
	require.Equal(t, http.StatusOK, s.do(http.MethodGet, s.admin+"/debug/pprof/goroutine?debug=1", nil, bearer("operator")).status)
	require.Equal(t, http.StatusUnauthorized, s.status(s.admin+"/debug/pprof/"))
	require.Equal(t, http.StatusNotFound, s.status(s.public+"/debug/pprof/"))
}
