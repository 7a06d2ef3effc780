package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/config"
)

// closeTimeout is how long Close waits for what is still to be sent.
const closeTimeout = 5 * time.Second

// drainTime is what requests and handlers under way may take when the program
// is to end. The rest of server.shutdownTimeout is for what they need to the
// last, the engine and the store.
func drainTime(cfg *config.Config) time.Duration {
	return cfg.Server.ShutdownTimeout - cfg.Server.ShutdownTimeout/4
}

// Run works until ctx ends, then drains: the listeners stop taking requests,
// the handlers under way finish or hand their message back, and the engine,
// which they need, ends last.
func (a *app) Run(ctx context.Context) error {
	public, err := api.NewPublic(api.PublicConfig{
		PublicURL: a.cfg.Server.PublicURL, MaxBody: int64(a.cfg.Server.MaxBody),
		MaxMedia: int64(a.cfg.Media.MaxBytes), SigningSecret: a.cfg.Slack.SigningSecret,
	}, api.PublicDeps{Sources: *a.sources.Load(), Intake: a.service, Opinions: a.service, Web: a.download, Registry: a.registry, Tracer: a.tracing.tracer(), Log: a.log})
	if err != nil {
		return fmt.Errorf("set up the public listener: %w", err)
	}
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	group, ctx := errgroup.WithContext(ctx)
	w := &web{public: public, stop: ctx.Done()}
	if err := w.renewAdmin(a, a.cfg); err != nil {
		return fmt.Errorf("set up the admin listener: %w", err)
	}
	a.web.Store(w)
	limits := api.DefaultLimits(drainTime(a.cfg))
	group.Go(func() error { return api.Serve(ctx, a.public, w.public, limits, a.log) })
	group.Go(func() error { return api.Serve(ctx, a.admin, w, limits, a.log) })
	group.Go(func() error {
		a.nats.Keep(ctx)
		return nil
	})
	group.Go(func() error {
		defer stopEngine()
		return a.service.Run(ctx)
	})
	group.Go(func() error {
		select {
		case <-engineCtx.Done():
			return nil
		case e := <-a.opened:
			return e.Run(engineCtx)
		}
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// web are the two servers; a reload changes what they do.
type web struct {
	public *api.Public
	admin  atomic.Pointer[http.Handler]
	stop   <-chan struct{}               // closed when they are to end
	cfg    atomic.Pointer[config.Config] // that is told of
}

// renewAdmin has the admin listener tell of cfg, and puts a server with other
// tokens in the place of the one before. While they are the same it stays: pages
// that are open, and who has to wait, depend on it.
func (w *web) renewAdmin(a *app, cfg *config.Config) error {
	if old := w.cfg.Load(); old != nil && old.Admin.Token == cfg.Admin.Token && old.Admin.ViewerToken == cfg.Admin.ViewerToken {
		w.cfg.Store(cfg)
		return nil
	}
	deps := api.AdminDeps{
		Store: a.service, Gatherer: a.registry, Level: a.level, Backfill: w.public.Backfill, Stop: w.stop, Log: a.log,
		Console: api.ConsoleDeps{
			Trackers: consoleTrackers{a}, Version: "trackerbell " + version, Remote: isRemote(a.cfg.Symbl.BaseURL),
			Setup:  func() string { return setup(w.cfg.Load()) },
			Checks: func(ctx context.Context) []console.Dependency { return dependencies(ctx, w.cfg.Load()) },
		},
	}
	if a.cfg.Symbl.BaseURL == "" {
		deps.Engine, deps.Credentials = http.HandlerFunc(a.serveEngine), a.credentials
	}
	admin, err := api.NewAdmin(api.AdminConfig{Token: cfg.Admin.Token, ViewerToken: cfg.Admin.ViewerToken}, deps)
	if err != nil {
		return err
	}
	w.cfg.Store(cfg)
	w.admin.Store(&admin)
	return nil
}

// ServeHTTP answers on the admin listener.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) { (*w.admin.Load()).ServeHTTP(rw, r) }

// serveEngine is the embedded engine's HTTP API, 503 until it is open.
func (a *app) serveEngine(w http.ResponseWriter, r *http.Request) {
	if e := a.engine.Load(); e != nil {
		e.Handler().ServeHTTP(w, r)
		return
	}
	w.Header().Set("Retry-After", "5")
	http.Error(w, `{"message":"the engine is starting"}`, http.StatusServiceUnavailable)
}

// credentials are the embedded engine's, for the commands.
func (a *app) credentials(context.Context) (api.Credentials, error) {
	e := a.engine.Load()
	if e == nil {
		return api.Credentials{}, errors.New("the engine is starting")
	}
	id, secret := e.Credentials()
	return api.Credentials{AppID: id, AppSecret: secret}, nil
}

// Close gives back what newApp took; Run must have returned.
func (a *app) Close(ctx context.Context) error {
	var errs []error
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	a.tracing.close(ctx)
	if a.public != nil {
		_ = a.public.Close() // Run closed it, unless it never ran
	}
	if a.admin != nil {
		_ = a.admin.Close()
	}
	if a.nats != nil {
		errs = append(errs, a.nats.Close(ctx))
	}
	if a.download != nil {
		a.download.Close()
	}
	return errors.Join(append(errs, a.lock.release())...)
}
