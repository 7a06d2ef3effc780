package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/notify"
)

const (
	// maxOpinions is how many people's feedback an alert keeps; maxSaid how many
	// phrases it counts for.
	maxOpinions = 100
	maxSaid     = 50
	// editTries is how often a message is tried to be changed: the channel's next
	// alert waits behind it.
	editTries = 4
)

// Said is a phrase of a tracker that an alert quoted.
type Said struct {
	Tracker string `json:"tracker"`
	Phrase  string `json:"phrase"`
}

// FeedbackGiven is the data of a feedback event: what people think of an alert
// changed, and its message is to show it.
type FeedbackGiven struct {
	Recording string `json:"recording"`
	AlertID   string `json:"alertId"`
}

// said lists what the alert quotes, each phrase once.
func said(a notify.Alert) []Said {
	var out []Said
	for _, t := range a.Trackers {
		if t.Absent != "" {
			out = append(out, Said{Tracker: t.Name})
		}
		for _, q := range t.Quotes {
			if s := (Said{t.Name, q.Phrase}); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out[:min(len(out), maxSaid)]
}

// GiveFeedback stores what somebody thinks of an alert, instead of what the
// same person thought before, and has its message show it. ErrNotFound if the
// ledger does not know the alert.
func (s *Service) GiveFeedback(ctx context.Context, key, alertID string, f notify.Feedback) error {
	changed := false
	e, err := s.mutate(ctx, key, func(e *Entry) error {
		rec := e.told(alertID)
		if rec == nil {
			return ErrNotFound
		}
		changed = rec.opinion(f)
		if !changed {
			return errUnchanged
		}
		return nil
	})
	if err != nil {
		return err
	}
	rec := e.told(alertID)
	if changed {
		s.dep.Metrics.feedback(f.Useful, rec.Trackers)
		s.dep.Log.Info("feedback", zap.String("recording", key), zap.String("source", e.Source), zap.Bool("useful", f.Useful))
	}
	// Also when nothing changed: the last publish may have failed.
	id := msgID("feedback/"+alertID+"/"+f.User+"/"+strconv.FormatInt(f.At.UnixNano(), 10), key, e.Replay)
	_, err = publish(ctx, s, subjectAlerts+notify.Slug(rec.Destination), TypeFeedback, id, e, FeedbackGiven{Recording: key, AlertID: alertID})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// opinion notes feedback and tells whether that changes anything.
func (a *AlertRecord) opinion(f notify.Feedback) bool {
	i := slices.IndexFunc(a.Feedback, func(old notify.Feedback) bool { return old.User == f.User })
	if i >= 0 {
		if a.Feedback[i].Useful == f.Useful {
			return false
		}
		a.Feedback = slices.Delete(a.Feedback, i, i+1)
	}
	if len(a.Feedback) >= maxOpinions {
		return false
	}
	a.Feedback = append(a.Feedback, f)
	return true
}

// showFeedback writes the message of an alert anew. It may do so twice.
func (s *Service) showFeedback(ctx context.Context, d delivery, limit *rate.Limiter) error {
	given, err := dataOf[FeedbackGiven](d.event, TypeFeedback)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	e, err := s.entry(ctx, given.Recording)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	rec := e.told(given.AlertID)
	if rec == nil || rec.TS == "" {
		return nil
	}
	notifier := s.aims().Notifiers.For(rec.Destination)
	editor, ok := notifier.(notify.Editor)
	if !ok {
		return nil
	}
	alert, err := s.alertAt(ctx, rec.Seq)
	gone := errors.Is(err, ErrNotFound)
	if err != nil && !gone {
		return err
	}
	if err := limit.Wait(ctx); err != nil {
		return err
	}
	at := notify.Receipt{Channel: rec.Channel, TS: rec.TS}
	if gone {
		return s.annotate(ctx, notifier, at, rec, d)
	}
	alert.Feedback, alert.Parts = rec.Feedback, 1+len(rec.Replies)
	return s.edited(editor.Update(ctx, alert, at), d)
}

// annotate shows feedback on a message whose alert has left the stream.
func (s *Service) annotate(ctx context.Context, notifier notify.Notifier, at notify.Receipt, rec *AlertRecord, d delivery) error {
	annotator, ok := notifier.(notify.Annotator)
	if !ok {
		s.dep.Log.Info("the alert is too old to show feedback on its message", zap.String("recording", d.event.Subject))
		return nil
	}
	return s.edited(annotator.Annotate(ctx, at, rec.Thread, rec.Feedback), d)
}

// alertAt reads a published alert again; ErrNotFound when it has left the
// stream.
func (s *Service) alertAt(ctx context.Context, seq uint64) (notify.Alert, error) {
	set, err := s.streams()
	if err != nil {
		return notify.Alert{}, err
	}
	if seq == 0 {
		return notify.Alert{}, ErrNotFound
	}
	ev, err := readEvent(ctx, set.alerts, seq)
	if err != nil {
		return notify.Alert{}, err
	}
	return dataOf[notify.Alert](ev, TypeAlert)
}

// edited says what a failed change of a message means. A message that cannot
// be changed is nobody's loss, and is given up: the ledger has the feedback, and
// the next press shows it.
func (s *Service) edited(err error, d delivery) error {
	var failed *notify.Error
	if !errors.As(err, &failed) {
		return err
	}
	if failed.Outcome == notify.Throttled {
		return &waitError{after: failed.RetryAfter, err: err}
	}
	if failed.Outcome != notify.Permanent && d.delivered < editTries {
		return &waitError{after: retryDelay(int(d.delivered), 0), err: err}
	}
	s.dep.Log.Info("the message cannot be changed", zap.String("recording", d.event.Subject), zap.Error(err))
	return nil
}

// PhraseFeedback is how often alerts that quoted a phrase were found useful,
// and how often a false alarm.
type PhraseFeedback struct {
	Tracker     string `json:"tracker"`
	Phrase      string `json:"phrase"`
	Useful      int    `json:"useful"`
	FalseAlarms int    `json:"falseAlarms"`
}

// FeedbackCounts counts the feedback of all recordings in the ledger by phrase,
// those with the most false alarms first.
func (s *Service) FeedbackCounts(ctx context.Context) ([]PhraseFeedback, error) {
	counts := map[Said]*PhraseFeedback{}
	for cursor := uint64(0); ; {
		page, err := s.Entries(ctx, cursor, 500)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			e.countFeedback(counts)
		}
		if cursor = page.Next; cursor == 0 {
			break
		}
	}
	list := make([]PhraseFeedback, 0, len(counts))
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b PhraseFeedback) int {
		return cmp.Or(b.FalseAlarms-a.FalseAlarms, b.Useful-a.Useful, cmp.Compare(a.Tracker, b.Tracker), cmp.Compare(a.Phrase, b.Phrase))
	})
	return list, nil
}

func (e *Entry) countFeedback(counts map[Said]*PhraseFeedback) {
	for _, a := range slices.Concat(e.Alerts, e.Earlier) {
		for _, phrase := range a.Said {
			for _, f := range a.Feedback {
				c := counts[phrase]
				if c == nil {
					c = &PhraseFeedback{Tracker: phrase.Tracker, Phrase: phrase.Phrase}
					counts[phrase] = c
				}
				if f.Useful {
					c.Useful++
				} else {
					c.FalseAlarms++
				}
			}
		}
	}
}
