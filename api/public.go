package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/failures"
)

// refusalBurst is how many refused webhooks are logged at once; then it is one
// a second, or an outage of NATS would fill the log.
const refusalBurst = 10

// Intake takes what comes in. *events.Service implements it; its methods are
// called concurrently.
type Intake interface {
	// Accept stores a recording durably before it returns nil, and tells
	// whether it was known before. Its errors wrap events.ErrUnavailable or
	// events.ErrTooLarge.
	Accept(ctx context.Context, r events.Recording) (duplicate bool, err error)
	// CallbackOf is the recording that a callback's token was made for, and
	// its run: events.ErrNotFound for a forged one, events.ErrUnavailable
	// while it cannot be told.
	CallbackOf(token string) (key string, run int, err error)
	// Known tells whether a recording was taken in before; its error wraps
	// events.ErrUnavailable.
	Known(ctx context.Context, key string) (bool, error)
	// Spool stores media until it is accepted with its recording or discarded.
	// Errors of r are returned as they are, those of the store wrap
	// events.ErrUnavailable.
	Spool(ctx context.Context, key string, r io.Reader) (events.Spooled, error)
	Discard(ctx context.Context, s events.Spooled)
	// Wake stores durably that the job of a recording changed.
	Wake(ctx context.Context, w events.Wake) error
}

// Source is a configured source and the provider built for it.
type Source struct {
	Provider source.Provider
	Config   config.Source
}

// PublicConfig are the settings of the public server.
type PublicConfig struct {
	PublicURL string // how providers reach it, which is what they sign; empty: as the request says
	MaxBody   int64  // bytes of a webhook

	SigningSecret string // of the Slack app; empty: there are no interactions
	MaxMedia      int64  // bytes of an upload
}

// PublicDeps are what the public server works with.
type PublicDeps struct {
	Sources  map[string]Source // by name; Renew replaces them
	Intake   Intake
	Opinions Opinions
	Web      source.Client // for certificates and handshakes; nil: there are none
	Registry prometheus.Registerer
	Tracer   trace.Tracer // nil: nothing is traced
	Log      *zap.Logger
}

// Public is the server of the public listener: webhooks, callbacks and Slack's
// interactions.
type Public struct {
	cfg      PublicConfig
	deps     PublicDeps
	base     *url.URL
	results  *results
	measure  echo.MiddlewareFunc
	failures *failures.Limit
	uploads  *turns
	pace     pace
	hooks    atomic.Pointer[webhooks]
	routes   atomic.Pointer[echo.Echo]
}

// NewPublic makes the server of the public listener.
func NewPublic(cfg PublicConfig, deps PublicDeps) (*Public, error) {
	p := &Public{cfg: cfg, deps: deps, failures: failures.New(10, webhookFailures), uploads: newTurns(), pace: uploadPace()}
	var err error
	if p.base, err = parsePublicURL(cfg.PublicURL); err != nil {
		return nil, err
	}
	if cfg.MaxBody <= 0 || cfg.MaxMedia <= 0 {
		return nil, errors.New("the largest webhook body and the largest upload must be positive")
	}
	if p.results, err = newResults(deps.Registry); err != nil {
		return nil, err
	}
	if p.measure, err = measureHTTP(deps.Registry); err != nil {
		return nil, err
	}
	p.Renew(deps.Sources, cfg.SigningSecret)
	return p, nil
}

// ServeHTTP answers as the configuration of this moment says.
func (p *Public) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.routes.Load().ServeHTTP(w, r) }

// Renew puts other sources and another secret of Slack in the place of those
// before. Requests under way end as they began.
func (p *Public) Renew(sources map[string]Source, signingSecret string) {
	p.results.preset(sources)
	hooks := &webhooks{
		sources: sources, intake: p.deps.Intake, web: p.deps.Web, publicURL: p.base, maxBody: p.cfg.MaxBody, maxMedia: p.cfg.MaxMedia,
		results: p.results, log: p.deps.Log, refusals: rate.NewLimiter(1, refusalBurst), now: time.Now,
		uploads: p.uploads, pace: p.pace, failures: p.failures,
	}
	calls := &callbacks{intake: p.deps.Intake}
	e := newRouter(p.deps.Log, p.measure)
	if p.deps.Tracer != nil {
		e.Use(traced(p.deps.Tracer))
	}
	e.POST("/webhooks/:source", hooks.handle, within(requestTimeout))
	e.PUT("/webhooks/:source/:id/media", hooks.upload)
	e.POST("/callbacks/symbl/:token", calls.handle, within(requestTimeout))
	if signingSecret != "" {
		slack := &interactions{secret: signingSecret, opinions: p.deps.Opinions, now: time.Now}
		e.POST("/slack/interactions", slack.handle, within(requestTimeout))
	}
	// Echo's last parameter takes all that follows; what is deeper is not ours.
	e.RouteNotFound("/webhooks/:source/*", echo.NotFoundHandler)
	e.RouteNotFound("/callbacks/symbl/:token/*", echo.NotFoundHandler)
	p.hooks.Store(hooks)
	p.routes.Store(e)
}

// parsePublicURL gives nil for an empty one.
func parsePublicURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil //nolint:nilnil // no public URL is a configuration, not an error
	}
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil || u.Scheme == "" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the public URL is not an absolute URL without query and fragment")
	}
	return u, nil
}

// calledURL is the address that a request was sent to, as its sender wrote and
// signed it. X-Forwarded headers are not trusted: anybody can send them.
func calledURL(base *url.URL, r *http.Request) *url.URL {
	u := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	if base != nil {
		u = *base
	}
	escaped := u.EscapedPath() + r.URL.EscapedPath()
	u.Path += r.URL.Path
	u.RawPath = escaped // url.URL ignores it where it is the plain encoding of Path
	u.RawQuery, u.ForceQuery = r.URL.RawQuery, r.URL.ForceQuery
	return &u
}
