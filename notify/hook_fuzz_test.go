package notify_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

// hostile is a transport whose other side answers as a fuzzer likes, and counts
// what it is asked.
type hostile struct {
	status   int
	header   http.Header
	body     string
	endless  bool // the body goes on for ever
	requests int
}

func (h *hostile) RoundTrip(*http.Request) (*http.Response, error) {
	h.requests++
	var body io.Reader = strings.NewReader(h.body)
	if h.endless {
		body = io.MultiReader(body, endless{})
	}
	return &http.Response{StatusCode: h.status, Header: h.header, Body: io.NopCloser(body), ContentLength: -1}, nil
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// FuzzHookAnswers plays a hostile receiver to both kinds of webhook: one request
// is made whatever it answers, 2xx is a delivery, and everything else an error of
// the closed set that repeats nothing of the answer.
func FuzzHookAnswers(f *testing.F) {
	for _, status := range []int{200, 204, 301, 302, 307, 400, 401, 404, 408, 410, 413, 429, 500, 503, 599} {
		f.Add(status, "", "text/plain", "", "", false)
		f.Add(status, "no_service "+secretToken, "text/html; charset=\xff", "https://elsewhere.example/"+secretToken, "7", true)
	}
	for _, after := range []string{"0", "-1", "1e9", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", " 3 ", fmt.Sprint(math.MaxInt64), "\x00"} {
		f.Add(429, `{"ok":`, "application/json", "", after, false)
	}
	for _, body := range []string{"channel_is_archived", "invalid_token", "\x1b[2J", strings.Repeat("{", 10_000), "\xff\xfe"} {
		f.Add(403, body, "", "//elsewhere", "1", false)
	}
	f.Fuzz(func(t *testing.T, status int, body, contentType, location, after string, forever bool) {
		if status < 200 || status > 599 {
			status = 200
		}
		for _, start := range []func(*http.Client) (notify.Notifier, error){
			func(c *http.Client) (notify.Notifier, error) {
				return notify.NewWebhook("https://hook.example/"+secretToken, hookSecret, c)
			},
			func(c *http.Client) (notify.Notifier, error) {
				return notify.NewSlackHook("https://hook.example/"+secretToken, notify.SlackOptions{HTTPClient: c})
			},
		} {
			other := &hostile{status: status, body: body, endless: forever, header: http.Header{
				"Content-Type": {contentType}, "Location": {location}, "Retry-After": {after}, "Set-Cookie": {body},
			}}
			n, err := start(&http.Client{Transport: other})
			require.NoError(t, err)
			r, err := n.Notify(t.Context(), loadAlert(t, "exact"))
			require.Equal(t, 1, other.requests, "nothing is repeated and no redirect followed")
			require.Empty(t, r.TS+r.Channel)
			if status < 300 {
				require.NoError(t, err)
				continue
			}
			e := failure(t, err)
			requireClosed(t, e)
			require.Equal(t, status == http.StatusTooManyRequests, e.Outcome == notify.Throttled)
			require.NotContains(t, err.Error(), secretToken)
			require.NotContains(t, err.Error(), hookSecret)
			require.Less(t, len(err.Error()), 200)
		}
	})
}
