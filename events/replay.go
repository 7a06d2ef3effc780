package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/trackerbell/trackerbell/internal/crash"
)

// ErrGone says that the event a replay needs has left the stream.
var ErrGone = errors.New("its event is no longer in the stream")

// ReplayDead tries a dead letter again, from the step that failed. What has
// happened already does not happen again; only a job that failed at Symbl is
// submitted anew. ErrNotFound if there is no such letter, ErrUnreadable if it
// does not hold what could be tried, ErrLost if the ledger does not know its
// recording any more.
func (s *Service) ReplayDead(ctx context.Context, id uint64) error {
	letter, err := s.readLetter(ctx, id)
	switch {
	case err != nil:
		return err
	case letter.Recording == "":
		return ErrUnreadable
	}
	switch spent, err := s.spent(ctx, letter); {
	case spent || err != nil:
		return err
	case letter.Reason == ReasonJobFailed:
		return s.startAnew(ctx, letter.Recording, id)
	}
	if letter.Step != StepSubmit {
		if err := s.lost(ctx, letter.Recording); err != nil {
			return err
		}
	}
	if _, err := decodeEvent(letter.Event); err != nil && letter.Step != StepAwait { // whose event is made anew
		return ErrUnreadable
	}
	var entry Entry
	err = s.unmarkDead(ctx, letter, func(e *Entry) {
		delete(e.Attempts, letter.Step)
		e.forgive(letter.Step)
		e.Error = ""
		switch {
		case e.Stage == StageSubmitted:
			e.SubmittedAt = s.now().UTC() // the job is given its time once more
		case letter.Step == StepSubmit:
			e.Replaying = e.Stage == StageReady // then the new message becomes the owner
		}
		entry = *e
	})
	if err != nil {
		return err
	}
	crash.At("the replay is noted")
	if err := s.publishAgain(ctx, letter, entry); err != nil {
		return err
	}
	crash.At("the replay is stored")
	return s.deleteDead(ctx, id)
}

// spent deals with a letter of before its recording was started anew, which
// whoever did that was killed before deleting: the new run goes on, and the
// letter is spent.
func (s *Service) spent(ctx context.Context, letter DeadLetter) (yes bool, err error) {
	e, err := s.entry(ctx, letter.Recording)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case letter.ID > e.Spent:
		return false, nil
	}
	if err := s.goOn(ctx, e); err != nil {
		return true, err
	}
	return true, s.deleteDead(ctx, letter.ID)
}

// publishAgain publishes the event of a dead letter under an id of its own.
func (s *Service) publishAgain(ctx context.Context, letter DeadLetter, entry Entry) error {
	id := "replay/" + strconv.FormatUint(letter.ID, 10)
	if letter.Step == StepAwait || letter.Step == StepSubmit && entry.Stage == StageSubmitted { // it was killed in between
		_, err := publish(ctx, s, subjectSubmitted+entry.Source, TypeSubmitted, id, entry,
			Submitted{JobID: entry.JobID, ConversationID: entry.ConversationID})
		return err
	}
	set, err := s.streams()
	if err != nil {
		return err
	}
	ev, err := decodeEvent(letter.Event)
	if err != nil {
		return err
	}
	ev.ID = id
	body, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	if _, err := s.publishMsg(ctx, set.js, eventMsg(letter.Subject, ev, body)); err != nil {
		return fmt.Errorf("publish replay: %w", err)
	}
	return nil
}

// ReplayRecording starts a recording anew: it is submitted, awaited, routed
// and posted again, as a run of its own. ErrNotFound if the ledger does not
// know it, ErrGone if its webhook's event has aged out of the stream.
func (s *Service) ReplayRecording(ctx context.Context, key string) error {
	return s.startAnew(ctx, key)
}

// startAnew starts a recording anew and deletes its dead letters, and more of
// them that the caller knows.
func (s *Service) startAnew(ctx context.Context, key string, more ...uint64) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	e, err := set.ledger.Get(ctx, key)
	if err != nil {
		return err
	}
	if _, err := s.readyEvent(ctx, e); err != nil {
		return err
	}
	letters := more
	e, err = set.ledger.Mutate(ctx, key, func(now *Entry) error {
		if now.Replay == e.Replay {
			letters = slices.Concat(more, now.DeadLetters)
			now.restart(letters)
		}
		return nil
	})
	if err != nil {
		return err
	}
	crash.At("the new run is noted")
	if err := s.goOn(ctx, e); err != nil {
		return err
	}
	crash.At("the new run is stored")
	return s.deleteLetters(ctx, letters)
}

// readyEvent reads the event that a recording's run began with; ErrGone if it
// has aged out of the stream.
func (s *Service) readyEvent(ctx context.Context, e Entry) (Recording, error) {
	set, err := s.streams()
	if err != nil {
		return Recording{}, err
	}
	ev, err := readEvent(ctx, set.recordings, e.ReadySeq)
	if errors.Is(err, ErrNotFound) {
		return Recording{}, ErrGone
	}
	if err != nil {
		return Recording{}, err
	}
	return dataOf[Recording](ev, TypeReady)
}

// goOn publishes what a recording that was started anew goes on from, once.
func (s *Service) goOn(ctx context.Context, e Entry) error {
	switch {
	case e.Stage == StageReady && e.Replaying:
		rec, err := s.readyEvent(ctx, e)
		if err != nil {
			return err
		}
		_, err = publish(ctx, s, subjectReady+rec.Source, TypeReady, msgID("ready", e.Key, e.Replay), e, rec)
		return err
	case e.Stage == StageProcessed && !e.Routed:
		set, err := s.streams()
		if err != nil {
			return err
		}
		found, err := s.found(ctx, set, e)
		if err != nil {
			return err
		}
		_, err = s.publishProcessed(ctx, e, found)
		return err
	}
	return nil // it has gone on
}

func (s *Service) deleteLetters(ctx context.Context, ids []uint64) error {
	for _, id := range ids {
		if err := s.deleteDead(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// RouteAgain takes a recording on from the route step, with what was found in
// it: the routes as they are now decide where its alerts go, as a run of its
// own. ErrNotFound if the ledger does not know it or it never came so far,
// ErrGone if what was found has left the stream.
func (s *Service) RouteAgain(ctx context.Context, key string) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	e, err := set.ledger.Get(ctx, key)
	if err != nil {
		return err
	}
	if _, err := s.found(ctx, set, e); err != nil {
		return err
	}
	var letters []uint64
	e, err = set.ledger.Mutate(ctx, key, func(now *Entry) error {
		if now.Replay != e.Replay {
			return nil
		}
		before := *now
		letters = slices.Clone(now.DeadLetters)
		now.restart(letters)
		now.Stage, now.Replaying, now.Conversations = StageProcessed, false, before.Conversations
		now.SubmitIntent, now.SubmittedAt = before.SubmitIntent, before.SubmittedAt
		now.JobID, now.ConversationID, now.Trackers = before.JobID, before.ConversationID, before.Trackers
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.goOn(ctx, e); err != nil {
		return err
	}
	return s.deleteLetters(ctx, letters)
}
