package api

import (
	"context"
	"net/http"
	"net/http/pprof" // its own registration is with a mux that nothing serves
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
)

// Store is what the admin server shows and changes. *events.Service implements
// it; its methods are called concurrently, and what they do not find is
// events.ErrNotFound.
type Store interface {
	console.Store

	// Found is what was found in a recording; events.ErrGone when it is known
	// no more.
	Found(ctx context.Context, key string) (events.Processed, error)

	// FeedbackCounts counts what people thought of alerts, by phrase.
	FeedbackCounts(ctx context.Context) ([]events.PhraseFeedback, error)

	// Alive tells why the service must be restarted; nil is good.
	Alive() error
}

// AdminConfig are the tokens of the admin server. With neither, everything is
// allowed, which is only for a listener on a loopback address.
type AdminConfig struct {
	Token       string
	ViewerToken string // for reading only
}

// AdminDeps are what the admin server works with. Engine and Credentials are
// nil when no engine is embedded.
type AdminDeps struct {
	Store       Store
	Gatherer    prometheus.Gatherer
	Engine      http.Handler
	Credentials func(context.Context) (Credentials, error)
	Level       *zap.AtomicLevel                                           // of the log; nil: it is fixed
	Backfill    func(context.Context, BackfillQuery) (BackfillPage, error) // nil: there is none
	Stop        <-chan struct{}                                            // closed when the server is to end: what streams for long ends then; nil: never
	Log         *zap.Logger
	Console     ConsoleDeps
}

// ConsoleDeps are what only the console's pages of trackers and of the system
// work with; they must all be set for these to be asked for.
type ConsoleDeps struct {
	Trackers console.Trackers
	Setup    func() string // the configuration without its secrets, as YAML
	Checks   func(context.Context) []console.Dependency
	Version  string
	Remote   bool // the Symbl that transcribes is outside of this network
}

// NewAdmin makes the server of the admin listener.
func NewAdmin(cfg AdminConfig, deps AdminDeps) (http.Handler, error) {
	e := newRouter(deps.Log)
	g := guard{access.New(cfg.Token, cfg.ViewerToken)}
	health := &health{store: deps.Store}
	e.GET("/healthz", health.alive)
	e.GET("/readyz", health.ready, within(readyTimeout))
	e.GET("/api/openapi.yaml", describe)
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(deps.Gatherer, promhttp.HandlerOpts{})))
	site, err := console.New(console.Deps{
		Store: deps.Store, Guard: g.Guard, Stop: deps.Stop, Log: deps.Log,
		Trackers: deps.Console.Trackers, Setup: deps.Console.Setup, Checks: deps.Console.Checks, Version: deps.Console.Version, Remote: deps.Console.Remote,
	})
	if err != nil {
		return nil, err
	}
	site.Add(e)
	addAPI(e, g, deps, site)
	addDebug(e, g, deps)
	if deps.Engine != nil {
		// The engine has tokens of its own; admin.token means nothing to it.
		engine := echo.WrapHandler(Streaming(deps.Engine))
		e.Any("/oauth2/*", engine)
		e.Any("/v1/*", engine, auditedClient(deps.Store, deps.Log))
	}
	return e, nil
}

// addAPI adds the routes one by one: a group's middleware would answer 404
// where the method is wrong.
func addAPI(e *echo.Echo, g guard, deps AdminDeps, site *console.Console) {
	recordings := &recordings{store: deps.Store, guard: g}
	quiet := &silences{store: deps.Store, now: time.Now}
	dead := &deadLetters{store: deps.Store, guard: g}
	engine := &credentials{read: deps.Credentials}
	log := &deeds{store: deps.Store}
	shown := &pages{console: site, guard: g}
	for _, r := range []struct {
		method, path string
		handle       echo.HandlerFunc
		allow        echo.MiddlewareFunc
		deed         string // for the audit log
	}{
		{http.MethodGet, "/recordings", recordings.list, g.viewers, ""},
		{http.MethodGet, "/recordings/:key", recordings.show, g.viewers, ""},
		{http.MethodGet, "/recordings/:key/matches", recordings.matches, g.viewers, ""},
		{http.MethodGet, "/recordings/:key/vcon", recordings.vcon, g.viewers, ""},
		{http.MethodDelete, "/recordings/:key", recordings.forget, g.operators, events.DeedForget},
		{http.MethodPost, "/recordings/:key/replay", recordings.replay, g.operators, events.DeedReplay},
		{http.MethodGet, "/recordings/:key/routes", shown.routes, g.viewers, ""},
		{http.MethodGet, "/recordings/:key/events", shown.events, g.operators, events.DeedRead},
		{http.MethodPost, "/trackers/preview", shown.preview, g.operators, ""},
		{http.MethodGet, "/feedback", recordings.feedback, g.viewers, ""},
		{http.MethodGet, "/insights", shown.insights, g.viewers, ""},
		{http.MethodGet, "/system", shown.system, g.viewers, ""},
		{http.MethodGet, "/silences", quiet.list, g.viewers, ""},
		{http.MethodPost, "/silences", quiet.add, g.operators, events.DeedSilence},
		{http.MethodDelete, "/silences/:id", quiet.drop, g.operators, events.DeedSilence},
		{http.MethodGet, "/dead", dead.list, g.viewers, ""},
		{http.MethodGet, "/dead/:id", dead.show, g.viewers, ""},
		{http.MethodPost, "/dead/:id/replay", dead.replay, g.operators, events.DeedReplay},
		{http.MethodDelete, "/dead/:id", dead.drop, g.operators, events.DeedDrop},
		{http.MethodPost, "/dead/replay", shown.bulk(site.ReplayDead, site.ReplayAllDead), g.operators, ""}, // each letter is a deed of its own
		{http.MethodDelete, "/dead", shown.bulk(site.DropDead, site.DropAllDead), g.operators, ""},
		{http.MethodGet, "/audit", log.list, g.operators, ""},
		{http.MethodGet, "/engine/credentials", engine.show, g.operators, events.DeedEngine},
	} {
		e.Add(r.method, "/api"+r.path, r.handle, noStore, r.allow, within(requestTimeout), audited(deps.Store, g, r.deed))
	}
	e.Match([]string{http.MethodGet, http.MethodHead}, "/api/recordings/:key/media", shown.media, noStore, g.operators)
	e.POST("/api/sources/:name/backfill", backfill(deps.Backfill), noStore, g.operators, within(backfillTimeout), audited(deps.Store, g, events.DeedBackfill))
}

// addDebug adds profiling and the log level, for operators.
func addDebug(e *echo.Echo, g guard, deps AdminDeps) {
	if level := (logLevel{deps.Level}); deps.Level != nil {
		e.GET("/api/log-level", level.show, noStore, g.operators)
		e.PUT("/api/log-level", level.change, noStore, g.operators, audited(deps.Store, g, events.DeedLogLevel))
	}
	for path, handle := range map[string]http.HandlerFunc{
		"/debug/pprof/": pprof.Index, "/debug/pprof/:profile": pprof.Index, "/debug/pprof/cmdline": pprof.Cmdline,
		"/debug/pprof/profile": pprof.Profile, "/debug/pprof/symbol": pprof.Symbol, "/debug/pprof/trace": pprof.Trace,
	} {
		e.GET(path, echo.WrapHandler(handle), g.operators)
	}
}

// noStore keeps what callers said out of caches.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}
