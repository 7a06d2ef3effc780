package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxHookAnswer is how much of an answer is read, in bytes.
const maxHookAnswer = 4 << 10

// hook posts to one address, which may be a secret: no error names it.
type hook struct {
	url     string
	client  *http.Client
	timeout time.Duration
}

// newHook checks the address; transport may be nil.
func newHook(address string, client *http.Client) (hook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return hook{}, errors.New("url: must be an absolute http or https URL")
	}
	return hook{url: address, client: guardedClient(client), timeout: callTimeout}, nil
}

// Close ends the connections that are kept open between posts.
func (h hook) Close() { h.client.CloseIdleConnections() }

// post sends a body once. refused says what an answer other than 2xx means.
func (h hook) post(ctx context.Context, header http.Header, body []byte, refused func(status int, answer string) *Error) error {
	var failure *Error
	failed := call(ctx, h.timeout, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
		if err != nil {
			return errors.New("the address does not make a request")
		}
		req.Header = header
		resp, err := h.client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // only read from
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxHookAnswer))
		switch {
		case resp.StatusCode >= 200 && resp.StatusCode < 300:
			return nil // whatever it says: it has the alert
		case resp.StatusCode == http.StatusTooManyRequests:
			failure = throttledBy(resp.Header)
		case err != nil:
			failure = statusError(resp.StatusCode)
		default:
			failure = refused(resp.StatusCode, string(bytes.TrimSpace(answer)))
		}
		return nil
	})
	switch {
	case failed != nil:
		return failed
	case failure != nil:
		return failure
	}
	return nil
}

// throttledBy reads Retry-After, which guard has made a number of seconds or
// dropped.
func throttledBy(h http.Header) *Error {
	e := &Error{Outcome: Throttled, Reason: ReasonRateLimited, RetryAfter: defaultRetryAfter}
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	return e
}

// hookStatus is what the status of a receiver of webhooks means: it keeps
// refusing what it cannot read or must not take, and the rest may pass.
func hookStatus(status int, _ string) *Error {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return &Error{Outcome: Permanent, Reason: ReasonRefused, Err: fmt.Errorf("http status %d", status)}
	}
	return statusError(status)
}
