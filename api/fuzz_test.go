package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

// newOpen is a public server with a source for each provider, all of which take
// what nobody signed, and what it has accepted.
func newOpen(f *testing.F, secret string) (http.Handler, *[]events.Recording) {
	f.Helper()
	sources := map[string]api.Source{}
	for _, name := range source.Providers() {
		src := config.Source{Name: name, Provider: name, Insecure: true, LabelsFromQuery: []string{"agent"}}
		if name == "generic" && secret != "" {
			src.Insecure, src.Secret = false, secret
		}
		p, err := source.New(src)
		require.NoError(f, err)
		sources[name] = api.Source{Provider: p, Config: src}
	}
	var taken []events.Recording
	hooks := &intake{accept: func(_ context.Context, r events.Recording) (bool, error) {
		taken = append(taken, r)
		return false, nil
	}}
	h, err := api.NewPublic(api.PublicConfig{MaxBody: 1 << 20, MaxMedia: 1 << 20}, api.PublicDeps{
		Sources: sources, Intake: hooks, Registry: prometheus.NewRegistry(), Log: zap.NewNop(),
	})
	require.NoError(f, err)
	return h, &taken
}

// FuzzWebhooks sends anything to each provider: what is answered is a success or
// the sender's mistake, and what is taken can be worked with.
func FuzzWebhooks(f *testing.F) {
	for _, provider := range source.Providers() {
		files, err := filepath.Glob(filepath.Join("source", "testdata", provider, "*.json"))
		require.NoError(f, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			require.NoError(f, err)
			var samples []struct {
				ContentType, Raw string
				Body             json.RawMessage
				Form             map[string]string
			}
			require.NoError(f, json.Unmarshal(raw, &samples))
			for _, s := range samples {
				form := url.Values{}
				for name, value := range s.Form {
					form.Set(name, value)
				}
				f.Add(provider, s.ContentType, "agent=ana", []byte(s.Raw+string(s.Body)+form.Encode()))
			}
		}
	}
	h, taken := newOpen(f, "")
	f.Fuzz(func(t *testing.T, provider, contentType, query string, body []byte) {
		*taken = nil
		r := httptest.NewRequest(http.MethodPost, "/webhooks/"+url.PathEscape(provider), strings.NewReader(string(body)))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		w := do(h, r)
		require.Contains(t, []int{200, 202, 400, 401, 404, 413, 415, 422, 429}, w.Code, w.Body.String())
		for _, rec := range *taken {
			require.NotEmpty(t, rec.ID)
			require.Equal(t, events.Key(provider, rec.ID), rec.Key)
			require.True(t, rec.MediaURL != "" || rec.MediaRef != "" || rec.Spooled != nil || len(rec.Transcript) > 0, "%+v", rec)
			require.LessOrEqual(t, len(rec.Labels["agent"]), 256)
		}
		require.False(t, len(*taken) > 0 && w.Code >= 400, "what is refused was not taken: %d", w.Code)
	})
}

// FuzzUploads sends anything as the bytes of a recording; nothing of it is
// signed, so that nothing of it is kept.
func FuzzUploads(f *testing.F) {
	f.Add("call-1", "from=%2B14155552671&durationSeconds=1e3", "X-Signature-256", hmacOf("other"), []byte("sound"))
	f.Add("a%2Fb", "channels=2", "Authorization", "Bearer x", []byte("RIFF"))
	f.Add("..", "startedAt=0000-01-01", "Webhook-Signature", "v1,AAAA", []byte{})
	f.Add("%zz", ";", "Webhook-Timestamp", "1e999", []byte("x"))
	h, taken := newOpen(f, uploadSecret)
	f.Fuzz(func(t *testing.T, id, query, header, value string, body []byte) {
		*taken = nil
		r := httptest.NewRequest(http.MethodPut, "/", strings.NewReader(string(body)))
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/webhooks/generic/"+id+"/media", "", query
		if unescaped, err := url.PathUnescape(id); err == nil {
			r.URL.Path, r.URL.RawPath = "/webhooks/generic/"+unescaped+"/media", "/webhooks/generic/"+id+"/media"
		}
		r.Header[http.CanonicalHeaderKey(header)] = []string{value}
		w := do(h, r)
		require.Contains(t, []int{400, 401, 404, 405, 413, 422, 429}, w.Code, w.Body.String())
		require.NotContains(t, w.Body.String(), uploadSecret)
		require.Empty(t, *taken)
	})
}
