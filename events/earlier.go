package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/symbl"
)

// clockSlack widens the look for a conversation of ours.
const clockSlack = 5 * time.Minute

// earlierSubmit looks for what a submit of unknown outcome left behind, once
// that must be listed. A backend that honours idempotency keys is simply asked
// again.
func (s *Service) earlierSubmit(ctx context.Context, e Entry) (symbl.Job, bool, error) {
	if e.SubmitIntent.IsZero() || s.opt.Idempotent {
		return symbl.Job{}, false, nil
	}
	if err := s.letSettle(ctx, e); err != nil {
		return symbl.Job{}, false, err
	}
	job, found, err := s.find(ctx, e, e.SubmitIntent)
	var final *deadError
	var failed *symbl.Error
	if !errors.As(err, &final) && errors.As(err, &failed) && (failed.Class == symbl.NotFound || failed.Class == symbl.Permanent) {
		s.dep.Log.Warn("the backend cannot list conversations; submitting again", zap.String("recording", e.Key))
		return symbl.Job{}, false, nil
	}
	return job, found, err
}

// listedSince is the earliest start of a conversation that was submitted at a time
// or later. A transcript's starts with its call.
func (e *Entry) listedSince(submitted time.Time) time.Time {
	since := submitted
	if start := e.callStart(); !start.IsZero() && start.Before(since) {
		since = start
	}
	return since.Add(-clockSlack)
}

// find looks for the conversation of a recording's run that was submitted at a
// time or later.
func (s *Service) find(ctx context.Context, e Entry, submitted time.Time) (symbl.Job, bool, error) {
	conv, found, err := s.symbl.FindConversation(ctx, e.Key, e.listedSince(submitted), e.Conversations...) // those are of runs before
	if errors.Is(err, symbl.ErrTooLong) {
		err = dead(ReasonOutcomeUnknown, fmt.Errorf("it may have been submitted, and there are too many conversations to look for it: %w", err))
	}
	return symbl.Job{ConversationID: conv.ID}, found, err
}

// underItsKey is what an earlier submit of the run made, where the backend has
// its Idempotency-Key with another request: a URL was renewed since, or the
// configuration changed. Where it made nothing, the refusal stands.
func (s *Service) underItsKey(ctx context.Context, e Entry, refusal error) (symbl.Job, error) {
	var failed *symbl.Error
	if !s.opt.Idempotent || !errors.As(refusal, &failed) || failed.Status != http.StatusUnprocessableEntity {
		return symbl.Job{}, refusal
	}
	job, found, err := s.find(ctx, e, e.ReceivedAt) // the intent may be that of a later attempt
	switch {
	case err != nil:
		return symbl.Job{}, err
	case !found:
		return symbl.Job{}, fmt.Errorf("%w: \"trackerbell recordings replay\" submits it under another key", refusal)
	}
	return job, nil
}

// letSettle asks for a later delivery while a submit of unknown outcome may not
// be listed yet. An upload is under way for long after its intent: then it is
// the failure that counts.
func (s *Service) letSettle(ctx context.Context, e Entry) error {
	now, last := s.now().UTC(), e.SubmitIntent
	if last.After(now) { // the clock was set back
		e.SubmitIntent = now
		if err := s.noteIntent(ctx, &e, last); err != nil {
			return err
		}
		return wait(s.opt.SettleTime)
	}
	if failed := e.Trials[StepSubmit].At; failed.After(last) && !failed.After(now) {
		last = failed
	}
	if early := s.opt.SettleTime - now.Sub(last); early > 0 {
		return wait(early)
	}
	return nil
}
