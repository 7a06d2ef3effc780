package main

import (
	"context"
	"fmt"
	"time"
)

// growth measures what a recording costs when there are more of them, on one
// store in each round that grows from step to step.
func growth(ctx context.Context, l *lab) error {
	for range l.rounds {
		if err := l.grow(ctx, 1000, 10_000); err != nil {
			return err
		}
	}
	return nil
}

// growthLarge takes minutes: it has one round.
func growthLarge(ctx context.Context, l *lab) error { return l.grow(ctx, 1000, 10_000, 100_000) }

func (l *lab) grow(ctx context.Context, steps ...int) error {
	l.upstream.reset(plan{})
	n, err := l.startNATS(ctx)
	if err != nil {
		return err
	}
	defer n.stop()
	s, err := l.serve(ctx, setup{nats: n.url, lines: pipelineChannels, poll: time.Second})
	if err != nil {
		return err
	}
	defer s.stop()
	before := 0
	for _, all := range steps {
		count := all - before
		before = all
		begin := time.Now()
		cpu, err := cpuOfEach(func() (int, error) { return count, l.growBy(ctx, s, count) }, s.process, n.process)
		if err != nil {
			return err
		}
		took := time.Since(begin)
		if err := l.settle(ctx, s.process, n.undone); err != nil {
			return err
		}
		memory, err := s.memory()
		if err != nil {
			return err
		}
		bytes, err := storeBytes(ctx, n.url)
		if err != nil {
			return err
		}
		up := fmt.Sprintf(", up to %d recordings", all)
		l.results.note("growth", "time for each"+up, "ms", goal{}, millis(took)/float64(count))
		l.results.note("growth", "processor time for each"+up, "µs", goal{}, cpu)
		l.results.note("growth", "memory of the service"+up, "MB", goal{}, memory)
		l.results.note("growth", "JetStream for each"+up, "bytes", atMost(4096), float64(bytes)/float64(all))
	}
	return nil
}

// growBy sends recordings in portions, as a service gets them that is never
// far behind.
func (l *lab) growBy(ctx context.Context, s *service, count int) error {
	const portion = 1000
	for left := count; left > 0; left -= portion {
		sent := load{url: s.webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, count: min(left, portion), lines: pipelineChannels}
		if err := l.deliver(ctx, s.process, sent); err != nil {
			return err
		}
	}
	return nil
}

// storeBytes is what all streams hold.
func storeBytes(ctx context.Context, address string) (uint64, error) {
	js, err := openJetStream(address)
	if err != nil {
		return 0, err
	}
	defer js.Conn().Close()
	account, err := js.AccountInfo(ctx)
	if err != nil {
		return 0, err
	}
	return account.Store, nil
}
