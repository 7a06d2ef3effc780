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

// idle waits until a consumer has nothing left to hand out.
func (h *house) idle(stream, consumer string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		cons, err := h.js.Consumer(h.t.Context(), stream, consumer)
		require.NoError(h.t, err)
		info := cons.CachedInfo()
		return info.NumPending == 0 && info.NumAckPending == 0
	}, soon, tick)
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

// TestWhatHasLostItsEntryIsDroppedAfterItsSubmit is what guarantees.md says of a
// block of the ledger that was lost.
func TestWhatHasLostItsEntryIsDroppedAfterItsSubmit(t *testing.T) {
	for name, c := range map[string]struct {
		prepare          func(*house)
		stage            Stage
		stream, consumer string
	}{
		"while its job runs": {
			func(h *house) { h.symbl.status = symbl.InProgress }, StageSubmitted, StreamRecordings, StepAwait,
		},
		"while its alert waits": {
			func(h *house) {
				h.slack.post = func(int, notify.Alert) error { return &notify.Error{Outcome: notify.Transient, Err: errors.New("503")} }
			}, StageProcessed, StreamAlerts, notifyConsumer + notify.Slug("#alerts"),
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
			h.idle(c.stream, c.consumer)
			require.Empty(t, h.slack.posted())
			page, err := again.DeadLetters(t.Context(), 0, 10)
			require.NoError(t, err)
			require.Empty(t, page.Letters, "nobody is told")
			require.ErrorIs(t, again.ReplayRecording(t.Context(), "calls.a"), ErrNotFound)
			require.True(t, h.accept(transcript("a")), "the stream knows the message's id for two hours")

			h.forgetIDs(StreamRecordings, "recordings.nobody")
			h.forgetIDs(StreamAlerts, subjectAlerts+"nobody")
			require.False(t, h.accept(transcript("a")), "a backfill brings it back")
			h.settled(again, "calls.a", StageDone)
			require.Len(t, h.slack.posted(), 1)
		})
	}
}
