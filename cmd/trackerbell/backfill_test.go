package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
)

// TestBackfillAsksForPageAfterPage stands in for the service, whose provider
// refuses the first request.
func TestBackfillAsksForPageAfterPage(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		q := r.URL.Query()
		asked = append(asked, r.Method+" "+r.URL.Path+" "+q.Get("cursor")+" "+q.Get("dryRun"))
		w.Header().Set("Content-Type", "application/json")
		switch {
		case len(asked) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"title":"Service Unavailable","status":503,"detail":"the provider answers 429; try again"}`))
		case len(asked) == 3:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(`{"title":"Bad Gateway","status":502,"detail":"https://api.example.com: timed out; try again"}`))
		case q.Get("cursor") == "":
			_, _ = w.Write([]byte(`{"recordings":[{"recording":"support.RE1","duplicate":false}],"unusable":1,"next":"p=2&x"}`))
		default:
			_, _ = w.Write([]byte(`{"recordings":[{"recording":"support.RE2","duplicate":true}],"unusable":0,"next":""}`))
		}
	}))
	t.Cleanup(admin.Close)
	r := command(t, t.TempDir(), nil, "recordings", "backfill", "support", "--since", "24h", "--dry-run", "--admin", admin.URL)
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "to take in support.RE1\n1 to take in, 1 known before, 1 without what is needed\n", r.stdout)
	require.Equal(t, "trackerbell: Service Unavailable: the provider answers 429; asking again in 5s (2 of 12)\n"+
		"trackerbell: Bad Gateway: https://api.example.com: timed out; asking again in 5s (2 of 12)\n", r.stderr)
	const path = "POST /api/sources/support/backfill "
	require.Equal(t, []string{path + " true", path + " true", path + "p=2&x true", path + "p=2&x true"}, asked)
}

// TestBackfillEndsWhereAskingAgainCannotHelp has the reason told at once.
func TestBackfillEndsWhereAskingAgainCannotHelp(t *testing.T) {
	t.Parallel()
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte(`{"title":"Bad Gateway","status":502,"detail":"https://api.example.com: the address is not public"}`))
	}))
	t.Cleanup(admin.Close)
	r := command(t, t.TempDir(), nil, "recordings", "backfill", "support", "--since", "24h", "--admin", admin.URL)
	require.Equal(t, 1, r.code)
	require.Equal(t, "trackerbell: Bad Gateway: https://api.example.com: the address is not public\n", r.stderr)
}

func TestBackfillSaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	s := newService(t, killConfig, "SLACK", "https://slack.com/api/", "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret)
	s.write("trackers.yaml", testTrackers)
	p := s.start()
	for since, want := range map[string]string{"yesterday": "--since: must be a duration", "2999-01-01": "in the past"} {
		r := s.command("recordings", "backfill", "calls", "--since", since)
		require.Equal(t, 2, r.code)
		require.Contains(t, r.stderr, want)
	}
	r := s.command("recordings", "backfill", "calls", "--since", "24h")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "the source cannot list its recordings")
	r = s.command("recordings", "backfill", "nowhere", "--since", "24h")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "there is no source nowhere")
	require.Empty(t, printed[api.RecordingList](t, s.must("recordings", "list", "--output", "json")).Recordings)
	p.stop()
}

func TestSinceIsADurationADayOrATime(t *testing.T) {
	now := time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"36h": "2026-11-26T16:00:00Z", "2026-11-01": "2026-11-01T00:00:00Z", "2026-11-01T08:00:00+02:00": "2026-11-01T06:00:00Z",
	} {
		at, err := sinceWhen(text, now)
		require.NoError(t, err)
		require.Equal(t, want, at.UTC().Format(time.RFC3339))
	}
	for _, text := range []string{"", "-1h", "0", "0s", "2026-11-29", "noon"} {
		_, err := sinceWhen(text, now)
		require.Error(t, err, text)
	}
}
