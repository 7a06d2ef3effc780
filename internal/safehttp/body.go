package safehttp

import (
	"context"
	"errors"
	"io"
	"time"
)

var errStalled = errors.New("no byte arrived for too long")

// watched is a response body that fails when one read waits for longer than
// stall. The time between reads is the caller's and is not counted.
type watched struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // it is the request's, which ends with the body
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
	target string
}

// watch guards the body of an answer from target to the request of ctx, which
// cancel ends.
func watch(ctx context.Context, cancel context.CancelCauseFunc, body io.ReadCloser, target string, stall time.Duration) io.ReadCloser {
	timer := time.AfterFunc(stall, func() { cancel(errStalled) })
	timer.Stop()
	return &watched{ReadCloser: body, ctx: ctx, cancel: cancel, timer: timer, stall: stall, target: target}
}

// Read reads from the body; its errors are io.EOF or *Error.
func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	n, err := w.ReadCloser.Read(p)
	w.timer.Stop()
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	if cause := context.Cause(w.ctx); cause != nil {
		err = cause
	}
	return n, failed(w.target, err)
}

// Close ends the request.
func (w *watched) Close() error {
	w.timer.Stop()
	w.cancel(context.Canceled)
	return w.ReadCloser.Close()
}

// Cap gives the bytes of r, and an *Error that wraps ErrTooLarge instead of
// the first byte beyond maxBytes.
func Cap(r io.Reader, maxBytes int64) io.Reader {
	return &capped{from: r, left: maxBytes}
}

type capped struct {
	from io.Reader
	left int64
}

// Read asks for one byte more than is left, to tell a body that just fits from
// one that is too large.
func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, tooLarge()
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.from.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, tooLarge()
	}
	return n, err
}

func tooLarge() *Error {
	return &Error{Kind: TooLarge, Reason: ErrTooLarge.Error(), Err: ErrTooLarge}
}
