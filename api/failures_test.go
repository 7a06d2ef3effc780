package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
)

// untilRefused asks until the answer is 429, and gives how many were 401.
func untilRefused(t *testing.T, ask func() *httptest.ResponseRecorder) (wrong int) {
	t.Helper()
	for range 2000 {
		switch w := ask(); w.Code {
		case http.StatusUnauthorized:
			wrong++
		case http.StatusTooManyRequests:
			require.Equal(t, "1", w.Header().Get("Retry-After"))
			return wrong
		default:
			require.Fail(t, "unexpected answer", "%d", w.Code)
		}
	}
	require.Fail(t, "nobody is ever refused")
	return 0
}

func TestWhoGuessesTokensMustWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes, in which guesses would be forgiven
		a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
		wrong := untilRefused(t, func() *httptest.ResponseRecorder {
			return do(a, request(http.MethodGet, "/api/recordings", "guess"))
		})
		require.GreaterOrEqual(t, wrong, 60)
		require.Equal(t, http.StatusTooManyRequests, do(a, request(http.MethodGet, "/api/recordings", "op")).Code, "or the next guess could be the right one")
		other := request(http.MethodGet, "/api/recordings", "op")
		other.RemoteAddr = "198.51.100.7:1"
		require.Equal(t, http.StatusOK, do(a, other).Code, "from elsewhere it works")
		require.Equal(t, http.StatusOK, get(a, "/healthz").Code, "and the kubelet is not shut out")
	})
}

func TestForgersDoNotShutOutTheProvider(t *testing.T) {
	p := newPublic(t)
	p.provider.verify = func(r source.Request) error {
		if r.URL.Query().Has("forged") {
			return source.ErrSignature
		}
		return nil
	}
	wrong := untilRefused(t, func() *httptest.ResponseRecorder { return post(p, "/webhooks/calls?forged", "{}") })
	require.GreaterOrEqual(t, wrong, 500)
	require.Equal(t, http.StatusAccepted, post(p, "/webhooks/calls", "{}").Code)
}
