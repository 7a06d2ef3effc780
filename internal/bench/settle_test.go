package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatTheStepsHaveToDoIsReadFromTheMetrics(t *testing.T) {
	n, err := unfinishedIn([]byte("# TYPE x gauge\ntrackerbell_step_pending_messages{step=\"submit\"} 40\n" +
		"trackerbell_step_unfinished_messages{step=\"await\"} 2\ntrackerbell_jobs_in_flight 2\n"))
	require.NoError(t, err)
	require.Equal(t, 42, n)
	for _, bad := range []string{"", "up 1\n", "trackerbell_step_pending_messages{step=\"submit\"} many\n"} {
		_, err := unfinishedIn([]byte(bad))
		require.Error(t, err, bad)
	}
}

// TestWhatComesTwiceFails lets a second post come after all recordings have been posted.
func TestWhatComesTwiceFails(t *testing.T) {
	const one, other = "RE00000000000000000000000000000001", "RE00000000000000000000000000000002"
	upstream, err := newStandIn(t.Context())
	require.NoError(t, err)
	defer upstream.close()
	l := &lab{upstream: upstream}
	client := &http.Client{Timeout: soon}
	defer client.CloseIdleConnections()
	send := func(path, body string) {
		res, err := client.Post(upstream.url+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Less(t, res.StatusCode, 300)
	}
	submit := func(id string) { send("/v1/process/audio/url", `{"name":"`+id+`"}`) }
	post := func(id string) { send("/services/x", `{"text":"`+id+`"}`) }

	submit(one)
	post(one)
	looks := 0
	late := func(id string, do func(string)) undone {
		return func(context.Context) (int, error) {
			if looks++; looks == 3 {
				do(id)
			}
			return max(0, 3-looks), nil
		}
	}
	require.NoError(t, l.settle(t.Context(), nil, late(one, func(string) {})))
	for name, left := range map[string]undone{"posted": late(one, post), "submitted": late(one, submit), "a stranger's": late(other, post)} {
		upstream.reset(plan{})
		looks = 0
		submit(one)
		post(one)
		require.Error(t, l.settle(t.Context(), nil, left), name)
	}
	upstream.reset(plan{})
	require.ErrorContains(t, l.settle(t.Context(), nil, func(context.Context) (int, error) { return 0, errors.New("gone") }), "gone")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, l.settle(ctx, nil, func(context.Context) (int, error) { return 1, nil }), context.DeadlineExceeded)
}
