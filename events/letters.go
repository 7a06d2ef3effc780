package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrUnreadable says that a dead letter does not hold what could be tried again.
var ErrUnreadable = errors.New("it cannot be read, and so not be tried again: drop it, and replay its recording or send the webhook again")

// DeadLetters reads up to limit dead letters, newest first, from cursor on (0:
// from the newest).
func (s *Service) DeadLetters(ctx context.Context, cursor uint64, limit int) (DeadPage, error) {
	set, err := s.streams()
	if err != nil {
		return DeadPage{}, err
	}
	letters, next, err := backward(ctx, set.dead, cursor, limit, s.DeadLetter)
	if err != nil {
		return DeadPage{}, fmt.Errorf("read dead letters: %w", err)
	}
	return DeadPage{Letters: letters, Next: next}, nil
}

// backward reads up to limit messages of a stream, newest first, from cursor on
// (0: from the newest). read gives ErrNotFound for one that is gone. next is where
// the following page begins, 0 at the end.
func backward[T any](ctx context.Context, stream jetstream.Stream, cursor uint64, limit int, read func(context.Context, uint64) (T, error)) (list []T, next uint64, err error) {
	// What was deleted between two messages is not asked for, one by one.
	info, err := stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: ask stream: %w", ErrUnavailable, err)
	}
	seq := info.State.LastSeq
	if cursor > 0 && cursor <= seq {
		seq = cursor - 1
	}
	for last := uint64(0); seq >= max(info.State.FirstSeq, 1); seq-- {
		if _, gone := slices.BinarySearch(info.State.Deleted, seq); gone {
			continue
		}
		one, err := read(ctx, seq)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		if len(list) == limit {
			return list, last, nil
		}
		list, last = append(list, one), seq
	}
	return list, 0, nil
}

// DeadCount is how many dead letters there are.
func (s *Service) DeadCount(ctx context.Context) (int, error) {
	set, err := s.streams()
	if err != nil {
		return 0, err
	}
	info, err := set.dead.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("%w: read dead letters: %w", ErrUnavailable, err)
	}
	return int(info.State.Msgs), nil
}

// DeadLetter reads one dead letter; ErrNotFound if there is none of that id. Of
// one that cannot be read it gives what is known, with ReasonMalformed: it must
// be possible to see it and to drop it.
func (s *Service) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	letter, err := s.readLetter(ctx, id)
	if errors.Is(err, ErrUnreadable) {
		return letter, nil
	}
	return letter, err
}

// readLetter is DeadLetter that gives ErrUnreadable, too, with what is known of
// the letter.
func (s *Service) readLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	set, err := s.streams()
	if err != nil {
		return DeadLetter{}, err
	}
	raw, err := readMsg(ctx, set.dead, id)
	if err != nil {
		return DeadLetter{}, err
	}
	letter, err := decodeLetter(raw)
	letter.ID = id
	return letter, err
}

// decodeLetter reads a message of DEAD, which anybody with a connection to NATS,
// and any other version, may have written.
func decodeLetter(raw *jetstream.RawStreamMsg) (DeadLetter, error) {
	ev, letter, err := decodeAs[DeadLetter](raw.Data, TypeDead)
	if err == nil {
		return letter, nil
	}
	step := strings.TrimPrefix(raw.Subject, subjectDead)
	if !slices.Contains(Steps(), step) {
		step = ""
	}
	return DeadLetter{
		Step: step, Reason: ReasonMalformed, Error: clip(err), Recording: ev.Subject,
		At: raw.Time.UTC(), Subject: raw.Subject,
	}, ErrUnreadable
}

// readEvent reads one message of a stream; ErrNotFound if it is gone.
func readEvent(ctx context.Context, stream jetstream.Stream, seq uint64) (Event, error) {
	raw, err := readMsg(ctx, stream, seq)
	if err != nil {
		return Event{}, err
	}
	var ev Event
	if err := json.Unmarshal(raw.Data, &ev); err != nil {
		return Event{}, fmt.Errorf("decode message %d: %w", seq, err)
	}
	return ev, nil
}

// readMsg is readEvent of what need not be an event.
func readMsg(ctx context.Context, stream jetstream.Stream, seq uint64) (*jetstream.RawStreamMsg, error) {
	if seq == 0 {
		return nil, ErrNotFound // which no message has
	}
	raw, err := stream.GetMsg(ctx, seq)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("%w: read message %d: %w", ErrUnavailable, seq, err)
	}
	return raw, nil
}
