package events

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

const (
	fetchWait  = 9 * time.Second // how long one pull waits for messages
	stallAfter = time.Minute     // a loop that has not turned for so long is stuck
	heartbeat  = ackWait / 3
)

// delivery is one delivery of an event to a handler.
type delivery struct {
	event     Event
	seq       uint64    // in the stream
	delivered uint64    // how often, this time included
	stored    time.Time // when it was published
	reply     string    // where its ack goes
}

// stage runs the handler of one durable consumer. The handler's error decides
// what becomes of the message; see retry.go.
type stage struct {
	svc     *Service
	name    string // of the consumer
	step    string
	open    openFunc
	workers int
	handle  func(context.Context, delivery) error
	room    func(context.Context) int // how many messages may be taken now; nil: as many as there are workers
	freed   <-chan struct{}           // tells that there may be more room; nil: nobody does
	gate    gate
	patient bool // its messages wait because they should: they are no backlog

	turned  atomic.Pointer[time.Time] // when the loop last turned; as it was read, so that a clock that is set matters not
	failing atomic.Bool               // the last pull did not work

	mu       sync.Mutex
	inFlight map[jetstream.Msg]struct{}
	cons     jetstream.Consumer // nil until opened, and after a pull failed

	one jetstream.MessagesContext // of a stage with one worker, which alone uses it; nil until opened
}

// consumer is the stage's consumer, opened when it is not.
func (st *stage) consumer(ctx context.Context) (jetstream.Consumer, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cons == nil {
		cons, err := st.open(ctx)
		if err != nil {
			return nil, err
		}
		st.cons = cons
	}
	return st.cons, nil
}

// reopen has the consumer opened anew: somebody may have deleted it.
func (st *stage) reopen() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.cons = nil
	if st.one != nil {
		st.one.Stop()
		st.one = nil
	}
}

// run pulls until ctx ends, and returns when the last handler has ended. The
// handlers run under work, which outlives ctx.
func (st *stage) run(ctx, work context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	beats, stop := context.WithCancel(work)
	defer stop()
	wg.Go(func() { st.keepAlive(beats) })

	free := make(chan struct{}, st.workers)
	for range st.workers {
		free <- struct{}{}
	}
	todo := make(chan jetstream.Msg)
	var handlers sync.WaitGroup
	defer handlers.Wait()
	defer close(todo)
	if st.workers > 1 { // one is the loop itself
		st.startWorkers(work, todo, free, &handlers)
	}
	defer func() {
		if st.one != nil {
			handBack(st.one)
		}
	}()
	for ctx.Err() == nil {
		if err := st.turn(ctx, work, free, todo); err != nil && ctx.Err() == nil {
			st.reopen()
			if !st.failing.Swap(true) {
				st.svc.dep.Log.Warn("stage cannot pull; trying on", zap.String("stage", st.name), zap.Error(err))
			}
			_ = pause(ctx, time.Second) // its only error is the end of ctx
		}
	}
}

// startWorkers starts what handles messages, until there will be no more. They
// live on between two messages, because a new goroutine's stack has to grow.
func (st *stage) startWorkers(work context.Context, todo <-chan jetstream.Msg, free chan<- struct{}, handlers *sync.WaitGroup) {
	for range st.workers {
		handlers.Go(func() {
			for msg := range todo {
				st.process(work, msg)
				free <- struct{}{}
			}
		})
	}
}

// turn takes as many messages as there are free workers, and no more: what is
// fetched is in a handler at once, so its heartbeat runs.
func (st *stage) turn(ctx, work context.Context, free chan struct{}, todo chan<- jetstream.Msg) error {
	now := st.svc.now()
	st.turned.Store(&now)
	closed, probe := st.gate.state(now)
	if closed > 0 {
		_ = pause(ctx, min(closed, fetchWait)) // its only error is the end of ctx
		return nil
	}
	n := st.reserve(ctx, free, probe)
	if n == 0 {
		return nil
	}
	used := 0
	defer func() {
		for range n - used {
			free <- struct{}{}
		}
	}()
	cons, err := st.consumer(ctx)
	if err != nil {
		return err
	}
	patience := fetchWait
	if st.failing.Load() { // that it works again is known when a pull has ended
		patience = time.Second
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if st.workers == 1 {
		err = st.takeOne(limited, work, cons)
	} else {
		used, err = st.takeBatch(limited, cons, n, todo)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		return fmt.Errorf("pull: %w", err)
	}
	if st.failing.Swap(false) {
		st.svc.dep.Log.Info("stage pulls again", zap.String("stage", st.name))
	}
	return nil
}

// process runs the handler on one message and settles the message.
func (st *stage) process(ctx context.Context, msg jetstream.Msg) {
	st.track(msg)
	defer st.untrack(msg)
	d, err := describe(msg)
	if err == nil {
		traced, end := st.trace(ctx, msg.Subject(), d)
		err = st.safely(d.event.Subject, func() error { return st.handle(traced, d) })
		end(err)
	}
	st.settle(ctx, msg, d, err)
}

func describe(msg jetstream.Msg) (delivery, error) {
	d := delivery{reply: msg.Reply()}
	meta, err := msg.Metadata()
	if err != nil {
		return d, dead(ReasonMalformed, err)
	}
	d.seq, d.delivered, d.stored = meta.Sequence.Stream, meta.NumDelivered, meta.Timestamp
	if d.event, err = decodeEvent(msg.Data()); err != nil {
		return d, dead(ReasonMalformed, err)
	}
	return d, nil
}

// safely turns a panic into a failure of this one recording.
func (st *stage) safely(key string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			st.svc.dep.Log.Error("handler panicked", zap.String("stage", st.name),
				zap.String("recording", key), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("internal error in %s", st.step)
		}
	}()
	return do()
}

