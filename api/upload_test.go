package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
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

const uploadSecret = "a plain pass phrase"

// newUploads is a public server with a real generic source.
func newUploads(t *testing.T) (http.Handler, *intake) {
	t.Helper()
	src := config.Source{Name: "pbx", Provider: "generic", Secret: uploadSecret, LabelsFromQuery: []string{"queue"}}
	p, err := source.New(src)
	require.NoError(t, err)
	hooks := &intake{}
	h, err := api.NewPublic(api.PublicConfig{MaxBody: maxBody, MaxMedia: maxMedia}, api.PublicDeps{
		Sources: map[string]api.Source{"pbx": {Provider: p, Config: src}, "other": {Provider: &provider{}}},
		Intake:  hooks, Registry: prometheus.NewRegistry(), Log: zap.NewNop(),
	})
	require.NoError(t, err)
	return h, hooks
}

func hmacOf(body string) string {
	m := hmac.New(sha256.New, []byte(uploadSecret))
	m.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func put(target, body string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPut, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func refuse(err error) func(context.Context, events.Recording) (bool, error) {
	return func(context.Context, events.Recording) (bool, error) { return false, err }
}

func TestEveryAnswerToAnUpload(t *testing.T) {
	const bearer = "Bearer " + uploadSecret
	long := strings.Repeat("x", maxMedia+1)
	chunked := put("/webhooks/pbx/1/media", long, "X-Signature-256", hmacOf(long))
	chunked.ContentLength = -1
	for name, tt := range map[string]struct {
		request *http.Request
		set     func(*intake)
		status  int
		body    string
		kept    int // spooled and not discarded
	}{
		"signed":                {put("/webhooks/pbx/call-1/media", "sound", "X-Signature-256", hmacOf("sound")), nil, 202, `{"recording":"pbx.call-1","duplicate":false}`, 1},
		"bearer":                {put("/webhooks/pbx/call-1/media?from=%2B14155552671", "sound", "Authorization", bearer), nil, 202, `{"recording":"pbx.call-1","duplicate":false}`, 1},
		"an id that is escaped": {put("/webhooks/pbx/a%2Fb%2541/media", "sound", "Authorization", bearer), nil, 202, `{"recording":"pbx.=siwJRgfPsfz-UNh76k9gKhxsSeWQ7G_gXzA-_49vnwI","duplicate":false}`, 1},
		"known":                 {put("/webhooks/pbx/1/media", "sound", "Authorization", bearer), func(i *intake) { i.known = true }, 202, `{"recording":"pbx.1","duplicate":true}`, 0},
		"known and forged":      {put("/webhooks/pbx/1/media", "sound", "X-Signature-256", hmacOf("other")), func(i *intake) { i.known = true }, 401, "", 0},
		"forged":                {put("/webhooks/pbx/1/media", "sound", "X-Signature-256", hmacOf("other")), nil, 401, "", 0},
		"wrong bearer":          {put("/webhooks/pbx/1/media", "sound", "Authorization", "Bearer x"), nil, 401, "", 0},
		"not signed":            {put("/webhooks/pbx/1/media", "sound"), nil, 401, "", 0},
		"too large":             {put("/webhooks/pbx/1/media", long, "X-Signature-256", hmacOf(long)), nil, 413, "", 0},
		"too large, no length":  {chunked, nil, 413, "", 0},
		"empty":                 {put("/webhooks/pbx/1/media", "", "X-Signature-256", hmacOf("")), nil, 400, "", 0},
		"odd field":             {put("/webhooks/pbx/1/media?direction=up", "sound", "Authorization", bearer), nil, 422, "", 0},
		"odd number":            {put("/webhooks/pbx/1/media?durationSeconds=NaN", "sound", "Authorization", bearer), nil, 422, "", 0},
		"odd channels":          {put("/webhooks/pbx/1/media?channels=stereo", "sound", "Authorization", bearer), nil, 422, "", 0},
		"full":                  {put("/webhooks/pbx/1/media", "sound", "Authorization", bearer), func(i *intake) { i.accept = refuse(events.ErrUnavailable) }, 503, "", 0},
		"stored, perhaps": {put("/webhooks/pbx/1/media", "sound", "Authorization", bearer), func(i *intake) {
			i.accept = refuse(fmt.Errorf("%w: %w", events.ErrUnavailable, events.ErrMayBeStored))
		}, 503, "", 1},
		"no store":                 {put("/webhooks/pbx/1/media", "sound", "Authorization", bearer), func(i *intake) { i.full = true }, 503, "", 0},
		"no such source":           {put("/webhooks/none/1/media", "sound", "Authorization", bearer), nil, 404, "", 0},
		"a source without uploads": {put("/webhooks/other/1/media", "sound", "Authorization", bearer), nil, 404, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h, hooks := newUploads(t)
			if tt.set != nil {
				tt.set(hooks)
			}
			w := do(h, tt.request)
			require.Equal(t, tt.status, w.Code, w.Body.String())
			if tt.body != "" {
				require.JSONEq(t, tt.body, w.Body.String())
			}
			require.Equal(t, tt.kept, len(hooks.spooled)-hooks.discarded)
			require.NotContains(t, w.Body.String(), uploadSecret)
		})
	}
}
