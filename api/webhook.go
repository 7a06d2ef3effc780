package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/failures"
)

// webhookFailures is how many wrong signatures of an address are answered one
// by one at once; then it is ten a second.
const webhookFailures = 500

// Accepted is the answer to a webhook that carries one recording (202).
type Accepted struct {
	Recording string `json:"recording"` // the key
	Duplicate bool   `json:"duplicate"` // it was taken in before
}

// AcceptedMany is the answer to a webhook that carries several (202).
type AcceptedMany struct {
	Recordings []Accepted `json:"recordings"`
}

// Ignored is the answer to a webhook that carries no finished recording (200).
type Ignored struct {
	Reason string `json:"ignored"`
}

type webhooks struct {
	sources   map[string]Source
	intake    Intake
	web       source.Client
	certs     certificates
	publicURL *url.URL // nil: as the request says
	maxBody   int64
	maxMedia  int64
	uploads   *turns
	pace      pace // of an upload
	results   *results
	log       *zap.Logger
	refusals  *rate.Limiter // of log lines; the counters have them all
	failures  *failures.Limit
	now       func() time.Time
}

// handle is POST /webhooks/{source}.
func (h *webhooks) handle(c echo.Context) error {
	name := c.Param("source")
	src, ok := h.sources[name]
	if !ok {
		return notFound()
	}
	d, taken, err := h.take(c, name, src)
	switch {
	case err != nil:
		return h.refuse(c, name, err)
	case d.Reply != nil:
		h.results.count(name, resultIgnored)
		return shakeHands(c, d.Reply)
	case len(taken) == 0:
		h.results.count(name, resultIgnored)
		return c.JSON(http.StatusOK, Ignored{Reason: d.Ignored})
	}
	h.results.count(name, resultTaken(taken))
	if d.Unusable != nil && h.refusals.Allow() {
		h.log.Warn("a recording of a webhook cannot be used, the others are taken", zap.String("source", name), zap.Error(d.Unusable))
	}
	status := cmp.Or(d.Status, http.StatusAccepted)
	if len(taken) == 1 {
		return c.JSON(status, taken[0])
	}
	return c.JSON(status, AcceptedMany{Recordings: taken})
}

// shakeHands answers with what the provider wants to hear and no header that
// it does not need: some count the bytes.
func shakeHands(c echo.Context, r *source.Reply) error {
	for name, value := range r.Header {
		c.Response().Header().Set(name, value)
	}
	if r.Body == nil {
		return c.NoContent(http.StatusOK)
	}
	return c.JSON(http.StatusOK, r.Body)
}

// take verifies and reads the request and stores its recordings. A sender that
// is told of a failure sends all of them again; those that were stored are
// duplicates then.
func (h *webhooks) take(c echo.Context, name string, src Source) (source.Delivery, []Accepted, error) {
	body, err := readBody(c, h.maxBody)
	if err != nil {
		return source.Delivery{}, nil, err
	}
	r := c.Request()
	req := source.Request{
		Method: r.Method, URL: calledURL(h.publicURL, r), Header: r.Header, Body: body, ReceivedAt: h.now().UTC(),
		Form: sync.OnceValues(func() (url.Values, error) { return url.ParseQuery(string(body)) }),
	}
	if err := h.certify(r.Context(), src.Provider, &req); err != nil {
		return source.Delivery{}, nil, err
	}
	if err := src.Provider.Verify(req); err != nil {
		return source.Delivery{}, nil, unverified(err)
	}
	d, err := src.Provider.Normalise(req)
	if err != nil {
		return d, nil, err
	}
	if d.Visit != "" {
		if _, err := h.fetch(r.Context(), d.Visit); err != nil {
			return d, nil, err
		}
	}
	taken := make([]Accepted, 0, len(d.Recordings))
	for _, rec := range d.Recordings {
		one, err := h.accept(r.Context(), complete(rec, name, src, req))
		if err != nil {
			return d, nil, err
		}
		taken = append(taken, one)
	}
	return d, taken, nil
}

func (h *webhooks) accept(ctx context.Context, rec events.Recording) (Accepted, error) {
	if rec.Inline != nil {
		return h.acceptInline(ctx, rec)
	}
	duplicate, err := h.intake.Accept(ctx, rec)
	switch {
	case errors.Is(err, events.ErrTooLarge):
		return Accepted{}, err
	case err != nil && !errors.Is(err, events.ErrUnavailable):
		// Whatever it was, the recording is not stored: the sender must try again.
		return Accepted{}, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	case err != nil:
		return Accepted{}, err
	}
	trace.SpanFromContext(ctx).SetAttributes(events.RecordingKey.String(rec.Key))
	if !duplicate {
		h.log.Info("recording accepted", zap.String("recording", rec.Key), zap.String("source", rec.Source))
	}
	return Accepted{Recording: rec.Key, Duplicate: duplicate}, nil
}

// acceptInline spools a recording that came inside its webhook.
func (h *webhooks) acceptInline(ctx context.Context, rec events.Recording) (Accepted, error) {
	body := bytes.NewReader(rec.Inline)
	rec.Inline = nil
	return h.spool(ctx, rec, body, verified{})
}

// verified is the proof of what was verified before.
type verified struct{ source.Proof }

// Check accepts.
func (verified) Check() error { return nil }

// complete adds what the provider cannot know. Of labels of the same name the
// operator's win over the callback URL's, and those over the payload's.
func complete(rec events.Recording, name string, src Source, req source.Request) events.Recording {
	labels := map[string]string{}
	maps.Copy(labels, rec.Labels)
	maps.Copy(labels, source.QueryLabels(src.Config.LabelsFromQuery, req.URL))
	maps.Copy(labels, src.Config.Labels)
	if rec.Provider == "" {
		rec.Provider = src.Config.Provider
	}
	rec.Source, rec.Key = name, events.Key(name, rec.ID)
	rec.Labels, rec.ReceivedAt = labels, req.ReceivedAt
	return rec
}

// unverified makes sure that whatever Verify returns is answered with 401.
func unverified(err error) error {
	if errors.Is(err, source.ErrSignature) {
		return err
	}
	return fmt.Errorf("%w: %w", source.ErrSignature, err)
}

// refuse counts and logs an error, and gives what the sender learns of it. An
// address whose signatures are wrong too often learns no more than that. What
// is signed is taken from there all the same, but for uploads: behind a proxy all
// senders have one address, and a stranger must not be able to shut out the
// provider.
func (h *webhooks) refuse(c echo.Context, name string, err error) error {
	result := resultOf(err)
	h.results.count(name, result)
	if h.refusals.Allow() {
		h.log.Warn("webhook refused", zap.String("source", name), zap.String("result", result), zap.Error(err))
	}
	if errors.Is(err, source.ErrSignature) {
		remote := c.Request().RemoteAddr
		if wait := h.failures.Wait(remote); wait > 0 {
			return tooManyFailures(c, wait)
		}
		h.failures.Failed(remote)
	}
	p, _ := problemOf(err)
	return &problemError{Problem: p}
}
