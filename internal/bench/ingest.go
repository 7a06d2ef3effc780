package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	ingestTime  = 5 * time.Second
	ingestRate  = 500 // requests a second
	ingestConns = 64
	profileTime = 4 * time.Second // less than that
)

// taken is what one side did in one round of ingest.
type taken struct {
	perSecond float64
	cpu       float64 // µs of the service and NATS for each request at saturation
	cpuAtRate float64 // the same at the fixed rate
	p50, p99  float64 // ms at the fixed rate
}

// ingest compares answering webhooks with ceil. Jobs do not end and only the
// default's fifty are submitted, so that what is measured is taking in.
func ingest(ctx context.Context, l *lab) error {
	for round := range l.rounds {
		var sides [3]taken
		for i := range sides {
			who := (i + round) % len(sides) // who is first changes
			var err error
			if sides[who], err = l.ingestSide(ctx, side(who)); err != nil {
				return err
			}
		}
		us, ref, within := sides[apart], sides[bareOne], sides[embedded]
		l.results.compare("ingest", "64 connections", "req/s", atLeast(0.8), us.perSecond, ref.perSecond)
		l.results.compare("ingest", "processor time at 64 connections", "µs", atMost(1.25), us.cpu, ref.cpu)
		l.results.compare("ingest", "processor time at 500/s", "µs", goal{}, us.cpuAtRate, ref.cpuAtRate)
		l.results.compare("ingest", "p50 at 500/s", "ms", atMost(1.3), us.p50, ref.p50)
		l.results.compare("ingest", "p99 at 500/s", "ms", atMost(2), us.p99, ref.p99)
		l.results.compare("ingest", "64 connections, NATS embedded", "req/s", goal{}, within.perSecond, ref.perSecond)
		l.results.compare("ingest", "processor time at 64 connections, NATS embedded", "µs", goal{}, within.cpu, ref.cpu)
		l.results.compare("ingest", "processor time at 500/s, NATS embedded", "µs", goal{}, within.cpuAtRate, ref.cpuAtRate)
		l.results.compare("ingest", "p50 at 500/s, NATS embedded", "ms", goal{}, within.p50, ref.p50)
		l.results.compare("ingest", "p99 at 500/s, NATS embedded", "ms", goal{}, within.p99, ref.p99)
		l.results.ingestPeers(us, ref)
	}
	return nil
}

// ingestSide measures one side on a store of its own.
func (l *lab) ingestSide(ctx context.Context, who side) (t taken, err error) {
	l.upstream.reset(plan{held: true})
	c, err := l.contend(ctx, who, setup{}, l.ceil, "ceil")
	if err != nil {
		return t, err
	}
	defer c.stop()
	sent := load{url: c.webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, duration: time.Second, rate: ingestRate}
	out, err := sent.send(ctx) // connections, caches and the fifty submits
	if err != nil {
		return t, err
	}
	answered := out.sent
	sent.duration = ingestTime
	t.cpuAtRate, err = c.cpuOfEach(func() (int, error) { out, err = sent.send(ctx); return out.sent, err })
	if err != nil {
		return t, err
	}
	answered += out.sent
	t.p50, t.p99 = percentile(out.latencies, 0.5), percentile(out.latencies, 0.99)
	sent.rate = 0
	profiled := l.profiling(ctx, c, "ingest")
	t.cpu, err = c.cpuOfEach(func() (int, error) { out, err = sent.send(ctx); return out.sent, err })
	if err := errors.Join(err, profiled()); err != nil {
		return t, err
	}
	t.perSecond = float64(out.sent) / out.took.Seconds()
	return t, l.allStored(ctx, c, answered+out.sent)
}

// allStored fails unless there is a message for each webhook that was answered
// 2xx. Where a foreign reference puts its own is not known, and an embedded
// store cannot be asked: there it is what the service says it has to do, as no
// recording is finished.
func (l *lab) allStored(ctx context.Context, c *contender, answered int) (err error) {
	var stored int
	switch {
	case c.nats == nil:
		stored, err = c.undone(ctx)
	case c.service != nil:
		stored, err = c.nats.stored(ctx, "RECORDINGS", "recordings.ready.hook")
	case l.ceil == "":
		stored, err = c.nats.stored(ctx, "BARE", bareSubject)
	default:
		return nil
	}
	if err == nil && stored != answered {
		err = fmt.Errorf("%d webhooks were answered 2xx, and %d are stored", answered, stored)
	}
	return err
}

// cpuOfEach is the processor time, in µs, that the processes used for each of
// the things that do says it did.
func cpuOfEach(do func() (int, error), processes ...*process) (float64, error) {
	var used time.Duration
	for _, p := range processes {
		before, err := p.cpu()
		if err != nil {
			return 0, err
		}
		used -= before
	}
	n, err := do()
	if err != nil {
		return 0, err
	}
	for _, p := range processes {
		after, err := p.cpu()
		if err != nil {
			return 0, err
		}
		used += after
	}
	return float64(used.Microseconds()) / float64(n), nil
}

// profiling saves CPU profiles of what the service and its nats-server do from
// now on, the first time for each name, if the user wants them. What it returns
// waits for them.
func (l *lab) profiling(ctx context.Context, c *contender, name string) (wait func() error) {
	if l.profiles == "" || c.service == nil || c.nats == nil {
		return func() error { return nil }
	}
	var both errgroup.Group
	both.Go(func() error { return l.profile(ctx, c.service.admin, name) })
	if c.nats.admin != "" {
		both.Go(func() error { return l.profile(ctx, c.nats.admin, name+"-nats") })
	}
	return both.Wait
}

// profile saves a CPU profile unless there is one.
func (l *lab) profile(ctx context.Context, admin, name string) error {
	file := filepath.Join(l.profiles, name+".pprof")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	body, err := get(ctx, fmt.Sprintf("%s/debug/pprof/profile?seconds=%.0f", admin, profileTime.Seconds()))
	if err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o600)
}

// get fetches a page of ours.
func get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: startTime}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", address, res.Status)
	}
	return body, err
}
