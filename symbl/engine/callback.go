package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	callbackTries   = 3
	callbackTimeout = 5 * time.Second // of one try
	callbackFirst   = 200 * time.Millisecond
	maxCallbacks    = 256 // under way at once; further ones are dropped
	maxCallbackBody = 64 << 10
)

// callbacks tells webhookUrl of each change of a job's status. As with Symbl
// they are hints: unsigned, perhaps repeated, perhaps lost, perhaps out of
// order. A client confirms with GET /v1/job/{id}. They are sent by the worker
// that has the job, the first one ("scheduled") when it takes it.
type callbacks struct {
	client *http.Client // nil: none are sent
	log    *zap.Logger
	slots  chan struct{}
	sent   sync.WaitGroup
}

func newCallbacks(client *http.Client, log *zap.Logger) *callbacks {
	return &callbacks{client: client, log: log, slots: make(chan struct{}, maxCallbacks)}
}

func (c *callbacks) on() bool { return c.client != nil }

// wait returns when no callback is under way.
func (c *callbacks) wait() { c.sent.Wait() }

// tell sends the job's status, if somebody wants to know it. It does not wait;
// the callback ends with ctx at the latest.
func (c *callbacks) tell(ctx context.Context, j job) {
	if c.client == nil || j.WebhookURL == "" {
		return
	}
	select {
	case c.slots <- struct{}{}:
	default:
		c.log.Warn("engine drops a status callback: too many are under way", zap.String("job", j.ID))
		return
	}
	c.sent.Go(func() {
		defer func() { <-c.slots }()
		if err := c.deliver(ctx, j); err != nil {
			c.log.Warn("engine status callback failed", zap.String("job", j.ID), zap.Error(err))
		}
	})
}

// deliver posts the status until it is accepted or has been tried often
// enough. Both names of the id are in it: the documentation and the service
// differ.
func (c *callbacks) deliver(ctx context.Context, j job) error {
	body, err := encode(struct {
		JobID  string       `json:"jobId"`
		ID     string       `json:"id"`
		Status symbl.Status `json:"status"`
	}{j.ID, j.ID, j.Status})
	if err != nil {
		return err
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = callbackFirst
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		return struct{}{}, c.post(ctx, j.WebhookURL, body)
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(callbackTries))
	return err
}

// post sends a callback once. Its errors do not hold the address, which may be
// a secret.
func (c *callbacks) post(ctx context.Context, address string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the address is not valid"))
	}
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	if err != nil {
		return fmt.Errorf("post status: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxCallbackBody))
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("post status: answered %d", resp.StatusCode)
	}
	return nil
}
