package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	beyondRate = 20               // recordings a second
	beyondTime = 20 * time.Second // 400 recordings
	beyondPoll = time.Second

	inFlightJobs = 10_000
	inFlightTime = 25 * time.Second

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

// inFlight measures memory and goroutines while 10,000 jobs run and then end
// within the 25 seconds that each would have taken.
func inFlight(ctx context.Context, l *lab) error {
	for range l.rounds {
		if err := l.inFlightRound(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) inFlightRound(ctx context.Context) error {
	l.upstream.reset(plan{held: true})
	n, err := l.startNATS(ctx)
	if err != nil {
		return err
	}
	defer n.stop()
	s, err := l.serve(ctx, setup{nats: n.url, maxJobs: 2 * inFlightJobs})
	if err != nil {
		return err
	}
	defer s.stop()
	begin := time.Now()
	sent := load{url: s.webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, count: inFlightJobs}
	if _, err := sent.send(ctx); err != nil {
		return err
	}
	if err := s.until(ctx, pipelineLimit, func() bool { jobs, _, _ := l.upstream.counts(); return jobs >= inFlightJobs }); err != nil {
		return err
	}
	l.results.note("memory", "time to 10,000 jobs in flight", "s", goal{}, time.Since(begin).Seconds())
	memory, goroutines, err := s.watch(ctx, inFlightTime)
	if err != nil {
		return err
	}
	l.results.note("memory", "10,000 jobs in flight, NATS apart", "MB", atMost(60), memory)
	l.results.note("memory", "goroutines with 10,000 jobs in flight", "", atMost(500), goroutines)
	l.upstream.release(inFlightTime)
	if memory, _, err = s.watch(ctx, inFlightTime); err != nil {
		return err
	}
	_, posted, _ := l.upstream.counts()
	l.results.note("memory", "while those end", "MB", goal{}, memory)
	l.results.note("memory", "alerts posted meanwhile", "", goal{}, float64(posted))
	return nil
}

// watch gives the most memory (MB) and goroutines in a while.
func (s *service) watch(ctx context.Context, long time.Duration) (memory, goroutines float64, err error) {
	for end := time.Now().Add(long); time.Now().Before(end); {
		if err := pause(ctx, time.Second); err != nil {
			return 0, 0, err
		}
		mb, err := s.memory()
		if err != nil {
			return 0, 0, err
		}
		page, err := get(ctx, s.admin+"/metrics")
		if err != nil {
			return 0, 0, err
		}
		n, err := goroutinesIn(page)
		if err != nil {
			return 0, 0, err
		}
		memory, goroutines = max(memory, mb), max(goroutines, n)
	}
	return memory, goroutines, nil
}

func goroutinesIn(metrics []byte) (float64, error) {
	_, rest, ok := bytes.Cut(metrics, []byte("\ngo_goroutines "))
	if !ok {
		return 0, errors.New("/metrics has no go_goroutines")
	}
	var n float64
	_, err := fmt.Sscan(string(rest), &n)
	return n, err
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
