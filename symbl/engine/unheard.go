package engine

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// keyHearing is the entry that engines with a transcriber renew, so that others
// know of them also while all their workers are busy.
const keyHearing = "hearing"

// sayHearing tells other engines, until ctx ends, that recordings are heard here.
func (e *Engine) sayHearing(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := e.store.kv.Put(ctx, keyHearing, nil); err != nil && ctx.Err() == nil {
			e.log.Warn("engine cannot tell others that it has a transcriber", zap.Error(err))
		}
		pause(ctx, e.cfg.timing.present)
	}
}

// deafWorker is the worker for recordings of an engine without a transcriber. It lets
// those fail that nobody can hear: they were taken in while there was a
// transcriber, and would wait for ever.
func (e *Engine) deafWorker(ctx, work context.Context) {
	since := e.now()
	for ctx.Err() == nil {
		if !e.alone(ctx, &since) {
			pause(ctx, e.cfg.timing.present)
			continue
		}
		switch msg, err := next(ctx, e.recordings); {
		case err != nil:
			pause(ctx, e.cfg.timing.present)
		case msg == nil:
		case e.alone(ctx, &since):
			e.work(work, msg)
		default: // somebody came while it waited
			_ = msg.Nak() // or it goes back by itself
		}
	}
}

// alone tells whether no engine with a transcriber has been there for some time.
// since is when none was known of: while NATS is away nobody can tell of itself.
func (e *Engine) alone(ctx context.Context, since *time.Time) bool {
	entry, err := e.store.kv.Get(ctx, keyHearing)
	switch {
	case err == nil && entry.Created().After(*since):
		*since = entry.Created()
	case err != nil && !errors.Is(err, jetstream.ErrKeyNotFound):
		*since = e.now()
	}
	return e.now().Sub(*since) >= e.cfg.timing.unheard
}
