package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
func newUploads(t *testing.T) (*api.Public, *intake) {
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
	oddly := put("/webhooks/pbx/1/media?channels=9", long, "X-Signature-256", hmacOf(long))
	chunked.ContentLength, oddly.ContentLength = -1, -1
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
		"odd, and forged":       {put("/webhooks/pbx/1/media?channels=9", "sound", "X-Signature-256", hmacOf("other")), nil, 401, "", 0},
		"odd, and signed":       {put("/webhooks/pbx/1/media?channels=9", "sound", "X-Signature-256", hmacOf("sound")), nil, 422, "", 0},
		"odd, signed, too long": {oddly, nil, 413, "", 0},
		"empty, and forged":     {put("/webhooks/pbx/1/media", "", "X-Signature-256", hmacOf("other")), nil, 401, "", 0},
		"empty, and let in":     {put("/webhooks/pbx/1/media", "", "Authorization", bearer), nil, 400, "", 0},
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

func TestWhatIsWrongWithAForgedUploadCountsAsForged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes, in which forgeries would be forgiven
		h, hooks := newUploads(t)
		forged := put("/webhooks/pbx/1/media?channels=9", "sound", "X-Signature-256", hmacOf("other"))
		wrong := untilRefused(t, func() *httptest.ResponseRecorder {
			forged.Body = io.NopCloser(strings.NewReader("sound"))
			return do(h, forged)
		})
		require.GreaterOrEqual(t, wrong, 500)
		signed := func() *http.Request {
			return put("/webhooks/pbx/1/media", "sound", "X-Signature-256", hmacOf("sound"))
		}
		require.Equal(t, http.StatusTooManyRequests, do(h, signed()).Code)
		require.Empty(t, hooks.spooled, "it is refused before its bytes are read")
		bearer := put("/webhooks/pbx/1/media", "sound", "Authorization", "Bearer "+uploadSecret)
		require.Equal(t, http.StatusAccepted, do(h, bearer).Code, "who says who it is before")
		elsewhere := signed()
		elsewhere.RemoteAddr = "198.51.100.7:1"
		require.Equal(t, http.StatusAccepted, do(h, elsewhere).Code)
	})
}

// trickle begins an upload that is signed wrongly, and sends a byte now and then
// until it is hung up on.
func trickle(t *testing.T, server *httptest.Server, path string) (end func()) {
	t.Helper()
	body, write := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL+path, body)
	require.NoError(t, err)
	r.Header.Set("X-Signature-256", hmacOf("other"))
	var both sync.WaitGroup
	both.Go(func() {
		if answer, err := server.Client().Do(r); err == nil {
			_ = answer.Body.Close()
		}
		_ = body.Close()
	})
	_, err = write.Write([]byte("x"))
	require.NoError(t, err)
	both.Go(func() {
		for err == nil {
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
			_, err = write.Write([]byte("x"))
		}
	})
	return func() {
		cancel()
		both.Wait()
	}
}

func TestUploadsThatTrickleKeepNobodyOut(t *testing.T) {
	h, hooks := newUploads(t)
	h.HurryUploads(50 * time.Millisecond)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	for i := range 4 {
		t.Cleanup(trickle(t, server, fmt.Sprintf("/webhooks/pbx/%d/media", i)))
	}
	signed, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/webhooks/pbx/good/media", strings.NewReader("sound"))
	require.NoError(t, err)
	signed.Header.Set("X-Signature-256", hmacOf("sound"))
	answer, err := server.Client().Do(signed)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
	require.Equal(t, []string{"sound"}, hooks.spooled)
}

// TestAnAddressTakesHalfOfTheUploadsAtMost has others of it wait.
func TestAnAddressTakesHalfOfTheUploadsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newUploads(t)
		var all sync.WaitGroup
		var bodies []*io.PipeWriter
		answers := make([]int, 4)
		for i := range answers {
			body, write := io.Pipe()
			bodies = append(bodies, write)
			r := put(fmt.Sprintf("/webhooks/pbx/%d/media", i), "", "X-Signature-256", hmacOf("sound"))
			r.Body, r.ContentLength = body, -1
			all.Go(func() { answers[i] = do(h, r).Code })
			synctest.Wait()
		}
		other := put("/webhooks/pbx/5/media", "sound", "X-Signature-256", hmacOf("sound"))
		other.RemoteAddr = "[2001:db8::1]:1"
		begun := time.Now()
		require.Equal(t, http.StatusAccepted, do(h, other).Code)
		require.Zero(t, time.Since(begun), "it need not wait")
		<-time.After(20 * time.Second)
		for _, b := range bodies[:2] {
			_, err := b.Write([]byte("sound"))
			require.NoError(t, err)
			require.NoError(t, b.Close())
		}
		all.Wait()
		require.Equal(t, []int{202, 202, 503, 503}, answers, "the third and the fourth waited in vain")
	})
}
