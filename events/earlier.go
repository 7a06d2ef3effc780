package events

import (
	"context"
	"errors"
	"fmt"
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
	since := e.SubmitIntent
	if start := e.callStart(); start.Before(since) {
		since = start // a transcript's conversation starts with its call
	}
	conv, found, err := s.symbl.FindConversation(ctx, e.Key, since.Add(-clockSlack), e.Conversations...) // those are of runs before
	var failed *symbl.Error
	switch {
	case errors.Is(err, symbl.ErrTooLong):
		return symbl.Job{}, false, dead(ReasonOutcomeUnknown, fmt.Errorf("it may have been submitted, and there are too many conversations to look for it: %w", err))
	case errors.As(err, &failed) && (failed.Class == symbl.NotFound || failed.Class == symbl.Permanent):
		s.dep.Log.Warn("the backend cannot list conversations; submitting again", zap.String("recording", e.Key))
		return symbl.Job{}, false, nil
	}
	return symbl.Job{ConversationID: conv.ID}, found, err
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
