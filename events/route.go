package events

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/notify"
)

// quotesPerTracker bounds an alert's size; what a message shows is fewer.
const quotesPerTracker = 50

// route decides which alerts a processed recording leads to, and publishes
// them. The decision is stored before anything is published and reused on a
// redelivery, so that a reload of the routes between two deliveries cannot
// send a recording to both the old and the new place.
func (s *Service) route(ctx context.Context, d delivery) error {
	found, err := dataOf[Processed](d.event, TypeProcessed)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	if found.TrackersRef != "" {
		set, err := s.streams()
		if err != nil {
			return err
		}
		if found.Trackers, err = loadLarge[[]notify.Tracker](ctx, set.blobs, found.TrackersRef); err != nil {
			return err
		}
	}
	e, err := s.decide(ctx, d, found)
	switch {
	case errors.Is(err, errNotOwner):
		return nil
	case err != nil:
		return err
	}
	for _, a := range e.Alerts {
		if a.done() {
			continue
		}
		if err := s.publishAlert(ctx, e, a, found); err != nil {
			return err
		}
	}
	return nil
}

// decide stores the alerts of the recording in the ledger, once.
func (s *Service) decide(ctx context.Context, d delivery, found Processed) (Entry, error) {
	return s.mutate(ctx, d.event.Subject, func(e *Entry) error {
		switch {
		case e.Replay != d.event.Replay || e.Stage == "":
			return errNotOwner
		case e.Stage == StageSubmitted:
			// The await stage was killed between the event and the ledger.
			e.Stage = StageProcessed
		case e.Routed:
			return errUnchanged
		}
		e.Trackers, e.Alerts = nil, nil
		for _, t := range found.Trackers {
			e.Trackers = append(e.Trackers, t.Name)
		}
		for _, p := range s.dep.Router.Plan(found.Call, found.Trackers) {
			e.Alerts = append(e.Alerts, AlertRecord{
				AlertID:     notify.AlertID(e.Key, p.Destination, e.Replay),
				Destination: p.Destination, Trackers: p.Names(), Parts: p.Parts, Style: p.Style,
			})
		}
		e.Routed = true
		e.pass(StepRoute, s.now())
		e.settle()
		return nil
	})
}

func (s *Service) publishAlert(ctx context.Context, e Entry, a AlertRecord, found Processed) error {
	plan := notify.Plan{Parts: a.Parts}
	alert := notify.Alert{
		ID: a.AlertID, Recording: e.Key, Destination: a.Destination, Call: found.Call,
		Trackers: plan.Fill(found.Trackers, quotesPerTracker), Style: a.Style,
	}
	slug := notify.Slug(a.Destination)
	if err := s.ensureDestination(ctx, slug); err != nil {
		return err
	}
	if err := publish(ctx, s, subjectAlerts+slug, TypeAlert, msgID("alert/"+a.AlertID, e.Key, e.Replay), e, alert); err != nil {
		return err
	}
	s.dep.Log.Info("routed", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepRoute),
		zap.String("destination", a.Destination), zap.Strings("trackers", a.Trackers))
	return nil
}
