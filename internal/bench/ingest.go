package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	ingestTime  = 5 * time.Second
	ingestRate  = 500 // requests a second
	ingestConns = 64
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
		var sides [2]taken
		for i := range sides {
			side := (i + round) % 2 // who is first changes
			var err error
			if sides[side], err = l.ingestSide(ctx, side == 0, l.profile != "" && round == 0); err != nil {
				return err
			}
		}
		us, ref := sides[0], sides[1]
		l.results.compare("ingest", "64 connections", "req/s", atLeast(0.8), us.perSecond, ref.perSecond)
		l.results.compare("ingest", "processor time at 64 connections", "µs", atMost(1.25), us.cpu, ref.cpu)
		l.results.compare("ingest", "processor time at 500/s", "µs", goal{}, us.cpuAtRate, ref.cpuAtRate)
		l.results.compare("ingest", "p50 at 500/s", "ms", atMost(1.3), us.p50, ref.p50)
		l.results.compare("ingest", "p99 at 500/s", "ms", atMost(2), us.p99, ref.p99)
	}
	return nil
}

// ingestSide measures one side on a nats-server of its own.
func (l *lab) ingestSide(ctx context.Context, ours, profile bool) (t taken, err error) {
	l.upstream.reset(plan{held: true})
	n, err := l.startNATS(ctx)
	if err != nil {
		return t, err
	}
	defer n.stop()
	var webhook, admin string
	var p *process
	if ours {
		s, err := l.serve(ctx, setup{nats: n.url})
		if err != nil {
			return t, err
		}
		webhook, admin, p = s.webhook, s.admin, s.process
	} else {
		r, err := l.refer(ctx, l.ceil, "ceil", n)
		if err != nil {
			return t, err
		}
		webhook, p = r.webhook, r.process
	}
	defer p.stop()
	sent := load{url: webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, duration: time.Second, rate: ingestRate}
	if _, err := sent.send(ctx); err != nil { // connections, caches and the fifty submits
		return t, err
	}
	sent.duration = ingestTime
	profiled := make(chan error, 1)
	if ours && profile {
		go func() { profiled <- fetchProfile(ctx, admin, l.profile) }()
	} else {
		profiled <- nil
	}
	var out outcome
	t.cpuAtRate, err = cpuOfEach(func() (int, error) { out, err = sent.send(ctx); return out.sent, err }, p, n.process)
	if err != nil {
		return t, err
	}
	if err := <-profiled; err != nil {
		return t, err
	}
	t.p50, t.p99 = percentile(out.latencies, 0.5), percentile(out.latencies, 0.99)
	sent.rate = 0
	t.cpu, err = cpuOfEach(func() (int, error) { out, err = sent.send(ctx); return out.sent, err }, p, n.process)
	t.perSecond = float64(out.sent) / out.took.Seconds()
	return t, err
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

// fetchProfile saves a CPU profile of the service.
func fetchProfile(ctx context.Context, admin, file string) error {
	address := fmt.Sprintf("%s/debug/pprof/profile?seconds=%.0f", admin, ingestTime.Seconds()-1)
	body, err := get(ctx, address)
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
