package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/notify"
)

const (
	// settleTime is how long after an unknown outcome a destination's history
	// is believed to be complete.
	settleTime = 3 * time.Second
	// lookBack is how far before the intent the history is read: clocks differ.
	lookBack = 5 * time.Minute
	// movedWait is how long an alert waits that another process has taken.
	movedWait = time.Second
	// intentLife is how long after an intent its call may begin. A process that
	// was paused in between may have lost its message to another, soonest when
	// ackWait is over since the last heartbeat.
	intentLife = ackWait - heartbeat - 3*time.Second
)

// deliver posts one alert, each of its messages once: the intent is in the
// ledger before a post and the receipt after it, and an intent without a
// receipt is looked up at the destination before anything is posted again.
func (s *Service) deliver(ctx context.Context, d delivery, limit *rate.Limiter) error {
	if d.event.Type == TypeFeedback {
		return s.showFeedback(ctx, d, limit)
	}
	alert, err := dataOf[notify.Alert](d.event, TypeAlert)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	alert.Parts = 1
	if t, ok := s.aims().Notifiers.For(alert.Destination).(notify.Threader); ok {
		alert.Parts = t.Parts(alert)
	}
	for alert.Part = range alert.Parts {
		e, err := s.recentEntry(ctx, alert.Recording, func(e *Entry) bool {
			rec := e.alert(alert.ID)
			return rec != nil && rec.Held == "" && !rec.Dropped && rec.part(alert.Part).untried()
		})
		if errors.Is(err, ErrNotFound) {
			return s.lost(ctx, alert.Recording)
		}
		if err != nil {
			return err
		}
		rec := e.alert(alert.ID)
		if rec == nil {
			return nil // started anew
		}
		post := *rec.part(alert.Part)
		if !post.PostedAt.IsZero() {
			continue // the ack was lost
		}
		switch named := s.aims().Notifiers.Named(rec.Destination); { // Slack may have a channel of that name
		case rec.Named && !named:
			return dead(ReasonDestination, fmt.Errorf("%s is no longer among the destinations: put it back and replay this, or drop it", rec.Destination))
		case named && !rec.Named:
			return dead(ReasonDestination, fmt.Errorf("%s was meant for Slack, and is one of the destinations by now: rename that and replay this, or drop it", rec.Destination))
		}
		e.tell(&alert)
		if alert.Part == 0 {
			if held, err := s.hold(ctx, alert, &e, d.seq); held || err != nil {
				return err
			}
			if rec = e.alert(alert.ID); rec == nil {
				return nil
			}
		}
		alert.Thread = e.under(rec, alert.Part)
		if err := s.deliverPart(ctx, posting{alert, d.seq}, post, limit); err != nil {
			return err
		}
	}
	return s.rememberCaller(ctx, alert)
}

// under is the message that a part of an alert belongs under: the recording's
// first one in the channel for the summary, or the one of its caller, and that or
// the summary for the replies. It is empty at the top level.
func (e *Entry) under(rec *AlertRecord, part int) notify.Receipt {
	switch i := slices.IndexFunc(e.Threads, func(t Thread) bool { return t.Slug == notify.Slug(rec.Destination) }); {
	case part > 0 && rec.Thread != "":
		return notify.Receipt{Channel: rec.Channel, TS: rec.Thread}
	case part > 0:
		return notify.Receipt{Channel: rec.Channel, TS: rec.TS}
	case i >= 0 && !rec.Style.Alone:
		return notify.Receipt{Channel: e.Threads[i].Channel, TS: e.Threads[i].TS}
	case rec.Folded != nil:
		return *rec.Folded
	}
	return notify.Receipt{}
}

// posting is a message of an alert that is to be posted.
type posting struct {
	notify.Alert
	seq uint64 // of its event
}

// deliverPart posts one message of an alert.
func (s *Service) deliverPart(ctx context.Context, p posting, post Post, limit *rate.Limiter) error {
	alert := p.Alert
	if !post.Intent.IsZero() {
		receipt, found, err := s.lookUp(ctx, &p.Alert, post.Intent)
		if err != nil {
			return err
		}
		if found {
			return s.posted(ctx, p, receipt)
		}
	}
	for _, l := range []*rate.Limiter{limit, s.workspace} {
		if err := l.Wait(ctx); err != nil {
			return err
		}
	}
	intent := s.now().UTC()
	e, err := s.setIntent(ctx, alert, post.Intent, intent)
	switch {
	case errors.Is(err, errMoved):
		return wait(movedWait)
	case err != nil:
		return err
	}
	e.tell(&alert) // a call may have been forgotten since it was read
	alert.Thread = e.under(e.alert(alert.ID), alert.Part)
	p.Alert = alert
	crash.At("the post is intended")
	if s.stale(intent) {
		return wait(movedWait)
	}
	crash.At("the post leaves")
	receipt, err := s.aims().Notifiers.For(alert.Destination).Notify(ctx, alert)
	crash.At("it is posted")
	if err != nil {
		return s.notPosted(ctx, alert, intent, err)
	}
	return s.posted(ctx, p, receipt)
}

