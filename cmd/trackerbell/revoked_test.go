package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// TestARevokedTokenIsReplaced revokes the bot's token while calls come in, and
// gives the running service another one: what was refused meanwhile waits as dead
// letters, the operator is told of it, and it is replayed once.
func TestARevokedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	const first, second = "xoxb-secret-of-the-bot", "xoxb-secret-that-is-new"
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken(first))
	yaml := strings.Replace(killConfig, `token: "${SECRET_SLACK}"`, `tokenFile: "${DIR}/token", operatorChannel: "#ops"`, 1)
	s := newService(t, yaml, "SLACK", slack.URL, "SECRET_SLACK", first, "SECRET_NEW", second, "SECRET_STANDARD", standardSecret)
	s.write("trackers.yaml", testTrackers)
	s.write("token", first)
	p := s.start()
	calls := 0
	send := func(until events.Stage) {
		for range killTeams {
			h, _ := teamCall(calls)
			calls++
			s.waitStage(s.accept("calls", h), until)
		}
	}
	send(events.StageDone)

	slack.SetToken(second)
	var n atomic.Int64
	slack.Fail(func(string, string) *slacktest.Fault { // it says it in several ways
		codes := []string{"token_revoked", "account_inactive", "invalid_auth"}
		return &slacktest.Fault{Code: codes[n.Add(1)%int64(len(codes))]}
	})
	send(events.StageDead)
	slack.Fail(nil)
	send(events.StageDead) // the old one is not accepted any more
	letters := printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead
	require.Len(t, letters, 2*killTeams)
	for _, l := range letters {
		require.Equal(t, events.ReasonDestination, l.Reason)
		require.Equal(t, 1, l.Attempts, "asking again would not help")
	}
	require.Empty(t, slack.Messages("#ops"), "the operator cannot be told either")

	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "token"), []byte(second), 0o600))
	told := func() (n int) {
		for _, m := range slack.Messages("#ops") {
			n += strings.Count(m.Text, "(destination)")
		}
		return n
	}
	require.Eventually(t, func() bool { return told() >= len(letters) }, 2*soon, tick, "the operator is told")
	send(events.StageDone)
	s.must("dead", "replay", "--all")
	for i := range calls {
		s.waitStage(fmt.Sprintf("calls.k%03d", i), events.StageDone)
	}
	requireOnce(t, s, slack, calls)
	p.stop()
	require.Equal(t, calls, strings.Count(p.stderr.String(), `"msg":"submitted"`), "each once")
}
