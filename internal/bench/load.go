package main

import (
	"bufio"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// load is what is sent to a webhook.
type load struct {
	url         string
	media       string // prefix of the recordings' URLs
	lines       int    // each recording carries ?line= with one of so many
	connections int
	times       int           // how often each recording is sent; 0: once
	rate        float64       // requests a second; 0: the next as soon as one is answered
	duration    time.Duration // how long; 0: until count
	count       int           // how many; 0: until duration
}

// outcome is what became of a load. Latencies count from the moment at which
// a request was due, so that a stall shows in all that waited for it.
type outcome struct {
	sent      int
	took      time.Duration
	latencies []time.Duration
}

// send sends the load and fails on the first answer that is not 2xx.
func (l load) send(ctx context.Context) (outcome, error) {
	forms, err := l.templates()
	if err != nil {
		return outcome{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	next := l.schedule(ctx, begin)
	var mu sync.Mutex
	var all outcome
	var senders sync.WaitGroup
	for range l.connections {
		senders.Go(func() {
			latencies, err := l.connection(ctx, forms, next)
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all.latencies = append(all.latencies, latencies...)
		})
	}
	senders.Wait()
	all.took, all.sent = time.Since(begin), len(all.latencies)
	return all, context.Cause(ctx)
}

// turn gives the number of the next request and when it is due. It waits for
// that moment, and says false when there is no more.
type turn func() (n int, due time.Time, more bool)

// schedule hands out the requests. Without a rate each is due when somebody
// asks, and nobody wakes another for it.
func (l load) schedule(ctx context.Context, begin time.Time) turn {
	var number atomic.Int64
	if l.rate == 0 {
		return func() (int, time.Time, bool) {
			n, now := int(number.Add(1)), time.Now()
			over := l.count > 0 && n > l.count || l.duration > 0 && now.Sub(begin) >= l.duration
			return n, now, !over && ctx.Err() == nil
		}
	}
	due := make(chan time.Time, 1<<16)
	go l.tick(ctx, begin, due)
	return func() (int, time.Time, bool) {
		at, more := <-due
		return int(number.Add(1)), at, more
	}
}

// tick sends the moments at which requests are due, each when it has come.
func (l load) tick(ctx context.Context, begin time.Time, due chan<- time.Time) {
	defer close(due)
	for i := 0; l.count == 0 || i < l.count; i++ {
		at := begin.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
		sleepUntil(at)
		if l.duration > 0 && time.Since(begin) >= l.duration {
			return
		}
		select {
		case due <- at:
		case <-ctx.Done():
			return
		}
	}
}

// sleepUntil blocks the thread: the runtime's timers are late by up to a
// millisecond on an idle machine, which is more than what is measured.
func sleepUntil(at time.Time) {
	if wait := time.Until(at); wait > 0 {
		spec := syscall.NsecToTimespec(int64(wait))
		_ = syscall.Nanosleep(&spec, nil) // a signal wakes it early, which is no harm
	}
}

// connection sends what is due on one connection.
func (l load) connection(ctx context.Context, forms []template, next turn) ([]time.Duration, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", forms[0].host)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to be said on it
	reader, writer := bufio.NewReader(conn), newWriter()
	var latencies []time.Duration
	var fresh time.Time // when the deadline was last moved
	for {
		n, due, more := next()
		if !more {
			return latencies, nil
		}
		if due.Sub(fresh) > startTime/10 {
			fresh = due
			if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
				return latencies, err
			}
		}
		request := writer.request(&forms[n%len(forms)])
		for range max(1, l.times) {
			if _, err := conn.Write(request); err != nil {
				return latencies, err
			}
			if err := readAnswer(reader); err != nil {
				return latencies, err
			}
		}
		latencies = append(latencies, time.Since(due))
	}
}
