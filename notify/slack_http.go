package notify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slack-go/slack"
)

const (
	callTimeout   = 15 * time.Second // of one request
	maxAnswer     = 16 << 20         // bytes; a full page of history has some 2 MiB
	maxRetryAfter = time.Hour
)

// guardedClient uses the transport of the caller's client, or one of its own,
// without what could post twice or send the token elsewhere: no replays, no
// redirects, no cookies.
func guardedClient(base *http.Client) *http.Client {
	var transport http.RoundTripper
	if base != nil {
		transport = base.Transport
	}
	if transport == nil {
		transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 64, // one for each channel that is posted to at once
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second,
		}
	}
	return &http.Client{
		Transport:     guard{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard makes requests that net/http cannot replay by itself, and answers that
// slack-go can read without harm.
type guard struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	once := req.WithContext(req.Context()) // a copy
	once.GetBody = nil
	resp, err := g.next.RoundTrip(once)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		tidyRetryAfter(resp.Header)
	}
	resp.Body = capped{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (g guard) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// tidyRetryAfter drops a Retry-After that slack-go would fail on or that
// nobody would wait for.
func tidyRetryAfter(h http.Header) {
	s, err := strconv.Atoi(h.Get("Retry-After"))
	switch {
	case err != nil || s < 1:
		h.Del("Retry-After")
	case s > int(maxRetryAfter.Seconds()):
		h.Set("Retry-After", strconv.Itoa(int(maxRetryAfter.Seconds())))
	}
}

type capped struct {
	io.Reader
	io.Closer
}

// call runs one request to Slack under its deadline and classifies how it
// failed.
func call(ctx context.Context, timeout time.Duration, do func(context.Context) error) *Error {
	if err := ctx.Err(); err != nil {
		return &Error{Outcome: Transient, Reason: ReasonCanceled, Err: err}
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var conn connection
	err := do(httptrace.WithClientTrace(limited, conn.trace()))
	if err == nil {
		return nil
	}
	return classify(ctx, err, &conn)
}

// connection tells whether a request may have reached the other side: it
// cannot have while a connection was wanted and none was had, be it for DNS,
// TCP, TLS or a proxy. A transport that does not trace counts as connected.
type connection struct{ wanted, had atomic.Bool }

func (c *connection) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.had.Store(true) },
	}
}

func (c *connection) reached() bool { return c.had.Load() || !c.wanted.Load() }

// classify makes the *Error of what slack-go or net/http answered. It wraps
// their errors only where no connection came about: later ones can hold what
// the other side sent, and that side has seen the token.
func classify(ctx context.Context, err error, conn *connection) *Error {
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return &Error{Outcome: Throttled, Reason: ReasonRateLimited, RetryAfter: limited.RetryAfter}
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return codeError(answer.Err)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return statusError(status.Code)
	}
	outcome := Unknown
	if !conn.reached() {
		outcome = Transient
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return &Error{Outcome: outcome, Reason: ReasonCanceled, Err: ctxErr}
	}
	transport, isTransport := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), isTransport && transport.Timeout():
		return &Error{Outcome: outcome, Reason: ReasonTimeout, Err: context.DeadlineExceeded}
	case isTransport && outcome == Transient:
		return &Error{Outcome: Transient, Reason: ReasonUnreachable, Err: transport.Err}
	case isTransport:
		return &Error{Outcome: Unknown, Reason: ReasonNoAnswer, Err: broken(err)}
	default:
		return badAnswer()
	}
}

// broken keeps the system's error (connection reset) of a broken connection;
// net/http's own may quote what the other side sent.
func broken(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return errors.New("the connection broke")
}

// badAnswer is an answer that does not tell whether the message was posted.
func badAnswer() *Error {
	return &Error{Outcome: Unknown, Reason: ReasonBadAnswer, Err: errors.New("the answer is not Slack's")}
}

// reading is the *Error of a request that changes nothing: whatever became of
// it, it can be sent again.
func reading(e *Error) *Error {
	if e != nil && e.Outcome == Unknown {
		e.Outcome = Transient
	}
	return e
}
