package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// app is the whole service: newApp takes what it needs (lock, listeners,
// NATS), Run works until its context ends, Close gives everything back.
type app struct {
	cfg         *config.Config
	log         *zap.Logger
	level       *zap.AtomicLevel // of log; nil: it is fixed
	registry    *prometheus.Registry
	lock        *dirLock // nil with an external NATS
	public      net.Listener
	admin       net.Listener
	nats        *events.NATS
	tracing     tracing
	sources     atomic.Pointer[map[string]api.Source]
	web         atomic.Pointer[web] // nil until Run
	download    *safehttp.Client
	transcriber engine.Transcriber // nil: transcripts only
	service     *events.Service
	engine      atomic.Pointer[engine.Engine] // nil until opened, and with another Symbl
	client      atomic.Pointer[symbl.Client]  // of the Symbl that recordings go to; nil until opened
	opened      chan *engine.Engine           // passes the engine to Run
}

// newApp wires the service. Alerts that have no Slack go to out.
func newApp(ctx context.Context, cfg *config.Config, log *zap.Logger, notifiers *notify.Switchboard) (_ *app, err error) {
	a := &app{cfg: cfg, log: log, registry: prometheus.NewRegistry(), opened: make(chan *engine.Engine, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	sources, err := openSources(cfg)
	if err != nil {
		return a, err
	}
	a.sources.Store(&sources)
	if a.download, err = newDownloader(a.cfg); err != nil {
		return a, err
	}
	if cfg.Symbl.BaseURL == "" {
		if a.transcriber, err = newTranscriber(cfg); err != nil {
			return a, err
		}
	}
	if cfg.NATS.URL == "" {
		if a.lock, err = lockDir(cfg.NATS.DataDir); err != nil {
			return a, err
		}
	}
	var listen net.ListenConfig
	if a.public, err = listen.Listen(ctx, "tcp", cfg.Server.Addr); err != nil {
		return a, fmt.Errorf("server.addr: %w", err)
	}
	if a.admin, err = listen.Listen(ctx, "tcp", cfg.Admin.Addr); err != nil {
		return a, fmt.Errorf("admin.addr: %w", err)
	}
	if a.nats, err = events.Connect(cfg.NATS, log); err != nil {
		return a, err
	}
	if a.tracing, err = newTracing(ctx, cfg.Tracing); err != nil {
		return a, err
	}
	err = a.wire(notifiers)
	return a, err
}

// wire makes the service out of its parts.
func (a *app) wire(notifiers *notify.Switchboard) error {
	router, err := newRouter(a.cfg)
	if err != nil {
		return err
	}
	noise, err := newNoise(a.cfg)
	if err != nil {
		return err
	}
	metrics, err := events.NewMetrics(a.registry)
	if err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	embedded := a.cfg.Symbl.BaseURL == ""
	a.service, err = events.New(events.Options{
		Limits: events.Limits{
			Replicas: a.cfg.NATS.Replicas, MaxAge: a.cfg.NATS.MaxAge, MaxBytes: int64(a.cfg.NATS.MaxBytes),
		},
		PublicURL: a.cfg.Server.PublicURL, Callbacks: !embedded, Idempotent: embedded, Remote: isRemote(a.cfg.Symbl.BaseURL),
		AllTrackers: a.cfg.Symbl.AllTrackers, MaxJobs: maxJobs(a.cfg), JobTimeout: a.cfg.Symbl.JobTimeout,
		PollInterval: a.cfg.Symbl.PollInterval, PollMax: a.cfg.Symbl.PollMax, SettleTime: a.cfg.Symbl.SettleTime,
		Rate: rates(a.cfg).RatePerChannel, RateAll: rates(a.cfg).RatePerWorkspace,
		FallbackChannel: a.cfg.Slack.FallbackChannel, OperatorChannel: a.cfg.Slack.OperatorChannel,
		MaxMedia: int64(a.cfg.Media.MaxBytes), TextOnly: textOnly(a.cfg), Sources: sourceOptions(a.cfg), Drain: drainTime(a.cfg),
	}, events.Deps{
		Conn: a.nats.Conn, Backend: a.backend, Media: a, Download: a.download, Router: router,
		Notifiers: notifiers, Noise: noise, Log: a.log, Metrics: metrics, Tracer: a.tracing.tracer(),
	})
	if err != nil {
		return err
	}
	if err := a.registry.Register(events.NewBacklog(a.service)); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// Media asks the provider of a recording's source where its media is. The
// recordings of a source that is no longer configured are fetched as they are.
func (a *app) Media(ctx context.Context, r events.Recording, renew bool) (events.Media, error) {
	src, ok := (*a.sources.Load())[r.Source]
	if !ok {
		return events.Media{URL: r.MediaURL}, nil
	}
	return source.Locate(ctx, src.Provider, r, renew, a.download)
}

// isRemote tells whether a Symbl is outside of this network, as far as its
// address tells: a recording at a private address is then streamed to it.
func isRemote(baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() == "" || u.Hostname() == "localhost" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err != nil || !addr.IsLoopback() && !addr.IsPrivate() && !addr.IsLinkLocalUnicast()
}

// maxJobs is how many jobs may be in flight: no more than the embedded engine
// takes.
func maxJobs(cfg *config.Config) int {
	if cfg.Symbl.BaseURL == "" && cfg.Engine.MaxJobs > 0 {
		return min(cfg.Symbl.MaxJobs, cfg.Engine.MaxJobs)
	}
	return cfg.Symbl.MaxJobs
}

// newDownloader is the client for addresses that strangers write.
func newDownloader(cfg *config.Config) (*safehttp.Client, error) {
	return safehttp.New(safehttp.Options{AllowHosts: cfg.Media.AllowHosts, UserAgent: "trackerbell/" + version})
}

// openSources makes the provider of each source.
func openSources(cfg *config.Config) (map[string]api.Source, error) {
	sources := make(map[string]api.Source, len(cfg.Sources))
	var problems config.Problems
	for i, s := range cfg.Sources {
		p, err := source.New(s)
		if err != nil {
			problems = append(problems, sourceProblem(cfg, i, err))
			continue
		}
		sources[s.Name] = api.Source{Provider: p, Config: s}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return sources, nil
}

// sourceProblem tells what is wrong with a source: its error starts with the key
// inside the source.
func sourceProblem(cfg *config.Config, i int, err error) config.Problem {
	key, text, _ := strings.Cut(err.Error(), ": ")
	return cfg.Problem(fmt.Sprintf("sources[%d].%s", i, key), "%s", text)
}

// backend opens the Symbl that recordings go to: the configured one, or the
// embedded engine through a transport without a socket.
func (a *app) backend(ctx context.Context) (events.Symbl, error) {
	if a.cfg.Symbl.BaseURL != "" {
		client, err := newSymbl(a.cfg.Symbl)
		a.client.Store(client)
		return client, err
	}
	if a.engine.Load() == nil {
		js, err := jetstream.New(a.nats.Conn)
		if err != nil {
			return nil, fmt.Errorf("use jetstream: %w", err)
		}
		cfg := engineConfig(a.cfg, a.log, a.download, a.transcriber)
		cfg.Finished = a.finished
		e, err := engine.New(ctx, cfg, js)
		if err != nil {
			return nil, fmt.Errorf("open the embedded engine: %w", err)
		}
		a.engine.Store(e)
		a.opened <- e
	}
	client, err := a.engineClient(a.engine.Load())
	if err != nil {
		return nil, err
	}
	if err := applyFile(ctx, client, a.cfg.Trackers, a.cfg.Engine.MaxTrackers); err != nil {
		return nil, err
	}
	a.client.Store(client)
	return client, nil
}

// engineClient is a client of the embedded engine.
func (a *app) engineClient(e *engine.Engine) (*symbl.Client, error) {
	id, secret := e.Credentials()
	return symbl.New(symbl.Config{
		BaseURL: "http://engine.local", AppID: id, AppSecret: secret,
		HTTPClient: &http.Client{Transport: engine.Transport(e.Handler())},
	})
}

func newSymbl(cfg config.Symbl) (*symbl.Client, error) {
	return symbl.New(symbl.Config{
		BaseURL: cfg.BaseURL, AppID: cfg.AppID, AppSecret: cfg.AppSecret, Generation: cfg.Generation,
		UserAgent: "trackerbell/" + version,
	})
}

// finished tells the pipeline that a job of the embedded engine ended. Other
// clients may use the engine too: their conversations are no recordings.
func (a *app) finished(ctx context.Context, f engine.Finished) error {
	_, err := a.service.Entry(ctx, f.Name)
	if errors.Is(err, events.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.service.Wake(ctx, events.Wake{Key: f.Name, JobID: f.JobID, Status: string(f.Status)})
}
