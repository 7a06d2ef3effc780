package api_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
)

// metricsText is what /metrics would say.
func metricsText(t *testing.T, p *public) string {
	t.Helper()
	w := do(promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{}), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func wantWebhooks(accepted, duplicate int) string {
	return fmt.Sprintf(`# HELP trackerbell_webhooks_total Webhooks by source and result.
# TYPE trackerbell_webhooks_total counter
trackerbell_webhooks_total{result="accepted",source="calls"} %d
trackerbell_webhooks_total{result="duplicate",source="calls"} %d
trackerbell_webhooks_total{result="ignored",source="calls"} 0
trackerbell_webhooks_total{result="malformed",source="calls"} 0
trackerbell_webhooks_total{result="too_large",source="calls"} 0
trackerbell_webhooks_total{result="unauthorized",source="calls"} 0
trackerbell_webhooks_total{result="unavailable",source="calls"} 0
trackerbell_webhooks_total{result="unprocessable",source="calls"} 0
`, accepted, duplicate)
}

func TestWhatIsNotOnThePublicListener(t *testing.T) {
	p := newPublic(t)
	const nothing = `{"title":"Not Found","status":404}`
	cases := []struct {
		name, method, path string
		status             int
		body               string
	}{
		{"an unknown source", "POST", "/webhooks/other", 404, nothing},
		{"a source with a slash behind it", "POST", "/webhooks/calls/", 404, nothing},
		{"no source", "POST", "/webhooks/", 404, nothing},
		{"media, of a later day", "PUT", "/webhooks/calls/RE1/media", 404, nothing},
		{"interactions, of a later day", "POST", "/slack/interactions", 404, nothing},
		{"the admin API", "GET", "/api/recordings", 404, nothing},
		{"metrics", "GET", "/metrics", 404, nothing},
		{"the root", "GET", "/", 404, nothing},
		{"a forged callback token", "POST", "/callbacks/symbl/forged", 404, nothing},
		{"something below a callback", "POST", "/callbacks/symbl/" + callbackToken + "/x", 404, nothing},
		{"reading a webhook", "GET", "/webhooks/calls", 405, `{"title":"Method Not Allowed","status":405}`},
		{"replacing a webhook", "PUT", "/webhooks/calls", 405, `{"title":"Method Not Allowed","status":405}`},
		{"a made-up method", "BREW", "/webhooks/calls", 405, `{"title":"Method Not Allowed","status":405}`},
		{"reading a callback", "GET", "/callbacks/symbl/" + callbackToken, 405, `{"title":"Method Not Allowed","status":405}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := do(p, httptest.NewRequest(c.method, c.path, nil))
			require.Equal(t, c.status, w.Code)
			requireProblem(t, w, c.body)
			if c.status == 405 {
				require.Contains(t, w.Header().Get("Allow"), "POST")
			}
		})
	}
	w := do(p, httptest.NewRequest(http.MethodHead, "/webhooks/calls", nil))
	require.Equal(t, 405, w.Code)
	require.Empty(t, w.Body.String(), "HEAD has no body")
}

func TestCounterOfEveryResultStartsAtZero(t *testing.T) {
	p := newPublic(t)
	for _, line := range strings.Split(strings.TrimSpace(wantWebhooks(0, 0)), "\n") {
		require.Contains(t, metricsText(t, p), line)
	}
}

func TestMetricLabelsAreBounded(t *testing.T) {
	p := newPublic(t)
	for _, method := range []string{"POST", "EVIL"} {
		for _, path := range []string{"/webhooks/evil", "/evil", "/webhooks/calls/evil", "/callbacks/symbl/evil", "/callbacks/symbl/evil/evil"} {
			r := httptest.NewRequest(method, path+"?evil=1", nil)
			r.Host = "evil.example.com"
			do(p, r)
		}
	}
	text := metricsText(t, p)
	require.NotContains(t, strings.ToLower(text), "evil")
	require.Contains(t, text, `trackerbell_http_requests_total{code="404",host="",method="POST",url="/webhooks/:source"} 1`)
}

func TestLogHoldsNoSecret(t *testing.T) {
	p := newPublic(t)
	p.provider.verify = func(r source.Request) error {
		if r.URL.Query().Has("forged") {
			return source.ErrSignature
		}
		return nil
	}
	post(p, "/webhooks/calls?secret=s3cret", "s3cret")
	post(p, "/webhooks/calls?secret=s3cret&forged", "s3cret")
	post(p, "/callbacks/symbl/"+callbackToken, `{"jobId":"s3cret","status":"s3cret"}`)
	text := logged(t, p.logs)
	require.NotContains(t, text, "s3cret")
	require.NotContains(t, text, callbackToken)
	require.Contains(t, text, `"msg":"recording accepted","recording":"calls.RE1","source":"calls"`)
	require.Contains(t, text, `"msg":"webhook refused","source":"calls","result":"unauthorized"`)
	require.Equal(t, 3, p.logs.FilterMessage("request").Len(), "one access line for each request")
	for _, line := range p.logs.FilterMessage("request").All() {
		require.Equal(t, zapcore.DebugLevel, line.Level)
	}
}

func TestRefusalsDoNotFillTheLog(t *testing.T) {
	p := newPublic(t)
	p.provider.verify = func(source.Request) error { return source.ErrSignature }
	for range 200 {
		post(p, "/webhooks/calls", "")
	}
	require.Less(t, p.logs.FilterMessage("webhook refused").Len(), 100)
	require.Contains(t, metricsText(t, p), `{result="unauthorized",source="calls"} 200`)
}

func TestPanicIsAnswered(t *testing.T) {
	p := newPublic(t)
	var none []int
	for name, panics := range map[string]func(){
		"with a word":        func() { panic("s3cret") },
		"with a runtime one": func() { none[p.logs.Len()]++ },
	} {
		t.Run(name, func(t *testing.T) {
			p.provider.verify = func(source.Request) error { panics(); return nil }
			w := post(p, "/webhooks/calls", "{}")
			require.Equal(t, 500, w.Code)
			requireProblem(t, w, `{"title":"Internal Server Error","status":500}`)
		})
	}
	require.NotContains(t, logged(t, p.logs), "s3cret")
	require.Contains(t, logged(t, p.logs), "index out of range")
	require.Equal(t, 2, p.logs.FilterMessage("handler panicked").Len())
}

func TestCalledURLIsWhatTheSenderSigned(t *testing.T) {
	cases := []struct{ name, base, target, want string }{
		{"public URL", "https://calls.example.com", "/webhooks/a?x=1", "https://calls.example.com/webhooks/a?x=1"},
		{"public URL with a slash", "https://calls.example.com/", "/webhooks/a", "https://calls.example.com/webhooks/a"},
		{"public URL with port and path", "https://example.com:8443/bell", "/webhooks/a", "https://example.com:8443/bell/webhooks/a"},
		{"escapes stay", "https://e.com", "/webhooks/a%2Fb?x=%7e+%20&&y", "https://e.com/webhooks/a%2Fb?x=%7e+%20&&y"},
		{"escapes of the public URL stay", "https://e.com/a%2Fb", "/webhooks/c", "https://e.com/a%2Fb/webhooks/c"},
		{"a bare question mark stays", "https://e.com", "/webhooks/a?", "https://e.com/webhooks/a?"},
		{"absolute form counts by its path", "https://e.com", "http://evil.example.com/webhooks/a?x", "https://e.com/webhooks/a?x"},
		{"no public URL", "", "/webhooks/a?x=1", "http://host.example.com:8080/webhooks/a?x=1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, c.target, nil)
			r.Host = "host.example.com:8080"
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("X-Forwarded-Host", "evil.example.com")
			u, err := api.CalledURL(c.base, r)
			require.NoError(t, err)
			require.Equal(t, c.want, u.String())
		})
	}
	r := httptest.NewRequest(http.MethodPost, "/webhooks/a", nil)
	r.TLS = &tls.ConnectionState{}
	u, err := api.CalledURL("", r)
	require.NoError(t, err)
	require.Equal(t, "https://example.com/webhooks/a", u.String())
}

func TestPublicServerRefusesABadSetup(t *testing.T) {
	deps := api.PublicDeps{Intake: &intake{}, Registry: prometheus.NewRegistry(), Log: zap.NewNop()}
	for _, raw := range []string{"calls.example.com", "https://", "https://e.com?x=1", "https://e.com#x", "://", "/path"} {
		_, err := api.NewPublic(api.PublicConfig{PublicURL: raw, MaxBody: 1, MaxMedia: 1}, deps)
		require.Error(t, err, raw)
	}
	_, err := api.NewPublic(api.PublicConfig{}, deps)
	require.ErrorContains(t, err, "body")

	_, err = api.NewPublic(api.PublicConfig{MaxBody: 1, MaxMedia: 1}, deps)
	require.NoError(t, err)
	_, err = api.NewPublic(api.PublicConfig{MaxBody: 1, MaxMedia: 1}, deps)
	require.ErrorContains(t, err, "metrics", "a registry takes one server")
}
