package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	noteWorkers = 16
	noteBatch   = 1000 // messages that are read at a time
	// noteWait is how long a reader waits for what was accepted just now.
	noteWait = 2 * time.Second
)

// noting is how far accepted recordings have been entered into the ledger.
type noting struct {
	mu   sync.Mutex
	upTo uint64 // sequence in RECORDINGS
}

// noted enters what was accepted before into the ledger, where the submit stage
// has not done so yet: it may be at symbl.maxJobs or without its Symbl. It is
// done when somebody looks. Ingest does not do it: a webhook costs one write,
// and a process that dies between two would lose the recording or the ledger's
// truth. It takes no longer than noteWait; what it has not reached then is seen
// later.
func (s *Service) noted(ctx context.Context, set *streamSet) error {
	limited, cancel := context.WithTimeout(ctx, noteWait)
	defer cancel()
	s.noting.mu.Lock()
	defer s.noting.mu.Unlock()
	for limited.Err() == nil {
		n, err := s.noteSome(limited, set)
		switch {
		case limited.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case n == 0:
			return nil
		}
	}
	return ctx.Err()
}

// noteAll enters all that was accepted before, however long it takes.
func (s *Service) noteAll(ctx context.Context, set *streamSet) error {
	for {
		s.noting.mu.Lock()
		n, err := s.noteSome(ctx, set)
		s.noting.mu.Unlock()
		if n == 0 || err != nil {
			return err
		}
	}
}

// noteSome enters the next accepted recordings, and tells how many messages
// there were.
func (s *Service) noteSome(ctx context.Context, set *streamSet) (int, error) {
	begin := s.noting.upTo + 1
	cons, err := set.recordings.Consumer(ctx, StepSubmit)
	switch {
	case err == nil:
		begin = max(begin, cons.CachedInfo().AckFloor.Stream+1)
	case !errors.Is(err, jetstream.ErrConsumerNotFound): // the stage has not made it yet
		return 0, fmt.Errorf("%w: ask consumer %s: %w", ErrUnavailable, StepSubmit, err)
	}
	msgs, err := readSome(ctx, set.recordings, begin, noteBatch, subjectReady+">")
	if err != nil || len(msgs) == 0 {
		return 0, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(noteWorkers)
	for _, msg := range msgs {
		group.Go(func() error { return s.note(ctx, set, msg) })
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	s.noting.upTo = msgs[len(msgs)-1].seq
	return len(msgs), nil
}

// note enters one accepted recording into the ledger.
func (s *Service) note(ctx context.Context, set *streamSet, msg storedMsg) error {
	ev, err := decodeEvent(msg.data)
	if err != nil || ev.Replay > 0 {
		return nil //nolint:nilerr // the submit stage makes the dead letter
	}
	rec, err := dataOf[Recording](ev, TypeReady)
	if err != nil {
		return nil //nolint:nilerr // the same
	}
	known := func(*Entry) bool { return true }
	if _, err := set.ledger.Recent(ctx, rec.Key, known); !errors.Is(err, ErrNotFound) {
		return err
	}
	_, err = set.ledger.Mutate(ctx, rec.Key, func(e *Entry) error {
		if e.Stage != "" {
			return errUnchanged
		}
		*e = firstEntry(rec, msg.seq, e.revision)
		e.Trace = ev.TraceParent
		return nil
	})
	if errors.Is(err, errForgotten) {
		return nil
	}
	return err
}
