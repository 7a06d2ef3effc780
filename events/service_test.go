package events

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

func (h *house) accept(rec Recording) bool {
	h.t.Helper()
	duplicate, err := h.Accept(h.t.Context(), rec)
	require.NoError(h.t, err)
	return duplicate
}

func TestARecordingBecomesOneAlertByPollsAlone(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	require.False(t, h.accept(transcript("a")))

	e := h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, []string{"Sale"}, e.Trackers)
	var steps []string
	for _, s := range e.Steps {
		steps = append(steps, s.Step)
	}
	require.Equal(t, Steps(), steps)
	require.Len(t, h.slack.posted(), 1)
	require.Equal(t, 1, h.symbl.count())
	require.True(t, h.accept(transcript("a")), "the ledger knows it")
}

func TestAWakeFinishesAJobAndFreesItsSlotBeforeThePoll(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.PollInterval, o.PollMax = time.Hour, time.Hour })
	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageSubmitted)
	cons, err := h.js.Consumer(t.Context(), StreamRecordings, StepAwait)
	require.NoError(t, err)
	pending := func() int {
		info, err := cons.Info(t.Context())
		require.NoError(t, err)
		return info.NumAckPending
	}
	require.Eventually(t, func() bool { return pending() == 1 }, soon, tick)

	h.symbl.setStatus(symbl.Completed)
	require.NoError(t, h.Wake(t.Context(), Wake{Key: e.Key, JobID: e.JobID, Status: "completed"}))
	h.settled(h.Service, "calls.a", StageDone)
	require.Eventually(t, func() bool { return pending() == 0 }, soon, tick, "the poll is an hour away")
}

func TestOfManyDeliveriesAtOnceOneIsNew(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	var fresh atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if duplicate, err := h.Accept(context.Background(), transcript("a")); err == nil && !duplicate {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, fresh.Load())
	h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
}

func TestNothingIsAcceptedBeforeTheStreamsAreOpen(t *testing.T) {
	h := newHouse(t, nil)
	_, err := h.Accept(t.Context(), transcript("a"))
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, h.Ready(t.Context()), ErrUnavailable)
	require.NoError(t, h.Alive())
}

func TestAnEventBeyondWhatTheServerTakesIsTooLarge(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	rec := transcript("a")
	rec.Agent = strings.Repeat("x", embeddedPayload)
	_, err := h.Accept(t.Context(), rec)
	require.ErrorIs(t, err, ErrTooLarge)
}

func TestALargeTranscriptTravelsByReference(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	rec := transcript("a")
	for len(rec.Transcript) < 200 {
		rec.Transcript = append(rec.Transcript, Utterance{Text: strings.Repeat("word ", 400)})
	}
	h.accept(rec)
	h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, h.symbl.messages["conversation-1"], 200)
}

// TestASubmitOfUnknownOutcomeIsLookedUp starts from what a kill between the
// submit and its answer leaves: an intent without a job.
func TestASubmitOfUnknownOutcomeIsLookedUp(t *testing.T) {
	for name, found := range map[string]bool{"it arrived": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.open()
			h.accept(transcript("a"))
			if found {
				h.symbl.known["calls.a"] = "conversation-7"
			}
			_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
				*e = firstEntry(transcript("a"), 1, e.revision)
				e.SubmitIntent = time.Now()
				return nil
			})
			require.NoError(t, err)
			h.run(h.Service)

			e := h.settled(h.Service, "calls.a", StageDone)
			require.Equal(t, 1, h.symbl.lookups)
			require.Len(t, h.slack.posted(), 1)
			if found {
				require.Zero(t, h.symbl.count())
				require.Equal(t, "conversation-7", e.ConversationID)
			} else {
				require.Equal(t, 1, h.symbl.count())
			}
		})
	}
}

func TestABackendWithIdempotencyKeysIsAskedAgainWithTheSameKey(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Idempotent = true })
	h.symbl.refuse = func(n int) error {
		if n == 1 {
			return &symbl.Error{Class: symbl.Transient, Message: "timeout"}
		}
		return nil
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, 1, e.Attempts[StepSubmit])
	require.Equal(t, h.symbl.submits[0].IdempotencyKey, h.symbl.submits[1].IdempotencyKey)
	require.NotEmpty(t, h.symbl.submits[0].IdempotencyKey)
	require.Zero(t, h.symbl.lookups)
}

func TestAThrottledSubmitIsNoFailure(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = func(n int) error {
		if n == 1 {
			return &symbl.Error{Class: symbl.Throttled, Definite: true, RetryAfter: 10 * time.Millisecond}
		}
		return nil
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	require.Empty(t, h.settled(h.Service, "calls.a", StageDone).Attempts)
	require.Zero(t, h.symbl.lookups, "a 429 is a definite refusal")
}

func TestARefusalIsADeadLetterThatCanBeReplayed(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = theFirst
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDead)
	page, err := h.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, page.Letters, 1)
	require.Equal(t, ReasonRefused, page.Letters[0].Reason)
	require.Equal(t, StepSubmit, page.Letters[0].Step)

	require.NoError(t, h.ReplayDead(t.Context(), page.Letters[0].ID))
	h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
	require.ErrorIs(t, h.ReplayDead(t.Context(), page.Letters[0].ID), ErrNotFound)
}

func TestAFailedJobIsSubmittedAnewByItsReplay(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.Failed
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonJobFailed, letter.Reason)

	h.symbl.setStatus(symbl.Completed)
	require.NoError(t, h.ReplayDead(t.Context(), letter.ID))
	h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, 2, h.symbl.count())
	_, err = h.DeadLetter(t.Context(), letter.ID)
	require.ErrorIs(t, err, ErrNotFound)
}

