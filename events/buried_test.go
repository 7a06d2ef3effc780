package events

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// A process may be killed after a dead letter is noted and before its message is
// ended: the message comes again.
func TestAMessageThatIsBuriedIsNotSubmittedWhenItComesAgain(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = theFirst
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	ev, err := readEvent(t.Context(), h.opened.Load().recordings, e.ReadySeq)
	require.NoError(t, err)
	for delivered := range uint64(2) {
		require.NoError(t, h.submit(t.Context(), delivery{event: ev, seq: e.ReadySeq, delivered: delivered + 1}))
	}
	require.Equal(t, 1, h.symbl.count())

	require.NoError(t, h.ReplayDead(t.Context(), e.DeadLetters[0]))
	h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, 2, h.symbl.count())
	require.Len(t, h.slack.posted(), 1)
}

func TestTheReplayOfASubmitThatHasHappenedAwaitsItsJob(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = func(int) error {
		return &symbl.Error{Class: symbl.Permanent, Definite: true, Message: "messages are missing"}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		e.Stage, e.JobID, e.ConversationID = StageSubmitted, "job-1", "conversation-1"
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, h.ReplayDead(t.Context(), e.DeadLetters[0]))
	h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, 1, h.symbl.count(), "it is not submitted again")
	require.Len(t, h.slack.posted(), 1)
}

// A letter may be dealt with between its being stored and its message's end: the
// message comes again.
func TestALetterThatWasDroppedDoesNotComeBackWithItsMessage(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = func(int) error {
		return &symbl.Error{Class: symbl.Permanent, Definite: true, Message: "messages are missing"}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	require.NoError(t, h.DropDead(t.Context(), e.DeadLetters[0]))
	ev, err := readEvent(t.Context(), h.opened.Load().recordings, e.ReadySeq)
	require.NoError(t, err)
	require.NoError(t, h.bury(t.Context(), burial{
		delivery: delivery{event: ev, seq: e.ReadySeq, delivered: 2}, step: StepSubmit, run: strconv.FormatUint(e.ReadySeq, 10),
		subject: subjectReady + "calls", reason: ReasonRefused, cause: errors.New("messages are missing"),
	}))
	e, err = h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, StageDone, e.State())
}

// A process may be killed after a recording is started anew and before its dead
// letters are deleted.
func TestDroppingASpentLetterDoesNotGiveUpTheNewRun(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = theFirst
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	letter := e.DeadLetters[0]
	_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		e.restart([]uint64{letter})
		return nil
	})
	require.NoError(t, err)

	require.NoError(t, h.DropDead(t.Context(), letter))
	h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
	_, err = h.DeadLetter(t.Context(), letter)
	require.ErrorIs(t, err, ErrNotFound)

	require.NoError(t, h.markDead(t.Context(), burial{delivery: delivery{event: Event{Subject: "calls.a"}}}, letter), "by who buried it, late")
	e, err = h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, StageDone, e.State())
}

// TestAFailureOfAnEarlierRunIsNoneOfTheNewOne has the handler of the first run
// fail for good when its recording was started anew a moment ago.
func TestAFailureOfAnEarlierRunIsNoneOfTheNewOne(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.accept(transcript("a"))
	set, err := h.streams()
	require.NoError(t, err)
	ev, err := readEvent(t.Context(), set.recordings, 1)
	require.NoError(t, err)
	_, err = h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		*e = firstEntry(transcript("a"), 1, e.revision)
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))
	_, err = h.noteFailure(t.Context(), ev, StepSubmit, errors.New("gone"), func(time.Time) bool { return false })
	require.ErrorIs(t, err, errNotOwner)
	require.NoError(t, h.bury(t.Context(), burial{delivery{event: ev, seq: 1, delivered: 1}, StepSubmit, "1", "recordings.ready.calls", 1, ReasonMedia, errors.New("gone")}))
	e, err := h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, StageReady, e.State())
	require.Empty(t, e.Attempts)
	h.letters(h.Service, 0)
}
