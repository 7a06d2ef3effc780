package events

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// gatherWait is how long a pull waits for more workers to be free.
const gatherWait = 5 * time.Millisecond

// takeBatch hands up to n messages to as many free workers.
func (st *stage) takeBatch(ctx context.Context, cons jetstream.Consumer, n int, todo chan<- jetstream.Msg) (used int, err error) {
	batch, err := cons.Fetch(n, jetstream.FetchContext(ctx))
	if err != nil {
		return 0, err
	}
	for msg := range batch.Messages() {
		used++
		todo <- msg
	}
	return used, batch.Error()
}

// takeOne handles one message, of a pull that stays open between two: a stage
// with one worker waits for each.
func (st *stage) takeOne(ctx, work context.Context, cons jetstream.Consumer) error {
	if st.one == nil {
		var err error
		if st.one, err = cons.Messages(jetstream.PullMaxMessages(1)); err != nil {
			return err
		}
	}
	msg, err := st.one.Next(jetstream.NextContext(ctx))
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && !st.svc.dep.Conn.IsConnected() {
			return nats.ErrDisconnected
		}
		return err
	}
	st.process(work, msg)
	return nil
}

// handBack ends a pull and hands back what it was given meanwhile.
func handBack(it jetstream.MessagesContext) {
	it.Drain()
	for {
		msg, err := it.Next(jetstream.NextMaxWait(time.Second)) // NATS may be away
		if err != nil {
			return
		}
		_ = msg.Nak() // else it comes again after ackWait
	}
}

// reserve waits for a free worker and takes every free one, or one for a
// probe, within the stage's room.
func (st *stage) reserve(ctx context.Context, free chan struct{}, probe bool) int {
	select {
	case <-ctx.Done():
		return 0
	case <-free:
	}
	limit := st.workers
	if st.room != nil {
		limit = st.room(ctx) - (st.workers - len(free) - 1) // what is in a handler counts too
	}
	if limit <= 0 {
		free <- struct{}{}
		st.awaitRoom(ctx)
		return 0
	}
	if probe {
		return 1
	}
	return st.gather(ctx, free, limit)
}

// awaitRoom waits until there may be room again: for as long as a count holds,
// or a moment longer than until some is freed, so that one pull fills it all.
func (st *stage) awaitRoom(ctx context.Context) {
	recount := time.NewTimer(jobCountFor)
	defer recount.Stop()
	select {
	case <-ctx.Done():
	case <-recount.C:
	case <-st.freed:
		_ = pause(ctx, gatherWait) // its only error is the end of ctx
	}
}

// gather takes free workers up to a limit, beside the one that is taken already.
// It waits a moment for half of all to be free: a pull for each of them would
// let the messages come one at a time.
func (st *stage) gather(ctx context.Context, free chan struct{}, limit int) int {
	enough := time.NewTimer(gatherWait)
	defer enough.Stop()
	n := 1
	for n < min(limit, st.workers) {
		select {
		case <-free:
			n++
			continue
		default:
		}
		if n >= st.workers/2 {
			return n
		}
		select {
		case <-free:
			n++
		case <-enough.C:
			return n
		case <-ctx.Done():
			return n
		}
	}
	return n
}
