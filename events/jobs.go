package events

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// jobCountFor is how long a count of the jobs in flight holds.
const jobCountFor = 100 * time.Millisecond

// jobCount is the number of jobs in flight across all replicas: what the await
// consumer has not acked, read now and then, and what was submitted here since,
// less what has ended.
type jobCount struct {
	mu    sync.Mutex
	at    time.Time
	base  int
	since int
	freed chan struct{} // holds an element when a job has ended
}

// begun counts a job. It is called when the await consumer has its event: a
// job that is counted before is forgotten when the server is asked in between,
// and one that is counted twice is not for long.
func (c *jobCount) begun() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since++
}

// ended counts a job no more. It is called before its event is acked, for the
// same reason.
func (c *jobCount) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.base+c.since > 0 {
		c.since--
	}
	select {
	case c.freed <- struct{}{}:
	default: // it is known already
	}
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
	swept  time.Time
}

type waitingEvent struct {
	reply string    // where its ack goes
	seq   uint64    // in RECORDINGS
	until time.Time // by then it was delivered again, here or to another replica
}

// waitingSweep is how often events are forgotten that went to another replica.
const waitingSweep = time.Minute

func (w *waitingJobs) put(key string, e waitingEvent, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[key] = e
	if now.Sub(w.swept) < waitingSweep {
		return
	}
	w.swept = now
	maps.DeleteFunc(w.events, func(_ string, e waitingEvent) bool { return now.After(e.until) })
}

func (w *waitingJobs) take(key string) (e waitingEvent, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok = w.events[key]
	delete(w.events, key)
	return e, ok
}
