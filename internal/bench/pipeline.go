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
	kinds := []struct {
		who   side
		lines int
	}{{apart, pipelineChannels}, {apart, 0}, {embedded, pipelineChannels}, {bareOne, 0}}
	for round := range l.rounds {
		sides := make([]carried, len(kinds))
		for i := range sides {
			at := (i + round) % len(sides)
			var err error
			if sides[at], err = l.pipelineSide(ctx, kinds[at].who, kinds[at].lines); err != nil {
				return err
			}
		}
		ref := sides[3]
		for i, where := range []string{"16 channels", "one channel", "16 channels, NATS embedded"} {
			posts, cpu := atLeast(0.4), atMost(3)
			if kinds[i].who == embedded {
				posts, cpu = goal{}, goal{}
			}
			l.results.compare("pipeline", where, "posts/s", posts, sides[i].perSecond, ref.perSecond)
			l.results.compare("pipeline", "processor time, "+where, "µs", cpu, sides[i].cpu, ref.cpu)
		}
		l.results.pipelinePeers(sides[0], ref)
	}
	return nil
}

// pipelineSide measures one side with so many channels (0: one) on a store of
// its own.
func (l *lab) pipelineSide(ctx context.Context, who side, lines int) (result carried, err error) {
	l.upstream.reset(plan{})
	c, err := l.contend(ctx, who, setup{lines: lines, poll: time.Second}, l.pipe, "pipe")
	if err != nil {
		return result, err
	}
	defer c.stop()
	sent := load{url: c.webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, count: pipelineWarm, lines: lines}
	if err := l.deliver(ctx, c.process, sent); err != nil {
		return result, err
	}
	sent.count = pipelineCalls
	profiled := l.profiling(ctx, c, "pipeline")
	begin := time.Now()
	result.cpu, err = c.cpuOfEach(func() (int, error) { return sent.count, l.deliver(ctx, c.process, sent) })
	result.perSecond = float64(sent.count) / time.Since(begin).Seconds()
	if err := errors.Join(err, profiled()); err != nil {
		return result, err
	}
	return result, l.settle(ctx, c.process, c.undone)
}
