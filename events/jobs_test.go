package events

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// asked is a consumer that says how many messages are not acked.
type asked struct {
	jetstream.Consumer
	pending, acks int
	err           error
}

func (a *asked) Info(context.Context) (*jetstream.ConsumerInfo, error) {
	return &jetstream.ConsumerInfo{NumPending: uint64(a.pending), NumAckPending: a.acks}, a.err
}

func TestJobsAreCountedBetweenTwoLooksAtTheServer(t *testing.T) {
	c := jobCount{freed: make(chan struct{}, 1)}
	now := time.Now()
	server := &asked{pending: 1, acks: 2}
	count := func() int { return c.inFlight(t.Context(), server, now) }
	require.Equal(t, 3, count())
	c.begun()
	c.begun()
	require.Equal(t, 5, count())
	c.ended()
	require.Equal(t, 4, count(), "its slot is free before the server is asked again")
	require.Len(t, c.freed, 1)

	now, server.pending, server.acks = now.Add(jobCountFor), 0, 1
	require.Equal(t, 1, count(), "the server knows better")
	c.ended()
	c.ended()
	require.Equal(t, 0, count(), "what another replica submitted may end here")
	c.begun()
	require.Equal(t, 1, count())

	now, server.err = now.Add(jobCountFor), errors.New("away")
	require.Equal(t, 1, count(), "the last count holds")
}

// TestAJobThatEndedElsewhereIsNotWaitedForOn ends a job without what frees its slot.
func TestJobsThatWentToAnotherReplicaAreForgotten(t *testing.T) {
	w := waitingJobs{events: map[string]waitingEvent{}}
	now := time.Now()
	for i := range 5000 { // each is delivered again after three minutes, elsewhere
		now = now.Add(time.Second)
		w.put(strconv.Itoa(i), waitingEvent{seq: uint64(i), until: now.Add(3 * time.Minute)}, now)
		require.LessOrEqual(t, len(w.events), 3*60+60+1)
	}
	_, known := w.take("4999")
	require.True(t, known)
}

func TestAJobThatEndedElsewhereIsNotWaitedForOn(t *testing.T) {
	h := newHouse(t, nil)
	h.symbl.status = symbl.InProgress
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageSubmitted)
	waiting := func() int {
		h.waiting.mu.Lock()
		defer h.waiting.mu.Unlock()
		return len(h.waiting.events)
	}
	require.Eventually(t, func() bool { return waiting() == 1 }, soon, tick)
	_, err := h.mutate(t.Context(), e.Key, func(e *Entry) error {
		e.DeadLetters = []uint64{7} // as another replica buries it
		return nil
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return waiting() == 0 }, soon, tick)
}

func TestAStageStallsWhenItsLoopHasNotTurnedForTooLong(t *testing.T) {
	var st stage
	now := time.Now()
	require.False(t, st.stalled(now), "it has not begun")
	st.turned.Store(&now)
	require.False(t, st.stalled(now.Add(stallAfter)))
	require.True(t, st.stalled(now.Add(stallAfter+1)))
}
