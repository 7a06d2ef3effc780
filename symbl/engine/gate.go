package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/nats-io/nats.go/jetstream"
)

// gate keeps the number of jobs that have not ended within a limit. It counts
// those of all engines; each further engine that takes one in at the same
// instant may exceed the limit by one. A job is counted once it is enqueued,
// which is its last write: to reserve its place before would be another, which
// somebody had to take back for an engine that was killed.
type gate struct {
	limit    int           // 0: none
	entering chan struct{} // held by the one submission of this process that is counted and written
	queue    jetstream.Stream
	ended    func(ctx context.Context, jobID string) (bool, error)
}

// enter waits for its turn and gives the function that ends it, or the
// documented 429 (docs.symbl.ai, Async API).
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	if g.limit == 0 {
		return func() {}, nil
	}
	select {
	case g.entering <- struct{}{}:
		leave = func() { <-g.entering }
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n, err := g.count(ctx)
	if err == nil && n >= g.limit {
		err = refuse(http.StatusTooManyRequests, "This API has a limit of maximum of `%d` number of concurrent jobs per account. "+
			"If you need more concurrent jobs than this limit, raise engine.maxJobs.", g.limit)
	}
	if err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// count gives how many jobs have not ended, and no more than the limit. A job
// that has ended may still be in the queue, for its end to be told.
func (g *gate) count(ctx context.Context) (int, error) {
	info, err := g.queue.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("count jobs: %w", err)
	}
	if info.State.Msgs < uint64(g.limit) {
		return int(info.State.Msgs), nil
	}
	count := 0
	for seq := info.State.FirstSeq; count < g.limit; {
		msg, err := g.queue.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(queueTopics))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		} else if err != nil {
			return 0, fmt.Errorf("count jobs: %w", err)
		}
		seq = msg.Sequence + 1
		ended, err := g.ended(ctx, string(msg.Data))
		if err != nil {
			return 0, err
		}
		if !ended {
			count++
		}
	}
	return count, nil
}

// hasEnded tells whether a job has ended, or was never written.
func (e *Engine) hasEnded(ctx context.Context, id string) (bool, error) {
	j, _, err := load[job](ctx, e.store, keyJob+id)
	if errors.Is(err, errNotFound) {
		return true, nil
	}
	return j.ended(), err
}
