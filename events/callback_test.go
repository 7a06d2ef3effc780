package events

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
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
	var took time.Duration
	h.symbl.refuse = func(int) error {
		answered := make(chan struct{})
		go func() {
			begun := time.Now()
			err := h.Wake(context.Background(), Wake{Key: "calls.a", JobID: "job-1", Status: string(symbl.Completed)})
			took = time.Since(begun)
			told <- err
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
	if took < answerTime { // else it may have waited long enough
		require.Zero(t, h.wakesStored())
	}
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

func TestACallbackThatIsAskedToPauseHoldsItsStage(t *testing.T) {
	t.Parallel()
	h, e := submitted(t)
	h.symbl.job = func(context.Context) error { return &symbl.Error{Class: symbl.Throttled, RetryAfter: time.Hour} }
	require.NoError(t, h.Wake(t.Context(), Wake{Key: e.Key, JobID: e.JobID, Status: string(symbl.Completed)}))
	closed, _ := h.awaiting.Load().gate.state(time.Now())
	require.Greater(t, closed, 59*time.Minute)
	require.Equal(t, 1, h.wakesStored())
}

func TestASlowSymblIsLeftToTheStage(t *testing.T) {
	t.Parallel()
	h, e := submitted(t)
	var asked atomic.Int32
	h.symbl.job = func(ctx context.Context) error {
		if _, ends := ctx.Deadline(); !ends {
			return errors.New("the stage has all the time")
		}
		asked.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}
	for range 2 {
		require.NoError(t, h.Wake(t.Context(), Wake{Key: e.Key, JobID: e.JobID, Status: string(symbl.Completed)}))
	}
	require.EqualValues(t, 1, asked.Load())
	require.Equal(t, 1, h.wakesStored(), "with the same id")
}

// The second of two that find the same must not take the bytes from those who
// read what the first has stored.
func TestLargeMatchesThatAreFoundTwiceCanBeReadAllTheTime(t *testing.T) {
	t.Parallel()
	h, e := submitted(t)
	large := Processed{Trackers: []notify.Tracker{{Name: strings.Repeat("x", inlineBytes+1)}}}
	first, err := h.publishProcessed(t.Context(), e, large)
	require.NoError(t, err)
	require.True(t, first)
	set, err := h.streams()
	require.NoError(t, err)
	kept := names(t, set.blobs)
	require.Len(t, kept, 1)
	_, err = storeLarge(t.Context(), set.blobs, msgID("matches", e.Key, e.Replay), large.Trackers, nameOf)
	require.NoError(t, err)
	require.Equal(t, kept, names(t, set.blobs), "what cannot be published leaves no more each time")
	before, err := set.blobs.GetInfo(t.Context(), kept[0])
	require.NoError(t, err)
	first, err = h.publishProcessed(t.Context(), e, large)
	require.NoError(t, err)
	require.False(t, first)
	after, err := set.blobs.GetInfo(t.Context(), kept[0])
	require.NoError(t, err)
	require.Equal(t, before.NUID, after.NUID)
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
