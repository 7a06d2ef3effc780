package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// pullWait is how long one request for work stands; the server tells of itself
// meanwhile, so that a lost one is noticed.
const pullWait = 20 * time.Second

// Run works on jobs until ctx ends: on as many of text, and as many of audio
// and video, as there are workers. Without a transcriber recordings are left
// to other engines; where there is none, they fail. Then it takes no more, gives
// those under way a few seconds to finish, and hands back what is left: another
// engine takes it over at once. It gives an error only if there is no folder for
// recordings.
func (e *Engine) Run(ctx context.Context) (err error) {
	if e.hearing != nil {
		if e.hearing.spool, err = openSpool(e.cfg.TempDir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, e.hearing.spool.close()) }()
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(e.cfg.timing.drain, cancel) })
	defer stop()
	var workers sync.WaitGroup
	do := func(msg jetstream.Msg) { e.work(work, msg) }
	for range e.cfg.Workers {
		workers.Go(func() { e.worker(ctx, e.texts, do) })
		if e.hearing != nil {
			workers.Go(func() { e.worker(ctx, e.recordings, do) })
		}
	}
	if e.cfg.Callbacks != nil {
		workers.Go(func() { e.courier(ctx, work) })
	}
	if e.hearing != nil {
		workers.Go(func() { e.sayHearing(ctx) })
	} else {
		workers.Go(func() { e.deafWorker(ctx, work) })
	}
	workers.Go(func() { e.sweeper(ctx) })
	workers.Wait()
	return nil
}

// worker takes one message at a time, so nothing is fetched that would have to
// wait here while another engine is idle.
func (e *Engine) worker(ctx context.Context, queue jetstream.Consumer, do func(jetstream.Msg)) {
	failed := 0
	for ctx.Err() == nil {
		msg, err := next(ctx, queue)
		switch {
		case err == nil:
			failed = 0
			if msg != nil {
				do(msg)
			}
		case ctx.Err() == nil:
			if failed++; failed == 1 {
				e.log.Warn("engine cannot fetch jobs; it keeps trying", zap.Error(err))
			}
			pause(ctx, e.delay(failed))
		}
	}
}

// next waits for a message; nil means that there is none yet.
func next(ctx context.Context, queue jetstream.Consumer) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, pullWait)
	defer cancel()
	msg, err := queue.Next(jetstream.FetchContext(ctx))
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return nil, nil
	}
	return msg, err
}

// work works on the job that a message names.
func (e *Engine) work(ctx context.Context, msg jetstream.Msg) {
	id := string(msg.Data())
	var again time.Duration
	err := e.handle(ctx, msg, func() error {
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		return e.process(ctx, id, meta.Sequence.Stream)
	}, func(err error, deliveries int) time.Duration {
		again = e.wait(err, deliveries)
		return again
	})
	if err != nil {
		e.log.Warn("engine job goes back to the queue", zap.String("job", id), zap.Duration("again", again), zap.Error(err))
	}
}

// handle does what a message asks for, and acknowledges it only when nothing is
// left to do. Else it goes back to the queue, for as long as wait says.
func (e *Engine) handle(
	ctx context.Context, msg jetstream.Msg, do func() error, wait func(err error, deliveries int) time.Duration,
) error {
	stop := e.heartbeat(msg)
	err := do()
	stop()
	switch {
	case err == nil:
		return msg.Ack()
	case ctx.Err() != nil:
		return errors.Join(err, msg.Nak())
	}
	return errors.Join(err, msg.NakWithDelay(wait(err, deliveries(msg))))
}

// deliveries is how often the message was delivered.
func deliveries(msg jetstream.Msg) int {
	meta, err := msg.Metadata()
	if err != nil {
		return 1
	}
	return int(min(meta.NumDelivered, maxStarts))
}

// heartbeat tells JetStream that the message is being worked on, until stop is
// called.
func (e *Engine) heartbeat(msg jetstream.Msg) (stop func()) {
	done := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(e.cfg.timing.ackWait / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = msg.InProgress() // the next one may get through
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		beats.Wait()
	}
}

// wait is how long a job waits in the queue after an error.
func (e *Engine) wait(err error, deliveries int) time.Duration {
	return max(e.delay(deliveries), asked(err))
}

// delay is how long to wait after a number of failures: it doubles up to a
// limit.
func (e *Engine) delay(failures int) time.Duration {
	return doubled(e.cfg.timing.retry, e.cfg.timing.retryMax, failures)
}

func doubled(wait, limit time.Duration, failures int) time.Duration {
	for range failures - 1 {
		if wait *= 2; wait >= limit {
			return limit
		}
	}
	return wait
}

// pause waits, or less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
