package main

import (
	"context"
	"errors"
	"time"
)

const (
	pipelineCalls    = 4000
	pipelineWarm     = 200 // not measured
	pipelineChannels = 16
	pipelineLimit    = 5 * time.Minute
)

// carried is what one side did in one round of the pipeline.
type carried struct{ perSecond, cpu float64 } // cpu: µs of the service and NATS for each recording

// pipeline compares the whole way to Slack with pipe, with jobs that end at
// once: into one channel, as the reference, and into sixteen.
func pipeline(ctx context.Context, l *lab) error {
	for round := range l.rounds {
		var sides [3]carried
		for i := range sides {
			side := (i + round) % len(sides)
			var err error
			if sides[side], err = l.pipelineSide(ctx, side); err != nil {
				return err
			}
		}
		ref := sides[2]
		for i, where := range []string{"16 channels", "one channel"} {
			l.results.compare("pipeline", where, "posts/s", atLeast(0.4), sides[i].perSecond, ref.perSecond)
			l.results.compare("pipeline", "processor time, "+where, "µs", atMost(3), sides[i].cpu, ref.cpu)
		}
		l.results.pipelinePeers(sides[0], ref)
	}
	return nil
}

// pipelineSide measures the program with 16 channels (0) or one (1), or the
// reference (2), on a nats-server of its own.
func (l *lab) pipelineSide(ctx context.Context, side int) (c carried, err error) {
	l.upstream.reset(plan{})
	n, err := l.startNATS(ctx)
	if err != nil {
		return c, err
	}
	defer n.stop()
	sent := load{media: l.upstream.url + "/recordings/", connections: ingestConns, count: pipelineCalls}
	var sut *service // nil: the reference
	var p *process
	if side == 2 {
		r, err := l.refer(ctx, l.pipe, "pipe", n)
		if err != nil {
			return c, err
		}
		sent.url, p = r.webhook, r.process
	} else {
		sent.lines = [2]int{pipelineChannels, 0}[side]
		if sut, err = l.serve(ctx, setup{nats: n.url, lines: sent.lines, poll: time.Second}); err != nil {
			return c, err
		}
		sent.url, p = sut.webhook, sut.process
	}
	defer p.stop()
	warm := sent
	warm.count = pipelineWarm
	if err := l.deliver(ctx, p, warm); err != nil {
		return c, err
	}
	profiled := l.profiling(ctx, sut, n, "pipeline")
	begin := time.Now()
	c.cpu, err = cpuOfEach(func() (int, error) { return sent.count, l.deliver(ctx, p, sent) }, p, n.process)
	c.perSecond = float64(sent.count) / time.Since(begin).Seconds()
	if err := errors.Join(err, profiled()); err != nil {
		return c, err
	}
	return c, l.settle(ctx, p, n.undone)
}
