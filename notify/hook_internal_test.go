package notify

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAReceiverThatIsSlowHasTheAlertOnceItSaidSo: the status is the answer, and
// what follows it is waited for no longer than for the whole request.
func TestAReceiverThatIsSlowHasTheAlertOnceItSaidSo(t *testing.T) {
	for status, want := range map[int]error{http.StatusOK: nil, http.StatusTooManyRequests: &Error{}, http.StatusBadGateway: &Error{}} {
		end := make(chan struct{})
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			<-end
		}))
		h, err := newHook(other.URL, nil)
		require.NoError(t, err)
		h.timeout = 100 * time.Millisecond
		err = h.post(t.Context(), http.Header{}, nil, hookStatus)
		if want == nil {
			require.NoError(t, err)
		} else {
			var failed *Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, status == http.StatusTooManyRequests, failed.Outcome == Throttled)
		}
		close(end)
		h.Close()
		other.Close()
	}
}
