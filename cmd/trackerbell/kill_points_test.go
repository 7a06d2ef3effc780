package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// crashPoints lists the points of package internal/crash in the order of their
// files.
func crashPoints(t *testing.T) (points []string) {
	t.Helper()
	files, err := filepath.Glob("../../events/*.go")
	require.NoError(t, err)
	call := regexp.MustCompile(`crash\.At\("([^"]+)"\)`)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range call.FindAllSubmatch(raw, -1) {
			points = append(points, string(found[1]))
		}
	}
	return points
}

// wakeStored is passed where a callback comes before its job can be asked.
const wakeStored = "wake is stored"

// TestKillAtEveryPoint kills the service at each named point between two
// steps, again and again on the same store, against a Symbl that knows no
// idempotency. In the end every recording was submitted once and posted once.
func TestKillAtEveryPoint(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	var refusing atomic.Bool
	h := newHosted(t)
	h.refuse = func(int, string) *hostedFault {
		if refusing.Load() {
			return &hostedFault{status: http.StatusBadRequest}
		}
		return nil
	}
	s, slack := newHostedService(t, h, often, true)
	slack.AddChannel(slacktest.Channel{Name: "alerts"}) // it exists before the first post
	points := crashPoints(t)
	require.Greater(t, len(points), 15)
	of := func(prefix string) (list []string) {
		for _, point := range points {
			if strings.HasPrefix(point, prefix) {
				list = append(list, point)
			}
		}
		return list
	}
	var calls []hook
	die := func(point string, act func(p *program)) {
		p := s.launch("TRACKERBELL_CRASH=" + point)
		wait := time.NewTicker(5 * tick)
		defer wait.Stop()
		for until := time.Now().Add(2 * soon); !p.done(); <-wait.C {
			require.True(t, time.Now().Before(until), "nothing passes the point %q", point)
			act(p)
		}
	}
	send := func() {
		call := saleCall(fmt.Sprintf("c%02d", len(calls)))
		calls = append(calls, call)
		body := call.json(t)
		_, _ = s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now())) // it may die meanwhile
	}
	for _, point := range points {
		if !strings.HasPrefix(point, "the letter") && !strings.HasPrefix(point, "the replay") && !strings.HasPrefix(point, "the new run") && !strings.HasPrefix(point, "forgetting") && !ofDigest(point) {
			h.change(func(h *hostedSymbl) { h.early = point == wakeStored })
			die(point, func(*program) { send() })
		}
	}
	refusing.Store(true)
	for _, point := range of("the letter") {
		die(point, func(*program) { send() })
	}
	refusing.Store(false)
	for _, point := range of("the replay") {
		die(point, func(*program) { s.command("dead", "replay", "--all") })
	}

	p := s.start()
	for _, call := range calls {
		s.offer(call) // what was not answered is sent again
	}
	var open []string
	for until := time.Now().Add(3 * soon); ; {
		s.command("dead", "replay", "--all")
		open = nil
		for _, call := range calls {
			if r, ok := s.recording("calls." + call.ID); !ok || !isDone(r) {
				open = append(open, fmt.Sprintf("%s is %q after %v (%s)", call.ID, r.Stage, r.Attempts, r.Error))
			}
		}
		if len(open) == 0 || time.Now().After(until) {
			break
		}
	}
	require.Empty(t, open, "of %d recordings", len(calls))
	submitted := map[string]int{}
	for _, got := range h.submissions() {
		submitted[got.name]++
	}
	for _, call := range calls {
		key := "calls." + call.ID
		require.Len(t, alertsOf(slack, "#alerts", key), 1, "posts of %s", key)
		require.Equal(t, 1, submitted[key], "submissions of %s", key)
	}
	t.Logf("killed at %d points; %d recordings were submitted once and posted once", len(points), len(calls))
	p.stop()
}

// TestKillWhileACallIsForgotten kills the service at each step of forgetting; it
// goes on by itself after the restart.
func TestKillWhileACallIsForgotten(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	s, slack := newKillService(t)
	for i, point := range []string{"forgetting is asked for", "forgetting has begun"} {
		call, channel := teamCall(i)
		p := s.start("TRACKERBELL_CRASH=" + point)
		key := s.accept("calls", call)
		s.waitStage(key, events.StageDone)
		_, err := s.try(http.MethodDelete, s.admin+"/api/recordings/"+key, nil, nil)
		require.Error(t, err, "it dies at the point %q", point)
		<-p.exited
		p = s.start()
		require.Eventually(t, func() bool {
			_, known := s.recording(key)
			return !known && len(slack.Messages(channel)) == 0
		}, soon, tick, "%q", point)
		require.Equal(t, http.StatusAccepted, s.sendStandard("calls", call).status)
		p.stop()
		require.Empty(t, slack.Messages(channel), "what is forgotten stays so")
	}
}

// TestKillWhileAFailedJobIsReplayed kills the service while it starts a
// recording anew. The dead letter is there for as long as the new run is not,
// and a second replay of it is none of its own.
func TestKillWhileAFailedJobIsReplayed(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	for _, point := range []string{"the new run is noted", "the new run is stored"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			h.ends = "failed"
			s, slack := newHostedService(t, h, often, false)
			p := s.start("TRACKERBELL_CRASH=" + point)
			key := s.accept("calls", saleCall("sale-1"))
			s.waitStage(key, events.StageDead)
			h.change(func(h *hostedSymbl) { h.ends = "completed" })
			s.command("dead", "replay", "--all")
			<-p.exited
			p = s.start()
			require.Len(t, printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead, 1)
			s.must("dead", "replay", "--all")
			s.waitStage(key, events.StageDone)
			require.Empty(t, printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead)
			p.stop()
			require.Len(t, h.submissions(), 2, "one for each run")
			require.Len(t, slack.Messages("#alerts"), 1)
		})
	}
}
