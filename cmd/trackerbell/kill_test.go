package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// resumeTime is the 15 s that the contract allows from a restart until unfinished
// work goes on, and five for a machine that other tests load. The work itself
// takes milliseconds here.
const resumeTime = 20 * time.Second

// killConfig keeps the embedded store as it is by default, and posts to ten
// channels by label.
const killConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}"}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}"}]
trackers: ${DIR}/trackers.yaml
routes:
  - {match: {labels: {team: t0}}, channel: "#t0"}
  - {match: {labels: {team: t1}}, channel: "#t1"}
  - {match: {labels: {team: t2}}, channel: "#t2"}
  - {match: {labels: {team: t3}}, channel: "#t3"}
  - {match: {labels: {team: t4}}, channel: "#t4"}
`

const killTeams = 5

func newKillService(t *testing.T) (*service, *slacktest.Server) {
	t.Helper()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, killConfig, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret)
	s.write("trackers.yaml", testTrackers)
	return s, slack
}

// teamCall is a call with a sale whose alert goes to the channel of its team.
func teamCall(i int) (h hook, channel string) {
	h = saleCall(fmt.Sprintf("k%03d", i))
	team := fmt.Sprintf("t%d", i%killTeams)
	h.Labels = map[string]string{"team": team}
	return h, "#" + team
}

// restart starts the service again and checks that every recording is done in
// time, counted from when it is ready: a busy machine takes long to start it.
func (s *service) restart(keys ...string) *program {
	s.t.Helper()
	p := s.start()
	begin := time.Now()
	for _, key := range keys {
		left := resumeTime - time.Since(begin)
		s.waitFor(key, left, func(r api.RecordingView) bool { return r.Stage == events.StageDone })
	}
	s.t.Logf("%d recordings done %s after the restart", len(keys), time.Since(begin).Round(time.Millisecond))
	return p
}

// requireOnce checks that each call has one alert, which the ledger knows, and
// that it was submitted as one job.
func requireOnce(t *testing.T, s *service, slack *slacktest.Server, calls int) {
	t.Helper()
	for i := range calls {
		h, channel := teamCall(i)
		posted := alertsOf(slack, channel, "calls."+h.ID)
		require.Len(t, posted, 1, h.ID)
		r, ok := s.recording("calls." + h.ID)
		require.True(t, ok)
		require.Len(t, r.Alerts, 1)
		require.Equal(t, posted[0].TS, r.Alerts[0].TS)
	}
	require.Len(t, s.recordings("100"), calls)
}

func TestKillRightAfterTheWebhooksAnswer(t *testing.T) {
	t.Parallel()
	const calls = 8
	s, slack := newKillService(t)
	p := s.start()
	var sending sync.WaitGroup
	answered := make(chan int, calls)
	for i := range calls {
		h, _ := teamCall(i)
		body := h.json(t)
		sending.Go(func() {
			a, err := s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now()))
			if err == nil && a.status == http.StatusAccepted {
				answered <- i
			}
		})
	}
	keys := []string{fmt.Sprintf("calls.k%03d", <-answered)}
	p.kill()
	sending.Wait()
	close(answered)
	for i := range answered {
		keys = append(keys, fmt.Sprintf("calls.k%03d", i))
	}
	p = s.restart(keys...)
	for i := range calls { // a provider sends again what was not answered
		h, _ := teamCall(i)
		require.Equal(t, http.StatusAccepted, s.sendStandard("calls", h).status)
		s.waitStage("calls."+h.ID, events.StageDone)
	}
	requireOnce(t, s, slack, calls)
	p.stop()
	requireStoredOnce(t, s, calls)
}

func TestKillWhileTheSubmitIsAnswered(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	for _, callbacks := range []bool{false, true} {
		t.Run(fmt.Sprintf("callbacks %v", callbacks), func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			h.manual = true
			h.refuse = func(int, string) *hostedFault { return &hostedFault{accept: true, hang: true} }
			poll := often
			if callbacks {
				poll = never
			}
			s, slack := newHostedService(t, h, poll, callbacks)
			p := s.start()
			key := s.accept("calls", saleCall("sale-1"))
			require.Eventually(t, func() bool { return len(h.submissions()) == 1 }, soon, tick)
			p.kill()
			begin := time.Now()
			p = s.start()
			s.waitFor(key, resumeTime-time.Since(begin), func(r api.RecordingView) bool { return r.Stage == events.StageSubmitted })
			t.Logf("found %s after the restart", time.Since(begin).Round(time.Millisecond))
			h.end(h.unfinished()[0], "completed")
			s.waitStage(key, events.StageDone)
			require.Equal(t, 1, h.tried(), "the conversation was found by its name")
			require.Len(t, slack.Messages("#alerts"), 1)
			p.stop()
		})
	}
}

func TestKillRightAfterTheSubmitsAnswer(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	h := newHosted(t)
	h.manual = true
	s, slack := newHostedService(t, h, often, false)
	p := s.start()
	key := s.accept("calls", saleCall("sale-1"))
	require.Eventually(t, func() bool { return len(h.submissions()) == 1 }, soon, time.Millisecond)
	p.kill()
	h.finish(h.unfinished()[0].id, "completed")
	s.restart(key)
	require.Equal(t, 1, h.tried())
	require.Len(t, slack.Messages("#alerts"), 1)
}

func TestKillAfterSlackStoredTheMessage(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	s, slack := newKillService(t)
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method == "chat.postMessage" {
			return &slacktest.Fault{Accept: true, Hang: true}
		}
		return nil
	})
	p := s.start()
	first, channel := teamCall(0)
	key := s.accept("calls", first)
	require.Eventually(t, func() bool { return len(slack.Messages(channel)) == 1 }, soon, tick)
	p.kill()
	slack.Fail(nil)
	p = s.restart(key)
	requireOnce(t, s, slack, 1)
	require.Equal(t, 1, slack.Calls("chat.postMessage"))
	p.stop()
}

func TestKillWithManyRecordingsInFlight(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	killRepeatedly(t, 30, 1)
}

// TestKillAgainAndAgain is the long form: make chaos.
func TestKillAgainAndAgain(t *testing.T) {
	if os.Getenv("TRACKERBELL_LONG") == "" {
		t.Skip("set TRACKERBELL_LONG=1")
	}
	t.Parallel()
	killRepeatedly(t, 300, 8)
}

// killRepeatedly sends calls and kills the service while it works on them:
// after some alerts were posted, while more are being posted, of which Slack
// keeps every second one.
func killRepeatedly(t *testing.T, calls, kills int) {
	t.Helper()
	s, slack := newKillService(t)
	var keys []string
	p := s.start()
	for round := range kills {
		reached := hangAfter(slack, rand.IntN(calls/kills/2))
		for i := calls * round / kills; i < calls*(round+1)/kills; i++ {
			h, _ := teamCall(i)
			keys = append(keys, s.accept("calls", h))
		}
		require.Eventually(t, reached, resumeTime, time.Millisecond)
		p.kill()
		slack.Fail(nil)
		require.Less(t, posted(slack), len(keys), "it was killed with work left")
		p = s.start()
	}
	p.kill()
	p = s.restart(keys...)
	requireOnce(t, s, slack, calls)
	p.stop()
	requireStoredOnce(t, s, calls)
}

// hangAfter lets Slack answer so many posts; of the rest it keeps every second
// one and answers none. reached tells that there are such.
func hangAfter(slack *slacktest.Server, posts int) (reached func() bool) {
	var n atomic.Int64
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method != "chat.postMessage" {
			return nil
		}
		if over := n.Add(1) - int64(posts); over > 0 {
			return &slacktest.Fault{Hang: true, Accept: over%2 == 0}
		}
		return nil
	})
	return func() bool { return n.Load() > int64(posts) }
}

// posted counts the messages in the channels of all teams.
func posted(slack *slacktest.Server) (n int) {
	for team := range killTeams {
		n += len(slack.Messages(fmt.Sprintf("#t%d", team)))
	}
	return n
}

func skipInShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one test that kills is enough in short mode")
	}
}
