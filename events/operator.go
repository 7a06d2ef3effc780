package events

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/notify"
)

const (
	operatorConsumer = "operator"
	operatorEvery    = time.Minute
	operatorBatch    = 500              // dead letters in one message
	operatorBack     = 24 * time.Hour   // what a consumer that is made anew begins with
	operatorRetry    = 10 * time.Second // after a message that could not be posted
)

// tellOperator tells the operator's channel of dead letters until ctx ends: of
// the first at once, and of those that come within the next minute together.
// Replicas share the work. A letter may be told of twice, and is told of after
// a restart if it was not before.
func (s *Service) tellOperator(ctx context.Context) {
	every := cmp.Or(s.opt.OperatorEvery, operatorEvery)
	for failing := false; ctx.Err() == nil; {
		told, err := s.tellOnce(ctx)
		next := time.Duration(0)
		switch {
		case err != nil && ctx.Err() == nil:
			if !failing {
				s.dep.Log.Warn("the operator's channel is not told of dead letters; trying on", zap.Error(err))
			}
			next = min(operatorRetry, every)
		case told > 0:
			next = every
		}
		failing = err != nil
		_ = pause(ctx, next) // its only error is the end of ctx
	}
}

// tellOnce waits a while for dead letters and tells of those there are.
func (s *Service) tellOnce(ctx context.Context) (told int, err error) {
	if s.aims().Notifiers.Named(s.opt.OperatorChannel) != s.operatorNamed {
		return 0, fmt.Errorf("%s is not the place that it was when the service started; start it anew", s.opt.OperatorChannel)
	}
	teller, ok := s.aims().Notifiers.For(s.opt.OperatorChannel).(notify.Teller)
	if !ok {
		return 0, fmt.Errorf("%s takes alerts alone", s.opt.OperatorChannel)
	}
	set, err := s.streams()
	if err != nil {
		return 0, err
	}
	cons, err := operatorOf(ctx, set.dead)
	if err != nil {
		return 0, fmt.Errorf("open consumer %s: %w", operatorConsumer, err)
	}
	letters, msgs, err := waitForLetters(ctx, cons)
	if err != nil || len(letters) == 0 {
		return 0, err
	}
	if err := teller.Tell(ctx, s.opt.OperatorChannel, noticeOf(letters)); err != nil {
		for _, msg := range msgs {
			_ = msg.Nak() // without it, they come when AckWait is over
		}
		return 0, err
	}
	for _, msg := range msgs {
		if err := msg.Ack(); err != nil {
			return len(letters), fmt.Errorf("acknowledge dead letters: %w", err)
		}
	}
	return len(letters), nil
}

// operatorOf is the consumer that knows what was told. One that is missing, as it
// was damaged or never made, begins a day back: what was told may be told again,
// and what was not is not passed over.
func operatorOf(ctx context.Context, dead jetstream.Stream) (jetstream.Consumer, error) {
	cons, err := dead.Consumer(ctx, operatorConsumer)
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return cons, err
	}
	begin := time.Now().Add(-operatorBack)
	cons, err = dead.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: operatorConsumer, DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &begin,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: 2 * ackWait, MaxDeliver: -1, MaxAckPending: operatorBatch,
	})
	if errors.Is(err, jetstream.ErrConsumerExists) { // by another replica in the meantime
		return dead.Consumer(ctx, operatorConsumer)
	}
	return cons, err
}

// waitForLetters waits for a dead letter, and takes all that are there then.
func waitForLetters(ctx context.Context, cons jetstream.Consumer) (letters []DeadLetter, msgs []jetstream.Msg, err error) {
	take := func(batch jetstream.MessageBatch, err error) error {
		if err != nil {
			return fmt.Errorf("pull dead letters: %w", err)
		}
		for msg := range batch.Messages() {
			msgs = append(msgs, msg)
			if letter, err := letterOf(msg); err == nil { // else nothing can be said of it
				letters = append(letters, letter)
			}
		}
		if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
			return fmt.Errorf("pull dead letters: %w", err)
		}
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	if err := take(cons.Fetch(1, jetstream.FetchContext(limited))); err != nil || len(msgs) == 0 {
		return nil, nil, err
	}
	return letters, msgs, take(cons.FetchNoWait(operatorBatch - 1))
}

func letterOf(msg jetstream.Msg) (DeadLetter, error) {
	var ev Event
	if err := json.Unmarshal(msg.Data(), &ev); err != nil {
		return DeadLetter{}, fmt.Errorf("decode dead letter: %w", err)
	}
	letter, err := dataOf[DeadLetter](ev, TypeDead)
	if err != nil {
		return letter, err
	}
	meta, err := msg.Metadata()
	if err != nil {
		return letter, fmt.Errorf("read dead letter: %w", err)
	}
	letter.ID = meta.Sequence.Stream
	return letter, nil
}

// noticeOf is what the operator reads.
func noticeOf(letters []DeadLetter) notify.Notice {
	n := notify.Notice{
		Title: fmt.Sprintf("trackerbell gave up on %d recordings; they wait for you as dead letters", len(letters)),
		Hint:  "trackerbell dead list shows all of them; trackerbell dead replay ID goes on from the step that failed.",
	}
	if len(letters) == 1 {
		n.Title = "trackerbell gave up on a recording; it waits for you as a dead letter"
	}
	for _, l := range letters {
		n.Lines = append(n.Lines, fmt.Sprintf("%d: %s at %s (%s): %s", l.ID, l.Recording, l.Step, l.Reason, l.Error))
	}
	return n
}