func TestAJobThatNeverEndsIsADeadLetter(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.JobTimeout = 200 * time.Millisecond })
	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonJobTimeout, letter.Reason)
	require.NoError(t, h.DropDead(t.Context(), letter.ID))
	h.settled(h.Service, "calls.a", StageDone)
}

func TestAJobThatEndedWhileNobodyAskedIsNoDeadLetter(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.InProgress
	stop := h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageSubmitted)
	stop()
	h.symbl.setStatus(symbl.Completed)
	again := h.another(func(o *Options) { o.JobTimeout = time.Nanosecond })
	h.run(again)
	h.settled(again, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
}

func TestAReplayedRecordingIsARunOfItsOwn(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))
	require.Eventually(t, func() bool { return len(h.slack.posted()) == 2 }, soon, tick)
	posts := h.slack.posted()
	require.NotEqual(t, posts[0].ID, posts[1].ID)
	require.ErrorIs(t, h.ReplayRecording(t.Context(), "calls.b"), ErrNotFound)
}

// TestAPostOfUnknownOutcomeIsLookedUp is a time-out after Slack had stored the
// message, or had not.
func TestAPostOfUnknownOutcomeIsLookedUp(t *testing.T) {
	for name, stored := range map[string]bool{"it was stored": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			h.slack.post = func(n int, a notify.Alert) error {
				if n > 1 {
					return nil
				}
				if stored {
					h.slack.posts = append(h.slack.posts, a)
				}
				return &notify.Error{Outcome: notify.Unknown, Reason: "timeout"}
			}
			h.run(h.Service)
			h.accept(transcript("a"))
			h.settled(h.Service, "calls.a", StageDone)
			require.Len(t, h.slack.posted(), 1)
			require.Equal(t, 1, h.slack.finds)
		})
	}
}

func TestAnUnknownOutcomeThatNobodyCanReadIsADeadLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.slack.post = func(n int, _ notify.Alert) error {
		if n == 1 {
			return &notify.Error{Outcome: notify.Unknown, Reason: "timeout"}
		}
		return nil
	}
	h.slack.lookup = func() (bool, error) { return false, &notify.Error{Outcome: notify.Permanent, Reason: "not_in_channel"} }
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonOutcomeUnknown, letter.Reason)

	h.slack.mu.Lock()
	h.slack.lookup = func() (bool, error) { return true, nil } // the bot was invited, and it is there
	h.slack.mu.Unlock()
	require.NoError(t, h.ReplayDead(t.Context(), letter.ID))
	h.settled(h.Service, "calls.a", StageDone)
	require.Empty(t, h.slack.posted(), "nothing is posted twice")
}

func TestAPermanentRefusalOfTheChannelIsADeadLetter(t *testing.T) {
	h := newHouse(t, nil)
	h.slack.post = func(int, notify.Alert) error {
		return &notify.Error{Outcome: notify.Permanent, Reason: "channel_not_found", Err: errors.New("slack says so")}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonDestination, letter.Reason)
	require.True(t, e.Alerts[0].Intent.IsZero(), "it certainly was not posted")
}

func TestMaxJobsHoldsWhileManyWait(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxJobs = 3 })
	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	for _, id := range strings.Fields("a b c d e f g h i j") {
		h.accept(transcript(id))
	}
	require.Eventually(t, func() bool { return h.symbl.count() == 3 }, soon, tick)
	require.Never(t, func() bool { return h.symbl.count() > 3 }, 500*time.Millisecond, tick)
	h.symbl.setStatus(symbl.Completed)
	require.Eventually(t, func() bool { return len(h.slack.posted()) == 10 }, soon, tick)
}

func TestARestartGoesOnWhereTheLastRunStopped(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.InProgress
	stop := h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageSubmitted)
	stop()
	h.symbl.setStatus(symbl.Completed)

	again := h.another(nil)
	h.run(again)
	h.settled(again, "calls.a", StageDone)
	require.Equal(t, 1, h.symbl.count())
	require.Len(t, h.slack.posted(), 1)
	duplicate, err := again.Accept(t.Context(), transcript("a"))
	require.NoError(t, err)
	require.True(t, duplicate)
}

func TestAFullStreamRefusesNewRecordings(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxBytes = 64 << 10 })
	h.open()
	var err error
	for i := range 200 {
		rec := transcript(strings.Repeat("a", i+1)[:min(i+1, 100)] + strings.Repeat("b", i/100))
		rec.Agent = strings.Repeat("x", 2000)
		h.full.at = time.Time{} // read the fill level anew
		if _, err = h.Accept(t.Context(), rec); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, ErrUnavailable)
	info, err := h.js.Stream(t.Context(), StreamRecordings)
	require.NoError(t, err)
	var state *jetstream.StreamInfo
	state, err = info.Info(t.Context())
	require.NoError(t, err)
	require.Less(t, state.State.Bytes, uint64(64<<10), "room is left for the stages")
}

func TestAJobThatSeveralFindFailedIsOneDeadLetter(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.setStatus(symbl.InProgress)
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageSubmitted)
	h.symbl.setStatus(symbl.Failed)
	var wakes sync.WaitGroup
	for _, status := range []string{"completed", "failed"} {
		wakes.Go(func() { _ = h.Wake(context.Background(), Wake{Key: e.Key, JobID: e.JobID, Status: status}) })
	}
	wakes.Wait()
	h.settled(h.Service, "calls.a", StageDead)
	cons, err := h.js.Consumer(t.Context(), StreamRecordings, StepAwait)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		info, err := cons.Info(t.Context())
		return err == nil && info.NumPending == 0 && info.NumAckPending == 0
	}, soon, tick)
	page, err := h.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, page.Letters, 1)
}
