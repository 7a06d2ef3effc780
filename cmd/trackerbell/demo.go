package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// demoTime is how long the demo waits for its alerts.
const demoTime = 12 * time.Second

type demoCmd struct {
	Verbose bool `short:"v" help:"Log what the service does."`
}

// Help gives the examples.
func (demoCmd) Help() string {
	return "Starts everything embedded in a temporary directory, plays sample calls through a signed webhook and prints each alert as it would read in Slack. Exits 0 only if the expected alerts came.\n\nExamples:\n  trackerbell demo"
}

// Run plays the sample calls through a service of its own.
func (c *demoCmd) Run(g *globals) (err error) {
	dir, err := os.MkdirTemp("", "trackerbell-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg, err := demoConfig(dir)
	if err != nil {
		return err
	}
	log := zap.NewNop()
	if c.Verbose {
		log = newLogger(g.err, zap.InfoLevel)
	}
	a, err := newApp(g.ctx, cfg, log, notify.NewSwitchboard(notify.NewConsole(g.out, isTerminal(g.out)), nil))
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(g.ctx, demoTime)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	played := playDemo(ctx, a, g.out)
	stop()
	return errors.Join(played, <-ended, a.Close(context.WithoutCancel(g.ctx)))
}

// demoConfig is a service in dir, on free ports, with the sample trackers.
func demoConfig(dir string) (*config.Config, error) {
	cfg := config.Default()
	cfg.Server.Addr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0"
	cfg.NATS.DataDir, cfg.NATS.Sync = dir, "interval" // nothing of it is to survive
	cfg.Slack.RatePerChannel = 0
	cfg.Routes = demoRoutes()
	cfg.Trackers = filepath.Join(dir, "trackers.yaml")
	raw, err := demoFiles.ReadFile("demo/trackers.yaml")
	if err != nil {
		return nil, fmt.Errorf("read sample trackers: %w", err)
	}
	if err := os.WriteFile(cfg.Trackers, raw, 0o600); err != nil {
		return nil, fmt.Errorf("write sample trackers: %w", err)
	}
	_, err = defaultSource(&cfg, true)
	return &cfg, err
}

// playDemo sends the sample calls, waits until they are done, and compares the
// alerts with the expected ones.
func playDemo(ctx context.Context, a *app, out io.Writer) error {
	start := time.Now()
	if err := waitReady(ctx, a); err != nil {
		return err
	}
	calls := demoCalls()
	_, _ = fmt.Fprintf(out, "Playing %d sample calls through POST http://%s/webhooks/%s\n\n", len(calls), a.public.Addr(), config.DefaultSource)
	provider := (*a.sources.Load())[config.DefaultSource].Provider
	base := "http://" + a.public.Addr().String()
	for i, call := range calls {
		o, err := call.outline()
		if err != nil {
			return err
		}
		o.StartedAt = start.Add(-time.Duration(len(calls)-i) * time.Minute).UTC().Truncate(time.Second)
		status, body, err := post(ctx, provider, o, base, base, config.DefaultSource)
		if err != nil {
			return err
		}
		if status != http.StatusAccepted {
			return fmt.Errorf("the webhook of call %s is answered %d: %s", call.id, status, problemTitle(status, body))
		}
	}
	alerts := 0
	for _, call := range calls {
		e, err := waitDone(ctx, a, events.Key(config.DefaultSource, call.id))
		if err != nil {
			return err
		}
		if err := call.compare(e); err != nil {
			return err
		}
		alerts += len(e.Alerts)
	}
	_, err := fmt.Fprintf(out, "%d calls, %d alerts as expected, in %s.\nNext: trackerbell serve, then trackerbell send --help\n",
		len(calls), alerts, time.Since(start).Round(10*time.Millisecond))
	return err
}

// compare tells how the alerts of a call differ from the expected ones.
func (c demoCall) compare(e events.Entry) error {
	got := map[string][]string{}
	for _, a := range e.Alerts {
		got[a.Destination] = slices.Sorted(slices.Values(a.Trackers))
	}
	if !maps.EqualFunc(got, c.expect, slices.Equal) {
		return fmt.Errorf("call %s led to %s, expected %s", c.id, describeAlerts(got), describeAlerts(c.expect))
	}
	return nil
}

func describeAlerts(alerts map[string][]string) string {
	if len(alerts) == 0 {
		return "no alert"
	}
	var parts []string
	for _, to := range slices.Sorted(maps.Keys(alerts)) {
		parts = append(parts, to+" ("+strings.Join(alerts[to], ", ")+")")
	}
	return strings.Join(parts, "; ")
}

// waitReady waits until the service can do its work.
func waitReady(ctx context.Context, a *app) error {
	return poll(ctx, "the service did not become ready", func() (bool, error) { return a.service.Ready(ctx) == nil, nil })
}

// waitDone waits until a recording has all its alerts.
func waitDone(ctx context.Context, a *app, key string) (e events.Entry, err error) {
	err = poll(ctx, key+" was not done in time", func() (bool, error) {
		e, err = a.service.Entry(ctx, key)
		if err != nil && !errors.Is(err, events.ErrNotFound) {
			return false, err
		}
		if e.State() == events.StageDead {
			return false, fmt.Errorf("%s became a dead letter: %s", key, e.Error)
		}
		return e.State() == events.StageDone, nil
	})
	return e, err
}

// poll asks done every 20 ms until it says so or ctx ends.
func poll(ctx context.Context, failure string, done func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.New(failure)
		case <-tick.C:
		}
	}
}
