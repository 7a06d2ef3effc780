package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
)

// ProblemType is the media type of every error answer.
const ProblemType = "application/problem+json"

// retryAfter is what a sender is asked to wait, in seconds, when nothing can be
// stored.
const retryAfter = "5"

// Problem is an error answer (RFC 9457). It has no type member, which means
// that it says no more than its status does.
type Problem struct {
	Title  string `json:"title"` // the status in words
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"` // of the payload or query that is at fault
}

// problemError is a failure whose answer is decided where it happens.
type problemError struct {
	Problem
	after time.Duration // what another side asks to be left alone for; 0: it does not say
}

// Error gives the status and the detail.
func (e *problemError) Error() string {
	if e.Detail == "" {
		return e.Title
	}
	return fmt.Sprintf("%s: %s", e.Title, e.Detail)
}

func problem(status int, field, detail string) error {
	return &problemError{Problem: Problem{Title: http.StatusText(status), Status: status, Field: field, Detail: detail}}
}

func notFound() error { return problem(http.StatusNotFound, "", "") }

// problemOf maps an error to its answer; known is false for an error that
// nobody foresaw, whose text is kept from the client.
func problemOf(err error) (p Problem, known bool) {
	var decided *problemError
	var payload *source.PayloadError
	var routed *echo.HTTPError
	var refusal *access.Refusal
	var partial *console.PartialError
	status, field, detail := http.StatusInternalServerError, "", ""
	switch {
	case errors.As(err, &decided):
		return decided.Problem, true
	case errors.As(err, &partial):
		p, known = problemOf(partial.Err)
		p.Detail = strings.TrimPrefix(p.Detail+"; "+partial.Told(), "; ")
		return p, known
	case errors.As(err, &payload):
		status, field, detail = payloadStatus(payload.Status), payload.Field, payload.Reason
	case errors.As(err, &refusal):
		status, detail = refusal.Status, refusal.Detail
	case errors.Is(err, source.ErrSignature):
		status = http.StatusUnauthorized
	case errors.Is(err, events.ErrTooLarge):
		status, detail = http.StatusRequestEntityTooLarge, "the recording is too large to store"
	case errors.Is(err, events.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, events.ErrGone):
		status, detail = http.StatusGone, events.ErrGone.Error()
	case errors.Is(err, events.ErrUnreadable):
		status, detail = http.StatusConflict, events.ErrUnreadable.Error()
	case errors.Is(err, events.ErrLost):
		status, detail = http.StatusConflict, events.ErrLost.Error()
	case errors.Is(err, events.ErrNoMedia):
		status, detail = http.StatusNotFound, events.ErrNoMedia.Error()
	case errors.Is(err, events.ErrUnavailable):
		status, detail = http.StatusServiceUnavailable, "nothing can be stored now; try again"
	case errors.Is(err, context.DeadlineExceeded):
		status, detail = http.StatusServiceUnavailable, "it took too long; try again"
	case errors.As(err, &routed):
		status = routed.Code
	default:
		return Problem{Title: http.StatusText(status), Status: status}, false
	}
	return Problem{Title: http.StatusText(status), Status: status, Field: field, Detail: detail}, true
}

// payloadStatus keeps a provider to the statuses of the contract.
func payloadStatus(status int) int {
	switch status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return status
	default:
		return http.StatusUnprocessableEntity
	}
}

// waitOf is what Retry-After asks for; empty where it is not said that trying
// again helps.
func waitOf(err error, status int) string {
	decided, ok := errors.AsType[*problemError](err)
	switch {
	case ok && decided.after > 0:
		return seconds(decided.after)
	case status == http.StatusServiceUnavailable:
		return retryAfter
	}
	return ""
}

// answerErrors is the one place where an error becomes an answer.
func answerErrors(log *zap.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		p, known := problemOf(err)
		if !known {
			log.Error("request failed", zap.String("route", c.Path()), zap.Error(err))
		}
		if wait := waitOf(err, p.Status); wait != "" {
			c.Response().Header().Set(echo.HeaderRetryAfter, wait)
		}
		if refusal, ok := errors.AsType[*access.Refusal](err); ok {
			explain(refusal, c.Response().Header())
		}
		write := writeProblem
		if p.Status == http.StatusRequestEntityTooLarge {
			write = refuseBody
		}
		if err := write(c, p); err != nil {
			log.Debug("error answer was not sent", zap.String("route", c.Path()), zap.Error(err))
		}
	}
}

// explain adds what a client that was not let in can do.
func explain(refusal *access.Refusal, h http.Header) {
	switch refusal.Status {
	case http.StatusUnauthorized:
		h.Set(echo.HeaderWWWAuthenticate, `Bearer realm="trackerbell"`)
	case http.StatusTooManyRequests:
		h.Set(echo.HeaderRetryAfter, seconds(refusal.Retry))
	}
}

func writeProblem(c echo.Context, p Problem) error {
	if c.Request().Method == http.MethodHead {
		return c.NoContent(p.Status)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body))) // it is whole before its request is
	return c.Blob(p.Status, ProblemType, body)
}
