package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

// The results of a webhook: a closed set, used as a label.
const (
	resultAccepted      = "accepted"
	resultDuplicate     = "duplicate"
	resultIgnored       = "ignored"
	resultUnauthorized  = "unauthorized"
	resultMalformed     = "malformed"
	resultUnprocessable = "unprocessable"
	resultTooLarge      = "too_large"
	resultUnavailable   = "unavailable"
)

func allResults() []string {
	return []string{resultAccepted, resultDuplicate, resultIgnored, resultUnauthorized,
		resultMalformed, resultUnprocessable, resultTooLarge, resultUnavailable}
}

// results counts webhooks by source and result.
type results struct{ total *prometheus.CounterVec }

// newResults registers the counters.
func newResults(reg prometheus.Registerer) (*results, error) {
	r := &results{total: prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "trackerbell", Name: "webhooks_total",
		Help: "Webhooks by source and result.",
	}, []string{"source", "result"})}
	if err := reg.Register(r.total); err != nil {
		return nil, fmt.Errorf("register webhook metrics: %w", err)
	}
	return r, nil
}

// preset makes every counter of the sources exist: a rate needs a first value.
func (r *results) preset(sources map[string]Source) {
	for name := range sources {
		for _, result := range allResults() {
			r.total.WithLabelValues(name, result)
		}
	}
}

func (r *results) count(source, result string) { r.total.WithLabelValues(source, result).Inc() }

// resultOf is the result of a webhook that was refused.
func resultOf(err error) string {
	p, _ := problemOf(err)
	switch {
	case p.Status == http.StatusUnauthorized:
		return resultUnauthorized
	case p.Status == http.StatusUnprocessableEntity:
		return resultUnprocessable
	case p.Status == http.StatusRequestEntityTooLarge:
		return resultTooLarge
	case p.Status >= http.StatusInternalServerError:
		return resultUnavailable
	default:
		return resultMalformed
	}
}

// resultTaken is the result of a webhook whose recordings are stored.
func resultTaken(taken []Accepted) string {
	if slices.ContainsFunc(taken, func(a Accepted) bool { return !a.Duplicate }) {
		return resultAccepted
	}
	return resultDuplicate
}

// measureHTTP is the middleware that counts and times requests. Its labels are
// bounded, whatever strangers send: the route and not the path, a known method,
// and no host (an empty label is no label).
func measureHTTP(reg prometheus.Registerer) (echo.MiddlewareFunc, error) {
	measure, err := echoprometheus.MiddlewareConfig{
		Namespace: "trackerbell", Subsystem: "http", Registerer: reg, DoNotUseRequestPathFor404: true,
		LabelFuncs: map[string]echoprometheus.LabelValueFunc{
			"host":   func(echo.Context, error) string { return "" },
			"method": func(c echo.Context, _ error) string { return knownMethod(c.Request().Method) },
			"url":    func(c echo.Context, _ error) string { return c.Path() },
		},
		// The access log, which runs inside, has had the error answered.
		StatusCodeResolver: func(c echo.Context, _ error) int { return c.Response().Status },
	}.ToMiddleware()
	if err != nil {
		return nil, fmt.Errorf("register http metrics: %w", err)
	}
	return measure, nil
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}
