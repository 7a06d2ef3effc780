package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	inFlightJobs  = 10_000
	inFlightTime  = 25 * time.Second // of each job: longer than submitting them all takes
	inFlightWatch = time.Second
)

// inFlight measures memory and goroutines while 10,000 jobs run, and while
// they end and are posted.
func inFlight(ctx context.Context, l *lab) error {
	for range l.rounds {
		if err := l.inFlightRound(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) inFlightRound(ctx context.Context) error {
	l.upstream.reset(plan{delay: inFlightTime})
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
	watched := s.watch(ctx, inFlightWatch, s.vitals)
	err = l.deliver(ctx, s.process, load{url: s.webhook, media: l.upstream.url + "/recordings/", connections: ingestConns, count: inFlightJobs})
	samples, err2 := watched()
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if err := l.settle(ctx, s.process, n.undone); err != nil {
		return err
	}
	seen := l.upstream.look()
	var running, ending, goroutines float64
	for _, v := range samples {
		if v.at.Before(seen.firstEnd) {
			running = max(running, v.memory)
		} else {
			ending = max(ending, v.memory)
		}
		goroutines = max(goroutines, v.goroutines)
	}
	l.results.note("memory", "jobs in flight at once", "", atLeast(inFlightJobs), float64(seen.most))
	l.results.note("memory", "time to submit 10,000 jobs", "s", goal{}, seen.lastSubmit.Sub(begin).Seconds())
	l.results.note("memory", "10,000 jobs in flight, NATS apart", "MB", atMost(60), running)
	l.results.note("memory", "while those end", "MB", goal{}, ending)
	l.results.note("memory", "goroutines until the last post", "", atMost(500), goroutines)
	return nil
}

// vitals are a service's memory, in MB, and goroutines at a moment.
type vitals struct {
	at                 time.Time
	memory, goroutines float64
}

// vitals asks the service for its goroutines, which costs it a little.
func (s *service) vitals(ctx context.Context) (v vitals, err error) {
	if v, err = s.resident(ctx); err != nil {
		return v, err
	}
	page, err := get(ctx, s.admin+"/metrics")
	if err != nil {
		return v, err
	}
	v.goroutines, err = goroutinesIn(page)
	return v, err
}

// resident looks at the memory alone, which the service does not notice.
func (s *service) resident(context.Context) (v vitals, err error) {
	v.at = time.Now()
	v.memory, err = s.memory()
	return v, err
}

// watch looks at the service again and again, until what it returns is called:
// that gives what was seen.
func (s *service) watch(ctx context.Context, every time.Duration, look func(context.Context) (vitals, error)) func() ([]vitals, error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	var seen []vitals
	var failed error
	go func() {
		defer close(ended)
		for pause(ctx, every) == nil {
			v, err := look(ctx)
			switch {
			case err == nil:
				seen = append(seen, v)
			case !errors.Is(err, context.Canceled): // which is how it ends
				failed = err
				return
			}
		}
	}()
	return func() ([]vitals, error) {
		cancel()
		<-ended
		return seen, failed
	}
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
