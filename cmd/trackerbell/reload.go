package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

// watchInterval is how often the files of the configuration are read. Reading
// them finds every kind of change: rewritten, renamed over, or behind the
// symbolic link that Kubernetes swaps.
const watchInterval = 2 * time.Second

// retakeInterval is how long after a configuration that could not be taken over,
// because NATS was away, it is tried again.
const retakeInterval = 5 * watchInterval

// maxRereads bounds how often the files are read to learn which they are. When
// it is reached the hash is of others, and the next look finds a change.
const maxRereads = 3

// reloader takes over changes of the configuration's files.
type reloader struct {
	take    func(context.Context, *config.Config) error
	globals *globals
	log     *zap.Logger
	metrics reloadMetrics
	files   []string
	hash    fileHash  // of the files as they were last tried
	seen    fileHash  // of the files as they were last read
	again   time.Time // when files without a mistake are tried again, which could not be taken over
}

// fileHash is a hash of the contents of the configuration's files.
type fileHash [sha256.Size]byte

type reloadMetrics struct {
	total   *prometheus.CounterVec
	success prometheus.Gauge
	when    prometheus.Gauge
	hash    prometheus.Gauge
}

func newReloadMetrics(reg prometheus.Registerer) (reloadMetrics, error) {
	m := reloadMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackerbell_config_reloads_total", Help: "Reloads of the configuration by result: success or failure.",
		}, []string{"result"}),
		success: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "trackerbell_config_last_reload_successful", Help: "1 when the files hold what the service works with, 0 when they could not be used.",
		}),
		when: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "trackerbell_config_last_reload_success_timestamp_seconds", Help: "When the configuration was last taken over.",
		}),
		hash: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "trackerbell_config_hash", Help: "Hash of the files that the service works with: equal on replicas that work with the same.",
		}),
	}
	for _, c := range []prometheus.Collector{m.total, m.success, m.when, m.hash} {
		if err := reg.Register(c); err != nil {
			return m, fmt.Errorf("register metrics: %w", err)
		}
	}
	for _, result := range []string{"success", "failure"} {
		m.total.WithLabelValues(result)
	}
	return m, nil
}

// reloadOnChange reloads on SIGHUP and when a file changes, until stop is
// called. read is the hash that loadHashed gave with the configuration that the
// service began with.
func (a *app) reloadOnChange(g *globals, read fileHash) (stop func(), err error) {
	metrics, err := newReloadMetrics(a.registry)
	if err != nil {
		return nil, err
	}
	r := &reloader{globals: g, log: a.log, metrics: metrics, files: a.cfg.Files(), hash: read, seen: read}
	r.take = func(ctx context.Context, cfg *config.Config) error { return a.take(ctx, cfg, g) }
	r.took()
	ctx, cancel := context.WithCancel(g.ctx)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	var wg sync.WaitGroup
	wg.Go(func() { r.run(ctx, hup) })
	return func() {
		signal.Stop(hup)
		cancel()
		wg.Wait()
	}, nil
}

func (r *reloader) run(ctx context.Context, hup <-chan os.Signal) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			r.seen = hashFiles(r.files)
			r.reload(ctx)
		case <-tick.C:
			// Twice the same: nobody is writing just now.
			last := r.seen
			r.seen = hashFiles(r.files)
			if due := !r.again.IsZero() && !time.Now().Before(r.again); r.seen == last && (r.seen != r.hash || due) {
				r.reload(ctx)
			}
		}
	}
}

// reload takes the files over, or keeps what there is and says why.
func (r *reloader) reload(ctx context.Context) {
	repeated := r.hash == r.seen && !r.again.IsZero()
	r.hash, r.again = r.seen, time.Time{}
	cfg, read, err := r.load()
	if cfg != nil { // a file that it lacks may come
		r.files, r.hash = cfg.Files(), read
	}
	if err == nil {
		if err = r.take(ctx, cfg); err != nil {
			r.again = time.Now().Add(retakeInterval)
		}
	}
	if err != nil {
		r.metrics.total.WithLabelValues("failure").Inc()
		r.metrics.success.Set(0)
		if !repeated {
			r.log.Error("the configuration is not reloaded; the old one stays", zap.Error(err))
		}
		return
	}
	r.metrics.total.WithLabelValues("success").Inc()
	r.took()
	r.log.Info("the configuration is reloaded", zap.Int("sources", len(cfg.Sources)), zap.Int("routes", len(cfg.Routes)))
}

