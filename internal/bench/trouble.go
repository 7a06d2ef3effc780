package main

import (
	"context"
	"time"
)

const (
	troubleCalls    = 2000
	troubleChannels = 200
	troubleTimes    = 3
)

// trouble sends every recording three times while every 50th submit fails,
// every 40th is throttled and Slack takes one message a second for each of 200
// channels. It fails if a recording is lost, submitted twice or posted twice.
func trouble(ctx context.Context, l *lab) error {
	for range l.rounds {
		l.upstream.reset(plan{delay: 100 * time.Millisecond, jitter: time.Second, failEvery: 50, throttleEvery: 40, slow: true})
		if err := l.troubleRound(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) troubleRound(ctx context.Context) error {
	n, err := l.startNATS(ctx)
	if err != nil {
		return err
	}
	defer n.stop()
	s, err := l.serve(ctx, setup{nats: n.url, lines: troubleChannels, maxJobs: 200, paced: true})
	if err != nil {
		return err
	}
	defer s.stop()
	begin := time.Now()
	sent := load{url: s.webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, count: troubleCalls, lines: troubleChannels, times: troubleTimes}
	if err := l.deliver(ctx, s.process, sent); err != nil {
		return err
	}
	took := time.Since(begin)
	if err := l.settle(ctx, s.process, n.undone); err != nil {
		return err
	}
	seen := l.upstream.look()
	l.results.note("trouble", "recordings, each sent three times", "", goal{}, troubleCalls)
	l.results.note("trouble", "lost, submitted twice or posted twice", "", goal{}, float64(seen.twice+seen.again+troubleCalls-len(seen.posted)))
	l.results.note("trouble", "submits that failed or were throttled", "", goal{}, float64(seen.tries-len(seen.jobs)))
	l.results.note("trouble", "messages that Slack sent away", "", goal{}, float64(seen.limits))
	l.results.note("trouble", "time to the last message", "s", goal{}, took.Seconds())
	return nil
}
