package events

import (
	"context"
	"math/rand/v2"
	"strconv"
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
