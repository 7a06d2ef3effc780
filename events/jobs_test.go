package events

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
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