func (r *reloader) took() {
	r.metrics.success.Set(1)
	r.metrics.when.SetToCurrentTime()
	number := 0.0
	for _, b := range r.hash[:6] { // 48 bits are exact in a float64
		number = number*256 + float64(b)
	}
	r.metrics.hash.Set(number)
}

// load is loadHashed, with the checks that need the files.
func (r *reloader) load() (*config.Config, fileHash, error) {
	cfg, read, err := r.globals.loadHashed(r.files)
	if err == nil {
		err = preflight(cfg)
	}
	if err == nil {
		_, err = defaultSource(cfg, false)
	}
	return cfg, read, err
}

// loadHashed is load, with a hash of the configuration's files as they were
// before it was read: what changes from then on is a change. Which files there
// are is only known when they were read, so that others than those expected are
// read once more. With an error the configuration is nil, or holds what could be
// read.
func (g *globals) loadHashed(files []string) (cfg *config.Config, before fileHash, err error) {
	var warnings []string
	for range maxRereads {
		before = hashFiles(files)
		if cfg, warnings, err = g.read(); cfg == nil || slices.Equal(cfg.Files(), files) {
			break
		}
		files = cfg.Files()
	}
	g.warn(warnings)
	return cfg, before, err
}

// take changes what can be changed while the service runs: sources, routes,
// destinations, Slack, tokens and trackers. Everything that can fail is done
// before anything is changed.
func (a *app) take(ctx context.Context, cfg *config.Config, g *globals) error {
	if cfg.Admin.Token == "" && a.cfg.Admin.Token != "" && !a.cfg.Admin.Loopback() { // whatever admin.addr says now
		return cfg.Problem("admin.token", "is gone, but the service still listens on %s: start it anew to leave that address", a.cfg.Admin.Addr)
	}
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	router, err := newRouter(cfg)
	if err != nil {
		return err
	}
	notifiers, err := newNotifiers(cfg, g.out)
	if err != nil {
		return err
	}
	noise, err := newNoise(cfg)
	if err != nil {
		return err
	}
	if err := a.takeTrackers(ctx, cfg.Trackers); err != nil {
		return err
	}
	w := a.web.Load()
	if w != nil {
		if err := w.renewAdmin(a, cfg); err != nil {
			return err
		}
	}
	a.service.Aim(events.Aims{Router: router, Notifiers: notifiers, Noise: noise, Sources: sourceOptions(cfg)})
	a.sources.Store(&sources)
	if w != nil {
		w.public.Renew(sources, cfg.Slack.SigningSecret)
	}
	if keys := needRestart(a.cfg, cfg); len(keys) > 0 {
		a.log.Warn("some changes of the configuration wait for a restart", zap.Strings("keys", keys))
	}
	return nil
}

// takeTrackers applies the file to the embedded engine, if that is open.
func (a *app) takeTrackers(ctx context.Context, path string) error {
	e := a.engine.Load()
	if e == nil {
		return nil
	}
	client, err := a.engineClient(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, engineOpenTimeout)
	defer cancel()
	return applyFile(ctx, client, path, a.cfg.Engine.MaxTrackers)
}

// needRestart lists the keys that differ and are read only at the start.
func needRestart(old, cfg *config.Config) []string {
	var keys []string
	for _, k := range []struct {
		key      string
		old, now any
	}{
		{"server", old.Server, cfg.Server},
		{"admin.addr", old.Admin.Addr, cfg.Admin.Addr},
		{"nats", old.NATS, cfg.NATS},
		{"symbl", old.Symbl, cfg.Symbl},
		{"engine", old.Engine, cfg.Engine},
		{"media", old.Media, cfg.Media},
		{"tracing", old.Tracing, cfg.Tracing},
		{"slack.ratePerChannel", old.Slack.RatePerChannel, cfg.Slack.RatePerChannel},
		{"slack.ratePerWorkspace", old.Slack.RatePerWorkspace, cfg.Slack.RatePerWorkspace},
		{"slack.operatorChannel", old.Slack.OperatorChannel, cfg.Slack.OperatorChannel},
		{"slack.fallbackChannel", old.Slack.FallbackChannel, cfg.Slack.FallbackChannel},
	} {
		if !reflect.DeepEqual(k.old, k.now) {
			keys = append(keys, k.key)
		}
	}
	return keys
}

// hashFiles is a hash of the files' contents; one that cannot be read counts
// as its error.
func hashFiles(files []string) (sum fileHash) {
	h := sha256.New()
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			data = []byte(errors.Unwrap(err).Error())
		}
		content := sha256.Sum256(data)
		_, _ = h.Write(content[:]) // a hash takes everything
	}
	h.Sum(sum[:0])
	return sum
}
