package events

import (
	"context"
	"errors"
	"slices"

	"github.com/trackerbell/trackerbell/notify"
)

// untell takes a call that is forgotten out of the digests that tell of it, also
// where they are posted.
func (s *Service) untell(ctx context.Context, e Entry, f *Forgotten) error {
	for _, a := range slices.Concat(e.Alerts, e.Earlier) {
		if a.Digest == "" {
			continue
		}
		digest, err := s.mutate(ctx, a.Digest, func(d *Entry) error {
			if d.Digest == nil || !d.untell(e.Key) {
				return errUnchanged
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.retell(ctx, digest, f); err != nil {
			return err
		}
	}
	return nil
}

// untellForgotten takes a call out again that was forgotten while it was written
// into a digest.
func (s *Service) untellForgotten(ctx context.Context, e Entry) error {
	_, err := s.entry(ctx, e.Key)
	if errors.Is(err, ErrNotFound) {
		return s.untell(ctx, e, &Forgotten{})
	}
	return err
}

// untell drops the line of a recording; a digest without any is not posted.
func (e *Entry) untell(recording string) bool {
	d := e.Digest
	before := len(d.Alerts)
	d.Alerts = slices.DeleteFunc(d.Alerts, func(h notify.Held) bool { return h.Recording == recording })
	d.Count -= before - len(d.Alerts)
	if d.Count == 0 {
		for i := range e.Alerts {
			e.Alerts[i].Dropped = e.Alerts[i].Dropped || e.Alerts[i].PostedAt.IsZero()
		}
		e.settle()
	}
	return len(d.Alerts) < before
}

// retell writes the messages of a digest anew: its own, if it has one, and that in
// the fallback channel.
func (s *Service) retell(ctx context.Context, e Entry, f *Forgotten) error {
	for i := range e.Alerts {
		if e.Alerts[i].untried() {
			continue
		}
		if err := s.rewrite(ctx, e, e.Alerts[i], f); err != nil {
			return err
		}
	}
	return nil
}

// rewrite writes one message of a digest anew, or deletes it when nothing is left
// to tell.
func (s *Service) rewrite(ctx context.Context, e Entry, rec AlertRecord, f *Forgotten) error {
	if rec.unknown() {
		f.Left = append(f.Left, rec.Destination+": a digest that tells of it may have been posted")
		return nil
	}
	at := notify.Receipt{Channel: rec.Channel, TS: rec.TS}
	editor, ok := s.aims().Notifiers.For(rec.Destination).(notify.Editor)
	if !ok || at.TS == "" {
		f.Left = append(f.Left, rec.Destination+": this destination cannot change a digest")
		return nil
	}
	if e.Digest.Count == 0 {
		return f.done(rec.Destination, editor.Remove(ctx, at))
	}
	alert := notify.Alert{ID: rec.AlertID, Recording: e.Key, Destination: rec.Destination}
	e.tell(&alert)
	return f.done(rec.Destination, editor.Update(ctx, alert, at))
}
