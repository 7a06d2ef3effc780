package symbl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Class says what a failed call means for its caller.
type Class int

// The classes of a failed call.
const (
	Permanent Class = iota // trying again cannot help
	Transient              // try again
	Throttled              // try again after Error.RetryAfter, or after a pause of your own when that is 0
	NotFound               // there is no such job, conversation or tracker
)

// String names the class, for logs and metric labels.
func (c Class) String() string {
	switch c {
	case Permanent:
		return "permanent"
	case Transient:
		return "transient"
	case Throttled:
		return "throttled"
	case NotFound:
		return "not_found"
	}
	return fmt.Sprintf("class %d", int(c))
}

// Error is a failed call. Neither its text nor its fields hold a token, the
// app secret, a URL or a query string. The one exception is an error that the
// body of SubmitFile returned: it is in the chain as it came, but not in the
// text.
type Error struct {
	Class      Class
	Status     int           // of HTTP; 0 without an answer
	Message    string        // the server's own words where it gave any, else the cause
	RetryAfter time.Duration // as the server asked; 0 if it did not
	Op         string        // what was tried: "submit text"
	// Definite tells that the server certainly did not accept the call: it
	// said so (4xx), or nothing was sent to it. When false, a submission may
	// have been accepted: look for it before submitting again.
	Definite bool
	Err      error // may be nil
}

// Error gives what was tried, the HTTP status and the message.
func (e *Error) Error() string {
	parts := []string{"symbl: " + e.Op}
	if e.Status != 0 {
		parts = append(parts, statusText(e.Status))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the cause, such as context.Canceled.
func (e *Error) Unwrap() error { return e.Err }

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// invalid is a call that is not made, because its arguments cannot be right.
func invalid(op, message string) *Error {
	return &Error{Class: Permanent, Op: op, Message: message, Definite: true}
}

// stopped is a call that was given up before anything was sent.
func stopped(op string, err error) *Error {
	return &Error{Class: Transient, Op: op, Message: err.Error(), Definite: true, Err: err}
}

// unreadable is a reply of success whose body cannot be used: the call may
// well have been carried out.
func unreadable(op string, err error) *Error {
	return &Error{Class: Transient, Op: op, Message: "unreadable reply: " + err.Error(), Err: err}
}

// broken is a call that got no answer. unsent tells that no byte of it left.
func broken(ctx context.Context, op string, m mask, err error, unsent bool) *Error {
	err = bare(m, err)
	// A cancelled call must be recognisable whatever the transport made of it:
	// net/http returns the context's cause, which can be any error.
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return &Error{Class: Transient, Op: op, Message: m.hide(err.Error()), Definite: unsent, Err: err}
}

// bare takes the URL off a transport's error, and gives up the chain of one
// that still tells something secret.
func bare(m mask, err error) error {
	for {
		var of *url.Error
		if !errors.As(err, &of) {
			break
		}
		err = of.Err
	}
	if text := m.hide(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
