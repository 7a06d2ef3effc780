package events

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// wakesStored counts the wakes that the stream holds, done or not.
func (h *house) wakesStored() int {
	h.t.Helper()
	set, err := h.streams()
	require.NoError(h.t, err)
	msgs, err := readSome(h.t.Context(), set.recordings, 1, 1000, subjectWake+">")
	require.NoError(h.t, err)
	return len(msgs)
}

// submitted runs a service with a recording whose job runs on, and which nobody
// asks for within the test.
func submitted(t *testing.T) (*house, Entry) {
	t.Helper()
	h := newHouse(t, func(o *Options) { o.PollInterval, o.PollMax = time.Hour, time.Hour })
	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageSubmitted)
	return h, e
}

func TestACallbackHasStoredWhatWasFoundWhenItIsAnswered(t *testing.T) {
	t.Parallel()
	h, e := submitted(t)
	h.symbl.setStatus(symbl.Completed)
	w := Wake{Key: e.Key, JobID: e.JobID, Status: string(symbl.Completed)}
	gone, leave := context.WithCancel(t.Context())
	leave()
	require.NoError(t, h.Wake(gone, w))
	set, err := h.streams()
	require.NoError(t, err)
	found, err := readSome(t.Context(), set.recordings, 1, 1000, subjectProcessed+">")
	require.NoError(t, err)
	require.Len(t, found, 1)
	h.settled(h.Service, e.Key, StageDone)
	require.NoError(t, h.Wake(t.Context(), w), "the same again")
	require.Zero(t, h.wakesStored())
	require.Len(t, h.slack.posted(), 1)
}

func TestACallbackBeforeTheAnswerToTheSubmitWaitsForIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.PollInterval, o.PollMax = time.Hour, time.Hour })
	told := make(chan error, 1)
	h.symbl.refuse = func(int) error {
		answered := make(chan struct{})
		go func() {
			told <- h.Wake(context.Background(), Wake{Key: "calls.a", JobID: "job-1", Status: string(symbl.Completed)})
			close(answered)
		}()
		select {
		case <-answered: // too early
		case <-time.After(answerTime / 4):
		}
		return nil
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	require.NoError(t, <-told)
	h.settled(h.Service, "calls.a", StageDone)
	require.Zero(t, h.wakesStored())
}

func TestWhatACallbackCannotSettleIsStored(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(h *house, w *Wake){
		"the job runs on":    func(*house, *Wake) {},
		"the job has failed": func(h *house, _ *Wake) { h.symbl.setStatus(symbl.Failed) },
		"of a failed job":    func(_ *house, w *Wake) { w.Status = string(symbl.Failed) },
		"of another job":     func(h *house, w *Wake) { h.symbl.setStatus(symbl.Completed); w.JobID = "job-9" },
		"Symbl does not answer": func(h *house, _ *Wake) {
			h.symbl.setStatus(symbl.Completed)
			h.symbl.results = func() { panic("no answer") }
		},
		"Symbl is known to be down": func(h *house, _ *Wake) {
			h.symbl.setStatus(symbl.Completed)
			h.awaiting.Load().gate.hold(time.Hour, time.Now())
		},
		"many jobs end at once": func(h *house, _ *Wake) {
			h.symbl.setStatus(symbl.Completed)
			for range cap(h.asks) {
				h.asks <- struct{}{}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, e := submitted(t)
			w := Wake{Key: e.Key, JobID: e.JobID, Status: string(symbl.Completed)}
			set(h, &w)
			require.NoError(t, h.Wake(t.Context(), w))
			require.Equal(t, 1, h.wakesStored())
		})
	}
}

func TestACallbackWaitsNotLongForASubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := inHand{keys: map[string]chan struct{}{}}
		wait := func() time.Duration {
			begun := time.Now()
			h.wait(t.Context(), "calls.a")
			return time.Since(begun)
		}
		require.Zero(t, wait(), "nothing is under way")
		first := h.begin("calls.a")
		require.Equal(t, answerTime, wait(), "it does not end")
		again := h.begin("calls.a")
		first()
		time.AfterFunc(time.Millisecond, again)
		require.Equal(t, time.Millisecond, wait())
		require.Empty(t, h.keys)
	})
}