// settle acks, hands back or buries a message by its handler's error.
func (st *stage) settle(ctx context.Context, msg jetstream.Msg, d delivery, err error) {
	now := st.svc.now()
	if err == nil {
		st.gate.ok(now)
		_ = msg.Ack() // else it comes again
		st.discard(ctx, d)
		return
	}
	log := st.svc.dep.Log.With(zap.String("stage", st.name), zap.String("recording", d.event.Subject))
	var wait *waitError
	switch {
	case errors.Is(err, errForgotten):
		err = msg.Ack() // what it published meanwhile is deleted with the rest
	case stopped(ctx, err):
		err = msg.Nak()
	case errors.As(err, &wait):
		switch {
		case wait.asked:
			st.gate.ok(now)
		case wait.stage:
			st.gate.hold(wait.after, now)
			log.Info("upstream asks to slow down", zap.Duration("after", wait.after), zap.Error(wait.err))
		case wait.err != nil && st.step == StepSubmit && !errors.Is(wait.err, ErrUnavailable):
			st.svc.noteWaiting(ctx, d.event.Subject, wait.err, log)
		}
		err = msg.NakWithDelay(wait.after)
	default:
		err = st.failed(ctx, msg, d, err, log)
	}
	if err != nil {
		log.Debug("message is not settled; it will be delivered again", zap.Error(err))
	}
}

// failed counts a failure and delays the message, or buries it when it is
// hopeless.
func (st *stage) failed(ctx context.Context, msg jetstream.Msg, d delivery, cause error, log *zap.Logger) error {
	st.svc.dep.Metrics.failure(st.step)
	reason := ""
	var hopeless *deadError
	if errors.As(cause, &hopeless) {
		reason = hopeless.reason
	}
	n, failing := int(d.delivered), time.Duration(0)
	run := strconv.FormatUint(d.seq, 10)
	if d.event.Subject != "" {
		e, err := st.svc.noteFailure(ctx, d.event, st.step, cause, st.gate.okSince)
		switch {
		case errors.Is(err, errNotOwner):
			return msg.TermWithReason("it was started anew")
		case errors.Is(err, errForgotten): // a letter would keep what is to be forgotten
			return msg.TermWithReason("it is forgotten")
		case err != nil:
			log.Debug("failure is not noted", zap.Error(err))
		default:
			if st.step == StepAwait { // a wake and a poll may both find the job failed
				run = e.SubmittedAt.Format(time.RFC3339Nano)
			}
			since := e.FailingSince[st.step]
			n, failing = e.Attempts[st.step], st.svc.now().Sub(since)
			if reason == "" && (failing > giveUpAfter || e.Trials[st.step].N >= poisonTries) {
				reason = ReasonExhausted
			}
		}
	}
	if reason != "" {
		if err := st.svc.bury(ctx, burial{d, st.step, run, msg.Subject(), n, reason, cause}); err != nil {
			return errors.Join(err, msg.NakWithDelay(firstHourMax))
		}
		if err := msg.TermWithReason(reason); err != nil {
			return err
		}
		st.discard(ctx, d)
		return nil
	}
	st.gate.failed(st.svc.now())
	delay := retryDelay(n, failing)
	log.Warn("step failed; trying again", zap.Int("attempt", n), zap.Duration("after", delay), zap.Error(cause))
	return msg.NakWithDelay(delay)
}

// discard deletes a finished message where its stream has no room to keep it.
func (st *stage) discard(ctx context.Context, d delivery) {
	if st.step != StepNotify {
		st.svc.discard(ctx, d.seq)
	}
}

// keepAlive tells the server, for every message in a handler, that it is being
// worked on.
func (st *stage) keepAlive(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			st.mu.Lock()
			for msg := range st.inFlight {
				_ = msg.InProgress() // without it the message comes again, which every handler bears
			}
			st.mu.Unlock()
		}
	}
}

func (st *stage) track(msg jetstream.Msg) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.inFlight[msg] = struct{}{}
}

func (st *stage) untrack(msg jetstream.Msg) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.inFlight, msg)
}

// stalled tells whether the loop has not turned for too long.
func (st *stage) stalled(now time.Time) bool {
	turned := st.turned.Load()
	return turned != nil && now.Sub(*turned) > stallAfter
}
