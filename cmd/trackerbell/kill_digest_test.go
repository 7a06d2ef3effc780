package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// ofDigest tells whether only an alert that is held back passes a point.
func ofDigest(point string) bool {
	return strings.HasPrefix(point, "the digest") || point == "the alert is held"
}

// quietNow is a rule that holds everything back for the next hours.
func quietNow() string {
	const layout = "15:04"
	now := time.Now().UTC()
	return fmt.Sprintf(`noise: [{quietHours: {from: %q, to: %q, timeZone: UTC}}]`,
		now.Add(-time.Hour).Format(layout), now.Add(6*time.Hour).Format(layout))
}

// TestKillAtEveryPointOfADigest kills the service while it holds alerts back,
// and while their digests are closed and posted. In the end each alert is told
// once: by a digest, or by itself.
func TestKillAtEveryPointOfADigest(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	s, slack := newKillService(t)
	for team := range killTeams {
		slack.AddChannel(slacktest.Channel{Name: fmt.Sprintf("t%d", team)}) // they exist before the first post
	}
	loud := strings.ReplaceAll(killConfig, "${DIR}", s.dir)
	s.write("trackerbell.yaml", loud+quietNow())
	const most = killTeams * notify.MaxHeld * 3 / 4 // a digest names no more than MaxHeld
	n, sent := 0, 0
	send := func() {
		h, _ := teamCall(sent % most)
		sent++
		n = min(sent, most)
		body := h.json(t)
		_, _ = s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now())) // it may die meanwhile
	}
	die := func(point string, act func()) {
		p := s.launch("TRACKERBELL_CRASH=" + point)
		wait := time.NewTicker(5 * tick)
		defer wait.Stop()
		for until := time.Now().Add(3 * soon); !p.done(); <-wait.C {
			require.True(t, time.Now().Before(until), "nothing passes the point %q", point)
			act()
		}
	}
	nothing := func() {}
	die("the alert is held", send)
	die("the digest is announced", send)
	die("the digest has the alert", send)
	p := s.start()
	for n < 2*killTeams { // at least one for each channel
		send()
	}
	for i := range n {
		h, _ := teamCall(i)
		s.offer(h)
	}
	require.Empty(t, slack.Messages("#t0"))
	p.kill()

	s.write("trackerbell.yaml", loud) // nothing is to be held any longer
	for _, point := range []string{"the digest is closed", "the digest is stored", "it is posted", "the post is noted"} {
		die(point, nothing)
	}
	p = s.start()
	told := func(key string) (times int) {
		for team := range killTeams {
			for _, m := range slack.Messages(fmt.Sprintf("#t%d", team)) {
				times += strings.Count(m.Text+"\n", key+"\n")
			}
		}
		return times
	}
	for i := range n {
		h, _ := teamCall(i)
		key := "calls." + h.ID
		require.Eventually(t, func() bool { return told(key) >= 1 }, 2*soon, 5*tick, "%s is never told", key)
	}
	for i := range n {
		h, _ := teamCall(i)
		require.Equal(t, 1, told("calls."+h.ID), h.ID)
	}
	t.Logf("%d held alerts were told once each", n)
	p.stop()
}
