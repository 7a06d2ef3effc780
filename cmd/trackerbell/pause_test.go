package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stopped tells whether the process is stopped by a signal (proc(5)).
func (p *program) stopped() bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(raw), ") ")
	return strings.HasPrefix(state, "T")
}

// TestAPausedReplicaDoesNotActOnWhatAnotherHasDone stops a replica at the worst
// moments, until another has done its work, and lets it go on. Before its last
// look at the clock it notices; after it, it acts a second time: that is the
// window which docs/guarantees.md states.
func TestAPausedReplicaDoesNotActOnWhatAnotherHasDone(t *testing.T) {
	skipInShort(t)
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("needs proc to see that a process is stopped")
	}
	t.Parallel()
	for point, want := range map[string]struct{ submissions, posts int }{
		"the submit is intended": {1, 1},
		"the post is intended":   {1, 1},
		"the submit leaves":      {2, 1},
		"the post leaves":        {1, 2},
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := newArena(t, 2)
			a.runs[0].stop()
			a.runs[1].stop()
			paused := a.replicas[0].launch("TRACKERBELL_PAUSE=" + point)
			a.up(0)
			const key = "calls.sale-1"
			body := saleCall("sale-1").json(t)
			answered := make(chan struct{})
			go func() { // it may stop before it has written the answer
				defer close(answered)
				_, _ = a.replicas[0].try(http.MethodPost, a.replicas[0].public+"/webhooks/calls", body, standard(body, time.Now()))
			}()
			require.Eventually(t, paused.stopped, 2*soon, tick)
			a.start(1)
			a.replicas[1].waitFor(key, 3*soon, isDone)
			paused.signal(syscall.SIGCONT)
			<-answered
			a.up(0)
			a.replicas[0].waitFor(key, soon, isDone)
			paused.stopAsItGoesOn() // and with it ends what it held
			require.Len(t, a.slack.Posted("#alerts"), want.posts)
			require.Len(t, a.symbl.submissions(), want.submissions)
		})
	}
}

// stopAsItGoesOn ends a process that may meet its point again: whatever it had
// in hand has happened then.
func (p *program) stopAsItGoesOn() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	require.Eventually(p.t, func() bool {
		p.signal(syscall.SIGCONT)
		return p.done()
	}, exitTime, 5*tick, "the process does not end")
	require.Equal(p.t, 0, p.code(), "the exit code after SIGTERM")
}
