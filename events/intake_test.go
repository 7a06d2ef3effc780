package events

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestASenderThatGoesAwayLeavesNoDoubt ends the sender's request while what it
// sent is being stored: whoever is told that it is not can believe it.
func TestASenderThatGoesAwayLeavesNoDoubt(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	for i := range 100 {
		rec := transcript(strconv.Itoa(i))
		ctx, cancel := context.WithCancel(t.Context())
		gone := time.AfterFunc(time.Duration(rand.IntN(400))*time.Microsecond, cancel)
		duplicate, err := h.Accept(ctx, rec)
		gone.Stop()
		cancel()
		require.NoError(t, err)
		require.False(t, duplicate)
	}
}

func TestAnAnswerThatDoesNotComeIsTold(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, h.js.DeleteStream(t.Context(), StreamRecordings))
	_, err = h.publishReady(t.Context(), set, transcript("a"))
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, ErrMayBeStored)
}

// Each attempt puts a large transcript under a name of its own.
func TestALargeTranscriptThatIsNotTakenLeavesNothing(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxBytes = 64 << 10 })
	h.open()
	set, err := h.streams()
	require.NoError(t, err)
	rec := transcript("a")
	rec.Transcript[0].Text = strings.Repeat("x", inlineBytes+1)
	for range 3 {
		duplicate, err := h.publishReady(t.Context(), set, rec) // a replica does not know the key yet
		require.NoError(t, err)
		kept, err := readMsg(t.Context(), set.recordings, duplicate.Sequence)
		require.NoError(t, err)
		all := names(t, set.blobs)
		require.Len(t, all, 1)
		require.Contains(t, string(kept.Data), all[0])
	}
	_, err = h.js.Publish(t.Context(), subjectReady+"calls", []byte(strings.Repeat("x", 60<<10)))
	require.NoError(t, err)
	h.full.forget()
	other := transcript("b")
	other.Transcript[0].Text = rec.Transcript[0].Text
	for range 3 {
		_, err := h.Accept(t.Context(), other)
		require.ErrorIs(t, err, ErrUnavailable)
		require.NotErrorIs(t, err, ErrMayBeStored)
		require.Len(t, names(t, set.blobs), 1)
	}
}
