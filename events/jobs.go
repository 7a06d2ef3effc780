package events

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// jobCountFor is how long a count of the jobs in flight holds.
const jobCountFor = 100 * time.Millisecond

// jobCount is the number of jobs in flight across all replicas: what the await
// consumer has not acked, read now and then, and what was submitted since.
type jobCount struct {
	mu    sync.Mutex
	at    time.Time
	base  int
	since int
}

// add counts n jobs that were submitted just now. It is called when the await
// consumer may have them: a job that is counted before that is forgotten by a
// count of the server's that is made in between, one that is counted twice is
// not for long.
func (c *jobCount) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since += n
}

// inFlight counts, asking the server when the last count is too old. When the
// server cannot be asked, the last count holds: the backend's 429 stands
// behind it.
func (c *jobCount) inFlight(ctx context.Context, await jetstream.Consumer, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.at) >= jobCountFor {
		if info, err := await.Info(ctx); err == nil {
			c.base, c.since, c.at = int(info.NumPending)+info.NumAckPending, 0, now
		}
	}
	return c.base + c.since
}

// waitingJobs remembers, in this process only, the submitted event of each job
// that is waited for.
type waitingJobs struct {
	mu     sync.Mutex
	events map[string]waitingEvent // by the recording's key
}

type waitingEvent struct {
	reply string // where its ack goes
	seq   uint64 // in RECORDINGS
}

func (w *waitingJobs) put(key string, e waitingEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[key] = e
}

func (w *waitingJobs) take(key string) (e waitingEvent, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok = w.events[key]
	delete(w.events, key)
	return e, ok
}
