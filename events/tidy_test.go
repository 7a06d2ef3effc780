package events

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// messages counts what a stream holds.
func (h *house) messages(stream string) uint64 {
	h.t.Helper()
	s, err := h.js.Stream(h.t.Context(), stream)
	require.NoError(h.t, err)
	info, err := s.Info(h.t.Context())
	require.NoError(h.t, err)
	return info.State.Msgs
}

func TestFinishedWorkIsDeletedByItsAgeAndUnfinishedIsNot(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxAge = 200 * time.Millisecond })
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	require.Eventually(t, func() bool { return h.messages(StreamRecordings) == 0 && h.messages(StreamAlerts) == 0 }, soon, tick)

	h.symbl.setStatus(symbl.InProgress)
	h.accept(transcript("b"))
	e := h.settled(h.Service, "calls.b", StageSubmitted)
	require.Eventually(t, func() bool { return time.Since(e.SubmittedAt) > 4*h.opt.Limits.MaxAge }, soon, tick)
	require.NoError(t, h.tidy(t.Context()))
	h.symbl.setStatus(symbl.Completed)
	h.settled(h.Service, "calls.b", StageDone)
	require.Len(t, h.slack.posted(), 2)
	require.True(t, h.accept(transcript("a")), "the ledger knows it longer")
}

// TestAStreamFullOfNewRecordingsDrains fills the stream again and again: what
// is refused is sent again, as a provider would.
func TestAStreamFullOfNewRecordingsDrains(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxBytes = 512 << 10 })
	const calls = 200
	refused := 0
	var open atomic.Bool
	h.symbl.refuse = func(int) error { // so that the stream fills up
		if open.Load() {
			return nil
		}
		return &symbl.Error{Class: symbl.Throttled, Definite: true, RetryAfter: 10 * time.Millisecond}
	}
	h.run(h.Service)
	for i := range calls {
		rec := transcript(fmt.Sprintf("call-%d", i))
		rec.Agent = strings.Repeat("x", 4000)
		require.Eventually(t, func() bool {
			_, err := h.Accept(t.Context(), rec)
			if errors.Is(err, ErrUnavailable) {
				refused++
				open.Store(true)
				return false
			}
			require.NoError(t, err)
			return true
		}, soon, tick)
	}
	require.Positive(t, refused, "the stream was never full")
	require.Eventually(t, func() bool { return len(h.slack.posted()) == calls }, 2*soon, tick)
	page, err := h.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, page.Letters)
}

func TestNothingIsDeletedWhileAConsumerIsMissing(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxAge = time.Nanosecond })
	h.open()
	h.accept(transcript("a"))
	require.ErrorIs(t, h.tidy(t.Context()), jetstream.ErrConsumerNotFound)
	require.EqualValues(t, 1, h.messages(StreamRecordings))
}

func TestAMissingConsumerKeepsNoWorkOfOthers(t *testing.T) {
	h := newHouse(t, nil)
	stop := h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	stop()
	h.now = func() time.Time { return time.Now().Add(2 * h.opt.Limits.MaxAge) }
	require.NoError(t, h.js.DeleteConsumer(t.Context(), StreamRecordings, StepSubmit))
	require.ErrorIs(t, h.tidyStreams(t.Context()), jetstream.ErrConsumerNotFound)
	require.EqualValues(t, 1, h.messages(StreamRecordings), "but for the missing one's")
	require.Zero(t, h.messages(StreamAlerts))
}

// TestWhatWaitsForItsSubmitKeepsItsBytes has an upload and a large transcript wait
// behind symbl.maxJobs for longer than both are kept, with nobody looking.
func TestWhatWaitsForItsSubmitKeepsItsBytes(t *testing.T) {
	one := func(o *Options) { o.MaxJobs, o.MaxMedia = 1, 1<<20 }
	h := newHouse(t, one)
	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageSubmitted)
	bytesOf, err := h.Spool(t.Context(), "calls.upload", strings.NewReader(wave))
	require.NoError(t, err)
	upload := transcript("upload")
	upload.Transcript, upload.Spooled = nil, &bytesOf
	h.accept(upload)
	long := transcript("long")
	long.Transcript = slices.Repeat([]Utterance{{Text: strings.Repeat("a sale ", 400)}}, 200)
	h.accept(long)

	later := h.another(one)
	require.NoError(t, later.openOnce(t.Context()))
	later.now = func() time.Time { return time.Now().Add(max(abandonedAge, h.opt.Limits.MaxAge) + time.Minute) }
	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, later.tidyBlobs(t.Context(), set))

	h.symbl.setStatus(symbl.Completed)
	for _, key := range []string{"calls.a", "calls.upload", "calls.long"} {
		h.settled(h.Service, key, StageDone)
	}
}

func TestBlobsGoWithTheirRecording(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	for _, name := range []string{"transcript/calls.done", "matches/calls.done/0", "transcript/calls.waits", "transcript/calls.unknown"} {
		_, err := set.blobs.PutString(t.Context(), name, "x")
		require.NoError(t, err)
	}
	for key, stage := range map[string]Stage{"calls.done": StageDone, "calls.waits": StageReady} {
		_, err := h.mutate(t.Context(), key, func(e *Entry) error { e.Stage = stage; return nil })
		require.NoError(t, err)
	}
	require.NoError(t, h.tidyBlobs(t.Context(), set))
	require.Len(t, names(t, set.blobs), 4, "they are young")
	h.now = func() time.Time { return time.Now().Add(2 * h.opt.Limits.MaxAge) }
	require.NoError(t, h.tidyBlobs(t.Context(), set))
	require.Equal(t, []string{"transcript/calls.waits"}, names(t, set.blobs))
	_, err = loadLarge[string](t.Context(), set.blobs, "transcript/calls.done")
	var gone *deadError
	require.ErrorAs(t, err, &gone)
}

func names(t *testing.T, blobs jetstream.ObjectStore) []string {
	t.Helper()
	list, err := blobs.List(t.Context())
	require.NoError(t, err)
	var all []string
	for _, o := range list {
		all = append(all, o.Name)
	}
	return all
}
