package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/notify"
)

// DeadLetter is a message that could not be handled, with all that is needed
// to try it again. It is the data of a dead.> event.
type DeadLetter struct {
	ID        uint64          `json:"id"` // its sequence in DEAD; filled when it is read
	Step      string          `json:"stage"`
	Reason    string          `json:"reason"` // one of Reasons
	Error     string          `json:"error"`
	Recording string          `json:"recording"`
	Attempts  int             `json:"attempts"`
	At        time.Time       `json:"at"`
	Subject   string          `json:"subject"` // of the message
	Event     json.RawMessage `json:"event,omitempty"`
}

// DeadPage is one page of dead letters, newest first.
type DeadPage struct {
	Letters []DeadLetter
	Next    uint64 // where the next page begins; 0 at the end
}

// burial is a message that becomes a dead letter, and why.
type burial struct {
	delivery
	step     string
	run      string // tells attempts at the step apart: a replay that fails again is a letter of its own
	subject  string // of the message
	attempts int
	reason   string
	cause    error
}

// bury makes a dead letter of a message.
func (s *Service) bury(ctx context.Context, b burial) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	letter := DeadLetter{
		Step: b.step, Reason: b.reason, Error: clip(b.cause), Recording: b.event.Subject,
		Attempts: b.attempts, At: s.now().UTC(), Subject: b.subject,
	}
	if b.event.ID != "" {
		if letter.Event, err = json.Marshal(b.event); err != nil {
			return fmt.Errorf("encode dead letter: %w", err)
		}
	}
	if err := s.releaseUntold(ctx, b); err != nil {
		return err
	}
	id := msgID("dead/"+b.step+"/"+b.run, b.event.Subject, b.event.Replay)
	msg, err := newEvent(ctx, subjectDead+b.step, TypeDead, id, b.event.Subject, b.event.Replay, s.now(), letter)
	if err != nil {
		return err
	}
	ack, err := set.js.PublishMsg(ctx, msg)
	if err != nil {
		return fmt.Errorf("publish dead letter: %w", err)
	}
	crash.At("the letter is stored")
	if ack.Duplicate {
		if _, err := readEvent(ctx, set.dead, ack.Sequence); errors.Is(err, ErrNotFound) {
			return nil // it was replayed or dropped before its message could say that it is one
		}
	}
	if b.event.Subject != "" {
		switch err := s.markDead(ctx, b, ack.Sequence); {
		case errors.Is(err, errNotOwner):
			return s.deleteDead(ctx, ack.Sequence)
		case err != nil:
			return err
		}
	}
	crash.At("the letter is noted")
	if !ack.Duplicate {
		s.dep.Metrics.dead(b.reason)
		s.dep.Log.Error("dead letter", zap.String("recording", b.event.Subject), zap.String("stage", b.step),
			zap.Uint64("id", ack.Sequence), zap.String("reason", b.reason), zap.Int("attempt", b.attempts), zap.Error(b.cause))
	}
	return nil
}

// markDead notes a letter; errNotOwner if the recording was started anew since
// its message was published: the letter of an earlier run is nobody's.
func (s *Service) markDead(ctx context.Context, b burial, id uint64) error {
	_, err := s.mutate(ctx, b.event.Subject, func(e *Entry) error {
		switch {
		case e.Stage == "" || id <= e.Spent || slices.Contains(e.DeadLetters, id):
			return errUnchanged // if it is spent, somebody replayed it just now
		case b.event.earlier(e):
			return errNotOwner
		}
		e.DeadLetters = append(e.DeadLetters, id)
		e.forgive(b.step) // another alert's failures count from their own first one
		return nil
	})
	return err
}

// noteFailure counts a failure in the ledger, see Entry.fail; errNotOwner if it is
// one of an earlier run.
func (s *Service) noteFailure(ctx context.Context, ev Event, step string, cause error, worked func(time.Time) bool) (Entry, error) {
	return s.mutate(ctx, ev.Subject, func(e *Entry) error {
		switch {
		case e.Stage == "":
			return ErrNotFound
		case ev.earlier(e):
			return errNotOwner
		}
		e.fail(step, cause, s.now(), worked)
		return nil
	})
}

// noteWaiting tells in the ledger, once, what a recording waits for. That is no
// failure and counts as none.
func (s *Service) noteWaiting(ctx context.Context, key string, cause error, log *zap.Logger) {
	text := clip(cause)
	first := false
	_, err := s.mutate(ctx, key, func(e *Entry) error {
		if first = e.Stage != "" && e.Error != text; !first {
			return errUnchanged
		}
		e.Error = text
		return nil
	})
	if err == nil && first {
		log.Info("the recording is not there yet; waiting", zap.Error(cause))
	}
}

// DropDead deletes a dead letter for good: its recording, or that alert of it,
// is done with, unless it was started anew since.
func (s *Service) DropDead(ctx context.Context, id uint64) error {
	letter, err := s.DeadLetter(ctx, id)
	if err != nil {
		return err
	}
	switch spent, err := s.spent(ctx, letter); {
	case spent && err == nil:
		return nil // its recording is a new run, which is not given up
	case err != nil && !errors.Is(err, ErrGone):
		return err
	}
	err = s.unmarkDead(ctx, letter, func(e *Entry) { e.giveUp(letter.Step, letter.alertID()) })
	if err != nil {
		return err
	}
	return s.deleteDead(ctx, id)
}

// alertID is the id of the alert that the letter of the notify step is about;
// empty where that cannot be read.
func (l *DeadLetter) alertID() string {
	ev, err := decodeEvent(l.Event)
	if err != nil {
		return ""
	}
	return ev.alertID()
}

// alertID is the id of the alert that the event carries; empty for another event,
// and where it cannot be read.
func (ev Event) alertID() string {
	alert, err := dataOf[notify.Alert](ev, TypeAlert)
	if err != nil {
		return ""
	}
	return alert.ID
}

// unmarkDead takes a dead letter off the ledger and changes the entry with it.
func (s *Service) unmarkDead(ctx context.Context, letter DeadLetter, change func(*Entry)) error {
	if letter.Recording == "" {
		return nil
	}
	_, err := s.mutate(ctx, letter.Recording, func(e *Entry) error {
		if e.Stage == "" {
			return errUnchanged
		}
		e.DeadLetters = slices.DeleteFunc(e.DeadLetters, func(id uint64) bool { return id == letter.ID })
		change(e)
		return nil
	})
	return err
}

func (s *Service) deleteDead(ctx context.Context, id uint64) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	if err := unlessGone(ctx, set.dead, id, set.dead.DeleteMsg(ctx, id)); err != nil {
		return fmt.Errorf("delete dead letter %d: %w", id, err)
	}
	return nil
}

// unlessGone gives the error of a deletion, unless its message is gone already: the
// server's refusal does not tell.
func unlessGone(ctx context.Context, stream jetstream.Stream, seq uint64, err error) error {
	if err == nil {
		return nil
	}
	if _, gone := readMsg(ctx, stream, seq); errors.Is(gone, ErrNotFound) {
		return nil
	}
	return err
}
