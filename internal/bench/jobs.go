package main

import (
	"context"
	"time"
)

const (
	beyondRate = 20               // recordings a second
	beyondTime = 20 * time.Second // 400 recordings
	beyondPoll = time.Second

	idleTime = 5 * time.Second
)

// beyond measures from the end of a job to its post, when the callback comes
// and when only polls tell.
func beyond(ctx context.Context, l *lab) error {
	for range l.rounds {
		for _, silent := range []bool{false, true} {
			took, err := l.beyondRound(ctx, plan{delay: 2 * time.Second, jitter: time.Second, silent: silent})
			if err != nil {
				return err
			}
			if silent {
				l.results.note("beyond", "p99 without callback", "ms", goal{}, percentile(took, 0.99))
				l.results.note("beyond", "slowest without callback, polled each second", "ms", atMost(millis(beyondPoll)+50), percentile(took, 1))
				continue
			}
			l.results.note("beyond", "p50 after the job's end, callback", "ms", atMost(5), percentile(took, 0.5))
			l.results.note("beyond", "p99 after the job's end, callback", "ms", atMost(25), percentile(took, 0.99))
		}
	}
	return nil
}

func (l *lab) beyondRound(ctx context.Context, p plan) ([]time.Duration, error) {
	l.upstream.reset(p)
	n, err := l.startNATS(ctx)
	if err != nil {
		return nil, err
	}
	defer n.stop()
	// More jobs than run at once, so that none waits to be submitted.
	s, err := l.serve(ctx, setup{nats: n.url, maxJobs: 1000, poll: beyondPoll})
	if err != nil {
		return nil, err
	}
	defer s.stop()
	count := int(beyondRate * beyondTime.Seconds())
	err = l.carry(ctx, s.process, n.undone, load{url: s.webhook, media: l.upstream.url + "/recordings/", connections: 8, rate: beyondRate, count: count})
	return l.upstream.beyondJobs(), err
}

// idle measures the memory of a service that has nothing to do.
func idle(ctx context.Context, l *lab) error {
	l.upstream.reset(plan{})
	for range l.rounds {
		n, err := l.startNATS(ctx)
		if err != nil {
			return err
		}
		apart, err := l.idleMemory(ctx, setup{nats: n.url})
		n.stop()
		if err != nil {
			return err
		}
		embedded, err := l.idleMemory(ctx, setup{})
		if err != nil {
			return err
		}
		l.results.note("memory", "idle, NATS apart", "MB", atMost(25), apart)
		l.results.note("memory", "idle, NATS embedded", "MB", atMost(45), embedded)
	}
	return nil
}

func (l *lab) idleMemory(ctx context.Context, cfg setup) (float64, error) {
	s, err := l.serve(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	if err := pause(ctx, idleTime); err != nil {
		return 0, err
	}
	return s.memory()
}

// pause waits, unless the context ends.
func pause(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}
