package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// engineOpenTimeout is how long NATS may take to give the engine its state.
const engineOpenTimeout = 30 * time.Second

type engineCmd struct {
	Addr string `help:"Address to listen on." default:"127.0.0.1:8090" placeholder:"HOST:PORT"`
	Data string `help:"Directory of the embedded NATS; without it nats.dataDir." placeholder:"DIR" xor:"store"`
	NATS string `name:"nats" help:"NATS to keep everything on; without it nats.url, or an embedded one." placeholder:"URL" xor:"store"`
}

// Help gives the examples.
func (engineCmd) Help() string {
	return "A Symbl-compatible server: existing Symbl code works with it after a change of its base address.\n" +
		"Several engines on one NATS share the work.\n\nExamples:\n" +
		"  trackerbell engine\n" +
		"  TRACKERBELL_ENGINE_APPID=me TRACKERBELL_ENGINE_APPSECRET=secret trackerbell engine --addr 127.0.0.1:8090 --data ./engine\n" +
		"  trackerbell engine --nats nats://127.0.0.1:4222"
}

// Run serves until a signal ends it.
func (c *engineCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if err := c.override(cfg); err != nil {
		return err
	}
	s, err := openEngineServer(g.ctx, c.Addr, cfg, newLogger(g.err, zap.InfoLevel))
	if err == nil {
		if err = s.announce(g.out); err == nil {
			err = s.run(g.ctx)
		}
	}
	return errors.Join(err, s.close(context.WithoutCancel(g.ctx)))
}

// override puts the flags in the place of what the configuration says.
func (c *engineCmd) override(cfg *config.Config) error {
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return usagef("--addr: %q is not an address such as 127.0.0.1:8090", c.Addr)
	}
	if c.Data != "" {
		cfg.NATS.DataDir, cfg.NATS.URL = c.Data, ""
	}
	if c.NATS != "" {
		cfg.NATS.URL = c.NATS
	}
	return nil
}

// engineConfig is the engine's part of the configuration. The same client, with
// its guard, sends callbacks and downloads. Without a transcriber there is no
// audio.
func engineConfig(cfg *config.Config, log *zap.Logger, client *safehttp.Client, transcriber engine.Transcriber) engine.Config {
	return engine.Config{
		AppID: cfg.Engine.AppID, AppSecret: cfg.Engine.AppSecret,
		Workers: cfg.Engine.MaxJobs, MaxJobs: cfg.Engine.MaxJobs, MaxTrackers: cfg.Engine.MaxTrackers,
		Replicas: cfg.NATS.Replicas, Logger: log, Callbacks: client,
		Transcriber: transcriber, Downloads: client, MaxMedia: int64(cfg.Media.MaxBytes),
	}
}

// engineServer is the engine alone, behind a listener of its own.
type engineServer struct {
	cfg      *config.Config
	log      *zap.Logger
	lock     *dirLock // nil with an external NATS
	listener net.Listener
	client   *safehttp.Client
	nats     *events.NATS
	engine   *engine.Engine
}

// openEngineServer takes what the engine needs. What it took is closed by the
// caller, also after an error.
func openEngineServer(ctx context.Context, addr string, cfg *config.Config, log *zap.Logger) (s *engineServer, err error) {
	s = &engineServer{cfg: cfg, log: log}
	if s.client, err = newDownloader(cfg); err != nil {
		return s, err
	}
	transcriber, err := newTranscriber(cfg)
	if err != nil {
		return s, err
	}
	if cfg.NATS.URL == "" {
		if s.lock, err = lockDir(cfg.NATS.DataDir); err != nil {
			return s, err
		}
	}
	var listen net.ListenConfig
	if s.listener, err = listen.Listen(ctx, "tcp", addr); err != nil {
		return s, fmt.Errorf("--addr: %w", err)
	}
	if s.nats, err = events.Connect(cfg.NATS, log); err != nil {
		return s, err
	}
	ctx, cancel := context.WithTimeout(ctx, engineOpenTimeout)
	defer cancel()
	if err := s.nats.Check(ctx); err != nil {
		return s, err
	}
	js, err := jetstream.New(s.nats.Conn)
	if err != nil {
		return s, fmt.Errorf("use jetstream: %w", err)
	}
	s.engine, err = engine.New(ctx, engineConfig(cfg, log, s.client, transcriber), js)
	return s, err
}

// announce prints what somebody needs who points a client here.
func (s *engineServer) announce(w io.Writer) error {
	text := fmt.Sprintf("trackerbell %s: Symbl-compatible engine at http://%s\n", version, s.listener.Addr())
	id, secret := s.engine.Credentials()
	if s.cfg.Engine.AppID == "" {
		text += fmt.Sprintf("appId %s (generated; set engine.appId to choose it)\n", id)
	}
	if s.cfg.Engine.AppSecret == "" {
		text += fmt.Sprintf("appSecret %s (generated; set engine.appSecret to choose it)\n", secret)
	}
	_, err := io.WriteString(w, text)
	return err
}

// run serves until ctx ends. Then no request is taken any more, and the jobs
// under way finish or go back to the queue.
func (s *engineServer) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	limits := api.DefaultLimits(drainTime(s.cfg))
	group.Go(func() error { return api.Serve(ctx, s.listener, api.Streaming(s.engine.Handler()), limits, s.log) })
	group.Go(func() error { return s.engine.Run(ctx) })
	group.Go(func() error {
		s.nats.Keep(ctx)
		return nil
	})
	return group.Wait()
}

func (s *engineServer) close(ctx context.Context) error {
	var errs []error
	if s.listener != nil {
		_ = s.listener.Close() // run closed it, unless it never ran
	}
	if s.nats != nil {
		ctx, cancel := context.WithTimeout(ctx, closeTimeout)
		defer cancel()
		errs = append(errs, s.nats.Close(ctx))
	}
	if s.client != nil {
		s.client.Close()
	}
	return errors.Join(append(errs, s.lock.release())...)
}
