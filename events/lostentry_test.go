package events

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// loseEntry takes a recording's entry out of the ledger without a trace, as a
// block of its stream that was cut off does.
func (h *house) loseEntry(key string) {
	h.t.Helper()
	stream, err := h.js.Stream(h.t.Context(), "KV_"+BucketLedger)
	require.NoError(h.t, err)
	require.NoError(h.t, stream.Purge(h.t.Context(), jetstream.WithPurgeSubject("$KV."+BucketLedger+"."+key)))
	_, err = h.Entry(h.t.Context(), key)
	require.ErrorIs(h.t, err, ErrNotFound)
}

// forgetIDs has a stream forget the ids of its messages, as two hours do. They go
// in their order, so the last one, of a message that nobody reads, tells of all.
func (h *house) forgetIDs(name, subject string) {
	h.t.Helper()
	stream, err := h.js.Stream(h.t.Context(), name)
	require.NoError(h.t, err)
	cfg := stream.CachedInfo().Config
	cfg.Duplicates = 100 * time.Millisecond
	last := jetstream.WithMsgID("last")
	_, err = h.js.Publish(h.t.Context(), subject, nil, last)
	require.NoError(h.t, err)
	require.Eventually(h.t, func() bool {
		cfg.Duplicates += time.Millisecond // a change has the server look at once
		_, err := h.js.UpdateStream(h.t.Context(), cfg)
		require.NoError(h.t, err)
		ack, err := h.js.Publish(h.t.Context(), subject, nil, last)
		return err == nil && !ack.Duplicate
	}, soon, tick)
}

func TestARecordingThatWaitsForItsSubmitOutlivesItsEntry(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.refuse = func(n int) error {
		if n == 1 {
			return &symbl.Error{Class: symbl.Transient, Definite: true, Message: "503"}
		}
		return nil
	}
	stop := h.run(h.Service)
	h.accept(transcript("a"))
	require.Eventually(t, func() bool { return h.symbl.count() == 1 }, soon, tick)
	stop()
	h.loseEntry("calls.a")
	again := h.another(nil)
	h.run(again)
	h.settled(again, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
}

// TestWhatHasLostItsEntryBecomesADeadLetterAfterItsSubmit is what guarantees.md
// says of a block of the ledger that was lost.
func TestWhatHasLostItsEntryBecomesADeadLetterAfterItsSubmit(t *testing.T) {
	for name, c := range map[string]struct {
		step    string
		prepare func(*house)
		stage   Stage
	}{
		"while its job runs": {
			StepAwait, func(h *house) { h.symbl.status = symbl.InProgress }, StageSubmitted,
		},
		"while its alert waits": {
			StepNotify, func(h *house) {
				h.slack.post = func(int, notify.Alert) error { return &notify.Error{Outcome: notify.Transient, Err: errors.New("503")} }
			}, StageProcessed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			c.prepare(h)
			stop := h.run(h.Service)
			h.accept(transcript("a"))
			h.settled(h.Service, "calls.a", c.stage)
			stop()
			h.loseEntry("calls.a")
			h.symbl.setStatus(symbl.Completed)
			h.slack.post = nil

			again := h.another(nil)
			h.run(again)
			h.letters(again, 1)
			letter, err := again.DeadLetter(t.Context(), h.newestLetter(again))
			require.NoError(t, err)
			require.Equal(t, []string{c.step, ReasonLost, "calls.a"}, []string{letter.Step, letter.Reason, letter.Recording})
			require.ErrorIs(t, again.ReplayDead(t.Context(), letter.ID), ErrLost)
			require.Empty(t, h.slack.posted())
			require.ErrorIs(t, again.ReplayRecording(t.Context(), "calls.a"), ErrNotFound)
			require.True(t, h.accept(transcript("a")), "the stream knows the message's id for two hours")

			require.NoError(t, again.DropDead(t.Context(), letter.ID))
			h.letters(again, 0)
			h.forgetIDs(StreamRecordings, "recordings.nobody")
			h.forgetIDs(StreamAlerts, subjectAlerts+"nobody")
			require.False(t, h.accept(transcript("a")), "a backfill brings it back")
			h.settled(again, "calls.a", StageDone)
			require.Len(t, h.slack.posted(), 1)
		})
	}
}

func TestWhatHasLostItsEntryIsNotRouted(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDone)
	found, err := h.Found(t.Context(), "calls.a")
	require.NoError(t, err)
	h.loseEntry("calls.a")
	_, err = publish(t.Context(), h.Service, subjectProcessed+"calls", TypeProcessed, "again", e, found)
	require.NoError(t, err)
	h.letters(h.Service, 1)
	letter, err := h.DeadLetter(t.Context(), h.newestLetter(h.Service))
	require.NoError(t, err)
	require.Equal(t, []string{StepRoute, ReasonLost}, []string{letter.Step, letter.Reason})
	require.Len(t, h.slack.posted(), 1)
}

func (h *house) newestLetter(s *Service) uint64 {
	h.t.Helper()
	page, err := s.DeadLetters(h.t.Context(), 0, 1)
	require.NoError(h.t, err)
	require.NotEmpty(h.t, page.Letters)
	return page.Letters[0].ID
}

// TestWhatIsForgottenIsNoLostEntry has the events of a call outlive its being
// forgotten.
func TestWhatIsForgottenIsNoLostEntry(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.InProgress
	stop := h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageSubmitted)
	stop()
	_, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	require.NoError(t, h.lost(t.Context(), "calls.a"))
	require.ErrorIs(t, h.lost(t.Context(), "calls.b"), ErrLost)
}
