package events

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/notify"
)

// The bounds of what an alert quotes, which no message shows all of. The processed
// event has it whole.
const (
	quotesPerTracker = 50
	quoteChars       = 1000
	quotesBytes      = inlineBytes // as JSON; far below what any server takes as a message
)

// route decides which alerts a processed recording leads to, and publishes
// them. The decision is stored before anything is published and reused on a
// redelivery, so that a reload of the routes between two deliveries cannot
// send a recording to both the old and the new place.
func (s *Service) route(ctx context.Context, d delivery) error {
	found, err := s.loadProcessed(ctx, d.event)
	if err != nil {
		return err
	}
	e, err := s.decide(ctx, d, found)
	switch {
	case errors.Is(err, errNotOwner) && e.Stage == "":
		return s.lost(ctx, d.event.Subject)
	case errors.Is(err, errNotOwner):
		return nil
	case err != nil:
		return err
	}
	crash.At("the routes are noted")
	s.release(ctx, e.Key)
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

// loadProcessed reads the data of a processed event, wherever it is held.
func (s *Service) loadProcessed(ctx context.Context, ev Event) (Processed, error) {
	found, err := dataOf[Processed](ev, TypeProcessed)
	if err != nil {
		return found, dead(ReasonMalformed, err)
	}
	if found.TrackersRef == "" {
		return found, nil
	}
	set, err := s.streams()
	if err != nil {
		return found, err
	}
	found.Trackers, err = loadLarge[[]notify.Tracker](ctx, set.blobs, found.TrackersRef)
	return found, err
}

// Found gives what was found in a recording, redacted as its source wants it.
// ErrNotFound if the ledger does not know it or it is not routed yet, ErrGone if
// its event has left the stream.
func (s *Service) Found(ctx context.Context, key string) (Processed, error) {
	set, err := s.streams()
	if err != nil {
		return Processed{}, err
	}
	e, err := set.ledger.Get(ctx, key)
	if err != nil {
		return Processed{}, err
	}
	found, err := s.found(ctx, set, e)
	found.Trackers = s.aims().source(e.Source).Redact.Trackers(found.Trackers)
	return found, err
}

// found is Found as it was said.
func (s *Service) found(ctx context.Context, set *streamSet, e Entry) (Processed, error) {
	if e.FoundSeq == 0 {
		return Processed{}, ErrNotFound
	}
	ev, err := readEvent(ctx, set.recordings, e.FoundSeq)
	if errors.Is(err, ErrNotFound) {
		return Processed{}, ErrGone
	}
	if err != nil {
		return Processed{}, err
	}
	return s.loadProcessed(ctx, ev)
}

// decide stores the alerts of the recording in the ledger, once.
func (s *Service) decide(ctx context.Context, d delivery, found Processed) (Entry, error) {
	return s.mutate(ctx, d.event.Subject, func(e *Entry) error {
		switch {
		case e.Replay != d.event.Replay || e.Stage == "":
			return errNotOwner
		case e.Stage == StageSubmitted:
			e.Stage = StageProcessed
			e.pass(StepAwait, s.now())
		case e.Routed:
			return errUnchanged
		}
		e.Trackers, e.Alerts = found.names(), nil
		for _, p := range s.aims().Router.Plan(found.Call, found.Trackers) {
			e.Alerts = append(e.Alerts, AlertRecord{
				AlertID:     notify.AlertID(e.Key, p.Destination, e.Replay),
				Destination: p.Destination, Named: s.aims().Notifiers.Named(p.Destination), Trackers: p.Names(), Parts: p.Parts, Style: p.Style,
			})
		}
		e.Routed, e.FoundSeq = true, d.seq
		e.pass(StepRoute, s.now())
		e.settle()
		return nil
	})
}

// NewAlert fills a plan with what was found, as the source wants it shown.
func NewAlert(key string, replay int, p notify.Plan, found Processed, opt SourceOptions) notify.Alert {
	return notify.Alert{
		ID: notify.AlertID(key, p.Destination, replay), Recording: key, Replay: replay, Destination: p.Destination, Call: found.Call,
		Trackers: quotes(p, found.Trackers, opt.Redact), Style: p.Style, ShowNumbers: opt.ShowNumbers,
	}
}

// quotes fills a plan with quotes that are redacted, and then cut: half a card
// number would not be known as one. Where they are too many, each tracker has fewer.
func quotes(p notify.Plan, found []notify.Tracker, redact *notify.Redactor) []notify.Tracker {
	for limit := quotesPerTracker; ; limit /= 2 {
		list := redact.Trackers(p.Fill(found, limit))
		for i := range list {
			for j := range list[i].Quotes {
				list[i].Quotes[j].Cut(quoteChars)
			}
		}
		if raw, err := json.Marshal(list); limit == 0 || err == nil && len(raw) <= quotesBytes {
			return list
		}
	}
}

func (s *Service) publishAlert(ctx context.Context, e Entry, a AlertRecord, found Processed) error {
	plan := notify.Plan{Destination: a.Destination, Parts: a.Parts, Style: a.Style}
	alert := NewAlert(e.Key, e.Replay, plan, found, s.aims().source(e.Source))
	alert.ID, alert.Note, alert.Link = a.AlertID, a.Note, s.aims().source(e.Source).Link(e.Key, e.ID)
	first, err := s.sendAlert(ctx, e, alert)
	crash.At("the alert is stored")
	if err != nil || !first {
		return err
	}
	s.dep.Log.Info("routed", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepRoute),
		zap.String("destination", a.Destination), zap.Strings("trackers", a.Trackers))
	return nil
}

// Link is where people can hear a recording, by its key and the provider's id
// of it; empty when nobody said.
func (o SourceOptions) Link(key, id string) string {
	return strings.NewReplacer("{id}", url.PathEscape(id), "{key}", url.PathEscape(key)).Replace(o.RecordingURL)
}

// sendAlert publishes an alert to the notify stage of its destination, and
// tells whether it did so for the first time.
func (s *Service) sendAlert(ctx context.Context, e Entry, alert notify.Alert) (first bool, err error) {
	slug := notify.Slug(alert.Destination)
	if err := s.ensureDestination(ctx, slug); err != nil {
		return false, err
	}
	ack, err := publish(ctx, s, subjectAlerts+slug, TypeAlert, msgID("alert/"+alert.ID, e.Key, e.Replay), e, alert)
	return err == nil && !ack.Duplicate, err
}
