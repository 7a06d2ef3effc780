package events

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// TestAFullStreamMakesRoomForWhatIsLeft fills the stream with finished work
// that nobody saw it fill up with, as in a burst between two readings of its
// level. The oldest message is not finished, which keeps those of its subject,
// and what may go lies at the very end.
func TestAFullStreamMakesRoomForWhatIsLeft(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxBytes = 64 << 10 })
	var open atomic.Bool
	h.symbl.refuse = func(n int) error {
		if open.Load() || h.symbl.submits[n-1].Name != "calls.first" {
			return nil
		}
		return &symbl.Error{Class: symbl.Throttled, Definite: true, RetryAfter: 10 * time.Millisecond}
	}
	h.run(h.Service)
	h.full.mu.Lock()
	h.full.at = time.Now().Add(time.Hour) // it is thought empty
	h.full.mu.Unlock()
	h.accept(transcript("first"))

	junk := 0
	put := func(size int) error { // of work that ends as a dead letter
		_, err := h.js.Publish(t.Context(), subjectReady+"calls", bytes.Repeat([]byte("x"), size))
		if err == nil {
			junk++
		}
		return err
	}
	for range 20 {
		require.NoError(t, put(2000))
	}
	h.accept(transcript("second"))
	h.settled(h.Service, "calls.second", StageDone)
	for size := 2000; size > 100; {
		if put(size) != nil {
			size /= 2
		}
	}
	h.letters(h.Service, junk)
	open.Store(true)
	// A purge has the redelivery of what was handed back come an ackWait late.
	require.Eventually(t, func() bool { return len(h.slack.posted()) == 2 }, 2*soon, tick)
	require.Empty(t, h.settled(h.Service, "calls.first", StageDone).Attempts, "it is no failure of the recording")
}

// TestTheStepsHaveRoomHoweverManyWait fills the stream with recordings of which
// none is submitted, as far as it takes any.
func TestTheStepsHaveRoomHoweverManyWait(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.MaxBytes = 64 << 10 })
	var open atomic.Bool
	h.symbl.refuse = func(int) error {
		if open.Load() {
			return nil
		}
		return &symbl.Error{Class: symbl.Throttled, Definite: true, RetryAfter: 10 * time.Millisecond}
	}
	h.run(h.Service)
	calls := 0
	for size := 4000; size > 0; {
		rec := transcript(strconv.Itoa(calls))
		rec.Agent = strings.Repeat("x", size)
		if _, err := h.Accept(t.Context(), rec); err != nil {
			require.ErrorIs(t, err, ErrUnavailable)
			size /= 2
			continue
		}
		calls++
	}
	open.Store(true)
	require.Eventually(t, func() bool { return len(h.slack.posted()) == calls }, 2*soon, tick)
}
