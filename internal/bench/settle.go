package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	settleLook = 100 * time.Millisecond
	settleTime = time.Second // for which nothing may happen any more
)

// undone tells how many messages somebody has not finished.
type undone func(context.Context) (int, error)

// carry takes the load to Slack and fails unless each recording got there once.
func (l *lab) carry(ctx context.Context, p *process, left undone, sent load) error {
	if err := l.deliver(ctx, p, sent); err != nil {
		return err
	}
	return l.settle(ctx, p, left)
}

// deliver sends the load and waits until Slack has it all.
func (l *lab) deliver(ctx context.Context, p *process, sent load) error {
	_, before, _ := l.upstream.counts()
	if _, err := sent.send(ctx); err != nil {
		return err
	}
	return p.until(ctx, pipelineLimit, func() bool {
		_, posted, _ := l.upstream.counts()
		return posted-before >= sent.count
	})
}

// settle waits until there is nothing left to do and nothing has been posted
// for a second: what comes twice may come after all else.
func (l *lab) settle(ctx context.Context, p *process, left undone) error {
	limit, quiet, before := time.Now().Add(pipelineLimit), time.Now(), -1
	for time.Since(quiet) < settleTime {
		n, err := left(ctx)
		if err != nil {
			return fmt.Errorf("ask what is left to do: %w", err)
		}
		if err := l.upstream.judge(); err != nil {
			return err
		}
		_, posted, _ := l.upstream.counts()
		if n > 0 || posted != before {
			quiet, before = time.Now(), posted
		}
		if quiet.After(limit) {
			return fmt.Errorf("%d messages are not finished: %s", n, p.tail())
		}
		if err := pause(ctx, settleLook); err != nil {
			return err
		}
	}
	return l.upstream.judge()
}

// judge fails if a recording was submitted twice or posted twice.
func (s *standIn) judge() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.twice+s.again+s.strange > 0 {
		return fmt.Errorf("of %d recordings, %d were submitted twice, and %d posted twice; %d messages were of none", len(s.posted), s.again, s.twice, s.strange)
	}
	return nil
}

// openJetStream connects to a nats-server; close its Conn.
func openJetStream(address string) (jetstream.JetStream, error) {
	nc, err := nats.Connect(address)
	if err != nil {
		return nil, err
	}
	return jetstream.New(nc)
}

// undone is what all consumers have before them, and what they have not acked.
func (n *natsServer) undone(ctx context.Context) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	js, err := openJetStream(n.url)
	if err != nil {
		return 0, err
	}
	defer js.Conn().Close()
	left, names := 0, js.StreamNames(ctx)
	for name := range names.Name() {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return 0, err
		}
		consumers := stream.ListConsumers(ctx)
		for c := range consumers.Info() {
			left += int(c.NumPending) + c.NumAckPending
		}
		if err := consumers.Err(); err != nil {
			return 0, err
		}
	}
	return left, names.Err()
}

// stored is how many messages a stream has on a subject.
func (n *natsServer) stored(ctx context.Context, stream, subject string) (int, error) {
	js, err := openJetStream(n.url)
	if err != nil {
		return 0, err
	}
	defer js.Conn().Close()
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return 0, err
	}
	return int(info.State.Subjects[subject]), nil
}

// undone is the same as the service tells it, whose store may be embedded.
func (s *service) undone(ctx context.Context) (int, error) {
	page, err := get(ctx, s.admin+"/metrics")
	if err != nil {
		return 0, err
	}
	return unfinishedIn(page)
}

// unfinishedIn adds up what the steps have not begun and not finished.
func unfinishedIn(metrics []byte) (int, error) {
	var sum float64
	found := false
	for line := range bytes.Lines(metrics) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		name, _, _ = bytes.Cut(name, []byte("{"))
		switch string(name) {
		case "trackerbell_step_pending_messages", "trackerbell_step_unfinished_messages":
			var n float64
			if _, err := fmt.Sscan(string(value), &n); err != nil {
				return 0, fmt.Errorf("/metrics: %w", err)
			}
			sum, found = sum+n, true
		}
	}
	if !found {
		return 0, errors.New("/metrics does not say what the steps have to do")
	}
	return int(sum), nil
}
