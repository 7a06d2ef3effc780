package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	callbacksAtOnce = 16                     // that an engine sends
	callbackTimeout = 5 * time.Second        // of one try
	callbackFirst   = 100 * time.Millisecond // between two tries; doubles
)

// errNotItsTurn keeps a callback back until the one before it is told or given up.
var errNotItsTurn = errors.New("an earlier status of the job is still untold")

// Poster sends a body to a foreign address once, follows no redirect, and gives
// the status of the answer. Its errors must not hold the address, which may be
// a secret. *safehttp.Client is one.
type Poster interface {
	Post(ctx context.Context, url, contentType string, body []byte) (status int, err error)
}

// callBack has the webhookUrl of a job told that it has a status. As with Symbl
// callbacks are hints: unsigned, and repeated after a crash. A client confirms
// with GET /v1/job/{id}. They are queued, under a topic for each job, so that no
// worker waits for a receiver.
func (e *Engine) callBack(ctx context.Context, j job, status symbl.Status) error {
	if e.cfg.Callbacks == nil || j.WebhookURL == "" {
		return nil
	}
	once := jetstream.WithMsgID(j.ID + "." + string(status))
	if _, err := e.js.Publish(ctx, callbackTopic+j.ID, []byte(status), once); err != nil {
		return fmt.Errorf("enqueue status callback: %w", err)
	}
	return nil
}

// courier sends callbacks until ctx ends, a number of them at once.
func (e *Engine) courier(ctx, work context.Context) {
	places := make(chan struct{}, callbacksAtOnce)
	var sending sync.WaitGroup
	defer sending.Wait()
	places <- struct{}{} // for the next one: nothing is fetched that would have to wait here
	e.worker(ctx, e.callbacks, func(msg jetstream.Msg) {
		sending.Go(func() {
			defer func() { <-places }()
			e.send(work, msg)
		})
		places <- struct{}{}
	})
}

// send tries one callback. It stays in the queue until it is told or given up.
func (e *Engine) send(ctx context.Context, msg jetstream.Msg) {
	err := e.handle(ctx, msg, func() error { return e.deliver(ctx, msg) }, func(_ error, deliveries int) time.Duration {
		longest := e.cfg.timing.callbackMax
		return min(doubled(callbackFirst, longest, deliveries), longest)
	})
	if err != nil && !errors.Is(err, errNotItsTurn) {
		log := e.log.Debug // each of the tries
		if deliveries(msg) == 1 {
			log = e.log.Warn
		}
		log("engine status callback is tried again", zap.String("job", lastToken(msg.Subject())), zap.Error(err))
	}
}

// deliver tells a job's webhookUrl of a status if those before it are told. After
// some time it gives up.
func (e *Engine) deliver(ctx context.Context, msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	first, err := e.queue.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(msg.Subject()))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil // told, but the server did not hear of it in time
	} else if err != nil {
		return fmt.Errorf("read status callbacks: %w", err)
	}
	if first.Sequence < meta.Sequence.Stream {
		return errNotItsTurn
	}
	j, _, err := load[job](ctx, e.store, keyJob+lastToken(msg.Subject()))
	if errors.Is(err, errNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	err = e.post(ctx, j, symbl.Status(msg.Data()))
	if err != nil && e.now().Sub(meta.Timestamp) > e.cfg.timing.patience {
		e.log.Error("engine gives up a status callback", zap.String("job", j.ID), zap.Error(err))
		return nil
	}
	return err
}

// post sends a status once. Both names of the id are in it: the documentation
// and the service differ.
func (e *Engine) post(ctx context.Context, j job, status symbl.Status) error {
	body, err := encode(struct {
		JobID  string       `json:"jobId"`
		ID     string       `json:"id"`
		Status symbl.Status `json:"status"`
	}{j.ID, j.ID, status})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	code, err := e.cfg.Callbacks.Post(ctx, j.WebhookURL, "application/json", body)
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("it took too long")
	case err != nil:
		return err
	case code >= http.StatusMultipleChoices:
		return fmt.Errorf("it was answered %d", code)
	}
	return nil
}
