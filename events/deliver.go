package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/notify"
)

const (
	// settleTime is how long after an unknown outcome a destination's history
	// is believed to be complete.
	settleTime = 3 * time.Second
	// lookBack is how far before the intent the history is read: clocks differ.
	lookBack = 5 * time.Minute
)

// deliver posts one alert, once: the intent is in the ledger before the post
// and the receipt after it, and an intent without a receipt is looked up at
// the destination before anything is posted again.
func (s *Service) deliver(ctx context.Context, d delivery, limit *rate.Limiter) error {
	alert, err := dataOf[notify.Alert](d.event, TypeAlert)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	e, err := s.Entry(ctx, alert.Recording)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	rec := e.alert(alert.ID)
	if rec == nil || !rec.PostedAt.IsZero() {
		return nil // started anew or forgotten, or the ack was lost
	}
	if !rec.Intent.IsZero() {
		receipt, found, err := s.lookUp(ctx, alert, rec.Intent)
		if err != nil {
			return err
		}
		if found {
			return s.posted(ctx, alert, receipt)
		}
	}
	if err := limit.Wait(ctx); err != nil {
		return err
	}
	if err := s.setIntent(ctx, alert, s.now().UTC()); err != nil {
		return err
	}
	receipt, err := s.dep.Notifier.Notify(ctx, alert)
	if err != nil {
		return s.notPosted(ctx, alert, err)
	}
	return s.posted(ctx, alert, receipt)
}

// lookUp asks the destination whether an alert with an unknown outcome was
// posted. A destination that cannot tell is posted to again: there, alerts are
// at least once.
func (s *Service) lookUp(ctx context.Context, alert notify.Alert, intent time.Time) (notify.Receipt, bool, error) {
	finder, ok := s.dep.Notifier.(notify.Finder)
	if !ok {
		return notify.Receipt{}, false, nil
	}
	if early := settleTime - s.now().Sub(intent); early > 0 {
		return notify.Receipt{}, false, wait(early)
	}
	receipt, found, err := finder.Find(ctx, alert, intent.Add(-lookBack))
	var failed *notify.Error
	if errors.As(err, &failed) {
		switch failed.Outcome {
		case notify.Throttled:
			return receipt, false, &waitError{after: max(failed.RetryAfter, time.Second), err: err}
		case notify.Permanent:
			return receipt, false, dead(ReasonOutcomeUnknown, fmt.Errorf("it may have been posted, and the channel cannot be read: %w", err))
		}
	}
	return receipt, found, err
}

// notPosted says what a failed post means, and takes the intent back where the
// alert certainly was not posted.
func (s *Service) notPosted(ctx context.Context, alert notify.Alert, err error) error {
	var failed *notify.Error
	if !errors.As(err, &failed) {
		return err
	}
	if failed.Outcome != notify.Unknown {
		if merr := s.setIntent(ctx, alert, time.Time{}); merr != nil {
			return merr
		}
	}
	switch failed.Outcome {
	case notify.Permanent:
		return dead(ReasonDestination, err)
	case notify.Throttled:
		s.dep.Metrics.throttled()
		return &waitError{after: max(failed.RetryAfter, time.Second), err: err}
	default:
		return err
	}
}

func (s *Service) setIntent(ctx context.Context, alert notify.Alert, at time.Time) error {
	_, err := s.mutate(ctx, alert.Recording, func(e *Entry) error {
		rec := e.alert(alert.ID)
		if rec == nil {
			return fmt.Errorf("alert %s is not in the ledger", alert.ID)
		}
		rec.Intent = at
		return nil
	})
	return err
}

func (s *Service) posted(ctx context.Context, alert notify.Alert, r notify.Receipt) error {
	now := s.now()
	e, err := s.mutate(ctx, alert.Recording, func(e *Entry) error {
		rec := e.alert(alert.ID)
		if rec == nil || !rec.PostedAt.IsZero() {
			return errUnchanged
		}
		rec.Channel, rec.TS, rec.PostedAt = r.Channel, r.TS, now.UTC()
		e.pass(StepNotify, now)
		e.settle()
		return nil
	})
	if err != nil {
		return err
	}
	s.dep.Metrics.alert(now.Sub(e.ReceivedAt))
	s.dep.Log.Info("posted", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepNotify),
		zap.String("destination", alert.Destination), zap.String("ts", r.TS))
	return nil
}
