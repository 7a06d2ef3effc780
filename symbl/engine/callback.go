package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	callbackTries   = 5
	callbackTimeout = 5 * time.Second // of one try
	callbackFirst   = 100 * time.Millisecond
)

// Poster sends a body to a foreign address once, follows no redirect, and gives
// the status of the answer. Its errors must not hold the address, which may be
// a secret. *safehttp.Client is one.
type Poster interface {
	Post(ctx context.Context, url, contentType string, body []byte) (status int, err error)
}

// undeliveredError is a callback that nobody took. The job has ended, and its
// message stays in the queue, so that it is tried again by any engine.
type undeliveredError struct{ err error }

func (e *undeliveredError) Error() string { return fmt.Sprintf("send status callback: %v", e.err) }
func (e *undeliveredError) Unwrap() error { return e.err }

// callbacks tells the webhookUrl of one job of its changes of status, in their
// order. As with Symbl they are hints: unsigned, and repeated after a crash. A
// client confirms with GET /v1/job/{id}. They are sent by the worker that has
// the job, the first one ("scheduled") when it takes it.
type callbacks struct {
	poster Poster
	log    *zap.Logger
	job    job

	mu      sync.Mutex
	untold  []symbl.Status
	running chan struct{} // closed when what runs has ended; nil: nothing runs
}

func (e *Engine) callbacksOf(j job) *callbacks {
	return &callbacks{poster: e.cfg.Callbacks, log: e.log, job: j, untold: j.Untold}
}

// wanted tells whether there is anybody to tell.
func (c *callbacks) wanted() bool { return c.poster != nil && c.job.WebhookURL != "" }

// tell says that the job has a status. It does not wait: what cannot be told
// after some tries is left to finish.
func (c *callbacks) tell(ctx context.Context, status symbl.Status) {
	if !c.wanted() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.untold = append(c.untold, status)
	if c.running == nil {
		c.running = make(chan struct{})
		go c.run(ctx, c.running)
	}
}

// run tells what is untold, until that is nothing or fails.
func (c *callbacks) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = callbackFirst
	for {
		status, ok := c.next()
		if !ok {
			return
		}
		_, err := backoff.Retry(ctx, func() (struct{}, error) {
			return struct{}{}, c.post(ctx, status)
		}, backoff.WithBackOff(wait), backoff.WithMaxTries(callbackTries), backoff.WithMaxElapsedTime(callbackTimeout))
		if err != nil {
			c.log.Warn("engine status callback waits for the end of its job", zap.String("job", c.job.ID), zap.Error(err))
			c.mu.Lock()
			c.running = nil
			c.mu.Unlock()
			return
		}
		c.told()
	}
}

// next gives the first status that is untold; without one nothing runs any
// more.
func (c *callbacks) next() (symbl.Status, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.untold) == 0 {
		c.running = nil
		return "", false
	}
	return c.untold[0], true
}

func (c *callbacks) told() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.untold = c.untold[1:]
}

// wait returns when nothing is being told.
func (c *callbacks) wait() {
	c.mu.Lock()
	running := c.running
	c.mu.Unlock()
	if running != nil {
		<-running
	}
}

// finish tells, after what is untold, that the job has its last status. Each
// is tried once. It gives what is still untold with the error.
func (c *callbacks) finish(ctx context.Context, status symbl.Status) ([]symbl.Status, error) {
	if !c.wanted() {
		return nil, nil
	}
	c.wait()
	if n := len(c.untold); n == 0 || c.untold[n-1] != status {
		c.untold = append(c.untold, status)
	}
	for len(c.untold) > 0 {
		if err := c.post(ctx, c.untold[0]); err != nil {
			return c.untold, &undeliveredError{err}
		}
		c.untold = c.untold[1:]
	}
	return nil, nil
}

// post sends a status once. Both names of the id are in it: the documentation
// and the service differ.
func (c *callbacks) post(ctx context.Context, status symbl.Status) error {
	body, err := encode(struct {
		JobID  string       `json:"jobId"`
		ID     string       `json:"id"`
		Status symbl.Status `json:"status"`
	}{c.job.ID, c.job.ID, status})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	code, err := c.poster.Post(ctx, c.job.WebhookURL, "application/json", body)
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
