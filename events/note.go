package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	noteConsumer = "note"
	noteWorkers  = 8
	// noteWait is how long a reader waits for what was accepted just now.
	noteWait = 2 * time.Second
	noteTick = 10 * time.Millisecond
)

// note enters an accepted recording into the ledger, so that it is seen while
// it waits for the submit stage, which may be at symbl.maxJobs or without its
// Symbl. Ingest does not do it itself: a webhook costs one write, and a process
// that dies between two would lose the recording or the ledger's truth.
func (s *Service) note(ctx context.Context, d delivery) error {
	if d.event.Replay > 0 {
		return nil // it is in the ledger
	}
	rec, err := dataOf[Recording](d.event, TypeReady)
	if err != nil {
		return nil //nolint:nilerr // the submit stage makes the dead letter
	}
	_, err = s.mutate(ctx, rec.Key, func(e *Entry) error {
		if e.Stage != "" {
			return errUnchanged
		}
		*e = firstEntry(rec, d.seq, e.revision)
		return nil
	})
	return err
}

// noted waits, not for long, until the note stage has entered what was accepted
// before. What is pending for it does not tell: the server counts a message a
// moment after it has acknowledged it.
func (s *Service) noted(ctx context.Context, set *streamSet) error {
	limited, cancel := context.WithTimeout(ctx, noteWait)
	defer cancel()
	last, err := set.recordings.GetLastMsgForSubject(limited, subjectReady+">")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: read the last recording: %w", ErrUnavailable, err)
	}
	for {
		cons, err := set.recordings.Consumer(limited, noteConsumer)
		switch {
		case limited.Err() != nil && ctx.Err() == nil:
			return nil
		case errors.Is(err, jetstream.ErrConsumerNotFound): // not yet
		case err != nil:
			return fmt.Errorf("%w: ask consumer %s: %w", ErrUnavailable, noteConsumer, err)
		default:
			if info := cons.CachedInfo(); info.Delivered.Stream >= last.Sequence && info.NumAckPending == 0 {
				return nil
			}
		}
		if pause(limited, noteTick) != nil {
			return nil
		}
	}
}
