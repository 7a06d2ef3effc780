package events

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/notify"
)

// fallBack sends an alert that its channel refuses for good to the fallback
// channel as well, as an alert of its own that says so. The refused one
// becomes a dead letter all the same: there it can be replayed.
func (s *Service) fallBack(ctx context.Context, alert notify.Alert, failed *notify.Error) error {
	to := s.opt.FallbackChannel
	if s.aims().Notifiers.Named(to) != s.fallbackNamed { // a reload made another place of it
		return nil
	}
	if to == "" || notify.Slug(to) == notify.Slug(alert.Destination) || alert.Part > 0 || !s.mayTake(to, alert, failed) {
		return nil
	}
	id := notify.AlertID(alert.Recording, "fallback/"+alert.Destination, alert.Replay)
	note := fmt.Sprintf("Could not be posted to %s: %s. %s", alert.Destination, failed.Reason, notify.Advice(failed.Reason))
	e, err := s.mutate(ctx, alert.Recording, func(e *Entry) error {
		rec := e.alert(alert.ID)
		if rec == nil || e.alert(id) != nil {
			return errUnchanged
		}
		e.Alerts = append(e.Alerts, AlertRecord{
			AlertID: id, Destination: to, Named: s.fallbackNamed, Trackers: rec.Trackers, Parts: rec.Parts, Style: rec.Style, Note: note,
		})
		return nil
	})
	rec := e.alert(id)
	if err != nil || rec == nil || rec.done() { // posted, or told in a digest
		return err
	}
	alert.ID, alert.Destination, alert.Note = id, to, note
	if alert.Digest != nil { // its lines are the ledger's: until it is posted, a call may be forgotten
		digest := *alert.Digest
		digest.Alerts, alert.Digest = nil, &digest
	}
	s.dep.Log.Warn("the channel refuses the alert; the fallback channel gets it", zap.String("recording", e.Key),
		zap.String("destination", to), zap.String("reason", failed.Reason))
	_, err = s.sendAlert(ctx, e, alert)
	return err
}

// mayTake tells whether the fallback channel can be reached: another channel when
// the fault is the channel's, and what needs no token when it is the token's. What
// the receiver of a webhook refuses is nothing that people read.
func (s *Service) mayTake(to string, alert notify.Alert, failed *notify.Error) bool {
	switch {
	case notify.ChannelFault(failed.Reason):
		return true
	case failed.Reason == notify.ReasonRefused:
		return false
	}
	return s.aims().Notifiers.For(to) != s.aims().Notifiers.For(alert.Destination)
}