// lookUp asks the destination whether an alert with an unknown outcome was
// posted, and gives it the thread that it was found in. A destination that cannot
// tell is posted to again: there, alerts are at least once.
func (s *Service) lookUp(ctx context.Context, alert *notify.Alert, intent time.Time) (notify.Receipt, bool, error) {
	finder, ok := s.aims().Notifiers.For(alert.Destination).(notify.Finder)
	if !ok {
		return notify.Receipt{}, false, nil
	}
	if early := settleTime - s.now().Sub(intent); early > settleTime { // the clock was set back
		if _, err := s.setIntent(ctx, *alert, intent, s.now().UTC()); err != nil && !errors.Is(err, errMoved) {
			return notify.Receipt{}, false, err
		}
		return notify.Receipt{}, false, wait(settleTime)
	} else if early > 0 {
		return notify.Receipt{}, false, wait(early)
	}
	alert.Channel = s.channelOf(ctx, alert.Destination)
	receipt, found, err := finder.Find(ctx, *alert, intent.Add(-lookBack))
	if err == nil && !found && alert.Part == 0 && alert.Thread.TS != "" { // the thread may be younger than the message
		alert.Thread = notify.Receipt{}
		receipt, found, err = finder.Find(ctx, *alert, intent.Add(-lookBack))
	}
	var failed *notify.Error
	if errors.As(err, &failed) {
		switch failed.Outcome {
		case notify.Throttled:
			return receipt, false, &waitError{after: max(failed.RetryAfter, time.Second), err: err}
		case notify.Permanent:
			return receipt, false, dead(ReasonOutcomeUnknown, fmt.Errorf("it may have been posted to %s, and the channel cannot be read: %w", alert.Destination, err))
		}
	}
	return receipt, found, err
}

// notPosted says what a failed post means, and takes the intent back where the
// alert certainly was not posted.
func (s *Service) notPosted(ctx context.Context, alert notify.Alert, intent time.Time, err error) error {
	var failed *notify.Error
	if !errors.As(err, &failed) {
		return err
	}
	if failed.Outcome != notify.Unknown {
		if _, merr := s.setIntent(ctx, alert, intent, time.Time{}); merr != nil && !errors.Is(merr, errMoved) {
			return merr
		}
	}
	switch failed.Outcome {
	case notify.Permanent:
		if notify.ThreadLost(err) && alert.Part == 0 {
			return errors.Join(err, s.leaveThread(ctx, alert))
		}
		if err := s.fallBack(ctx, alert, failed); err != nil {
			return err
		}
		return dead(ReasonDestination, fmt.Errorf("%s: %w: %s", alert.Destination, err, notify.Advice(failed.Reason)))
	case notify.Throttled:
		s.dep.Metrics.throttled()
		return &waitError{after: max(failed.RetryAfter, time.Second), err: err}
	default:
		return err
	}
}

// stale tells that an intent is too old to act upon: the process was paused, and
// another may be at it.
func (s *Service) stale(intent time.Time) bool { return s.now().Sub(intent) > intentLife }

// errMoved says that another process took an alert meanwhile.
var errMoved = errors.New("the alert is in other hands")

// setIntent notes that a message of an alert is about to be posted, or, with a
// zero time, that it certainly was not. It is errMoved when the ledger is not as
// the caller left it.
func (s *Service) setIntent(ctx context.Context, alert notify.Alert, from, to time.Time) (Entry, error) {
	return s.mutate(ctx, alert.Recording, func(e *Entry) error {
		rec := e.alert(alert.ID)
		if rec == nil {
			return fmt.Errorf("alert %s is not in the ledger", alert.ID)
		}
		p := rec.part(alert.Part)
		if !p.PostedAt.IsZero() || !p.Intent.Equal(from) || rec.Held != "" || rec.Dropped {
			return errMoved
		}
		p.Intent = to
		return nil
	})
}

// leaveThread forgets the thread of a recording in a channel, or of its caller:
// somebody deleted its first message, so the next one begins another.
func (s *Service) leaveThread(ctx context.Context, alert notify.Alert) error {
	if err := s.leaveCaller(ctx, alert); err != nil {
		return err
	}
	_, err := s.mutate(ctx, alert.Recording, func(e *Entry) error {
		if rec := e.alert(alert.ID); rec != nil {
			rec.Folded = nil
		}
		e.Threads = slices.DeleteFunc(e.Threads, func(t Thread) bool { return t.Slug == notify.Slug(alert.Destination) })
		return nil
	})
	return err
}

// posted notes where a message of an alert stands. With the first one it is
// decided how many more belong to the alert.
func (s *Service) posted(ctx context.Context, posted posting, r notify.Receipt) error {
	now, alert := s.now(), posted.Alert
	e, err := s.mutate(ctx, alert.Recording, func(e *Entry) error {
		rec := e.alert(alert.ID)
		if rec == nil || !rec.part(alert.Part).PostedAt.IsZero() {
			return errUnchanged
		}
		p := rec.part(alert.Part)
		p.Channel, p.TS, p.PostedAt = r.Channel, r.TS, now.UTC()
		if alert.Part == 0 {
			_ = rec.part(alert.Parts - 1) // makes room for the replies
			rec.Seq, rec.Said = posted.seq, said(alert)
			rec.Thread = alert.Thread.TS
			if r.TS != "" && !alert.Style.Alone {
				e.begin(Thread{Slug: notify.Slug(alert.Destination), Channel: r.Channel, TS: cmp.Or(alert.Thread.TS, r.TS)})
			}
		}
		e.pass(StepNotify, now)
		e.settle()
		return nil
	})
	if errors.Is(err, errForgotten) {
		return errors.Join(err, s.withdraw(ctx, alert.Destination, r))
	}
	if err != nil {
		return err
	}
	crash.At("the post is noted")
	s.keepChannel(ctx, alert.Destination, r.Channel)
	if r.TemplateFailed {
		s.dep.Metrics.templateFailed()
		s.dep.Log.Warn("the route's template failed; the built-in message was posted", zap.String("recording", e.Key), zap.String("destination", alert.Destination))
	}
	if alert.Part > 0 {
		return nil
	}
	s.dep.Metrics.alert(&e, now)
	s.dep.Log.Info("posted", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepNotify),
		zap.String("destination", alert.Destination), zap.String("ts", r.TS))
	return nil
}
