package events

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/notify"
)

// hold decides, once, whether an alert is held back instead of posted, and if
// not, whether it goes under an earlier one of its caller. An alert that is held
// does not wait in its consumer, which would stop all behind it: it is written
// into a digest, and done. docs/adr/0003 tells why each step may be repeated.
func (s *Service) hold(ctx context.Context, a notify.Alert, e *Entry, seq uint64) (held bool, err error) {
	rec := e.alert(a.ID)
	switch {
	case rec.Held != "" && rec.Seq != 0 && rec.Seq != seq: // another event of it is held: it was published again after hours
		return true, nil
	case rec.Digest != "": // decided, but perhaps killed before the digest had it
		return s.intoDigest(ctx, a, e, seq)
	case rec.Held != "" || rec.Dropped:
		return true, nil
	case !rec.Intent.IsZero(): // it may be posted already
		return false, nil
	}
	if a.Digest != nil { // it has waited for silences already, and tells what was held before them
		return false, nil
	}
	silent, err := s.silenced(ctx, a)
	switch {
	case err != nil:
		return false, err
	case silent:
		return true, s.holdBack(ctx, a, e, heldBack{reason: notify.HeldSilence, seq: seq})
	}
	return s.quieten(ctx, a, e, seq)
}

// quieten asks what the configuration says of the destination.
func (s *Service) quieten(ctx context.Context, a notify.Alert, e *Entry, seq uint64) (held bool, err error) {
	slug, now := notify.Slug(a.Destination), s.now()
	quiet := s.aims().Noise.For(slug)
	if quiet.Passes(a.Style) {
		return false, nil
	}
	if until, ok := quiet.Until(now); ok {
		return s.holdFor(ctx, a, e, seq, heldBack{reason: notify.HeldQuietHours, until: until})
	}
	if folded, err := s.fold(ctx, a, e, quiet); folded || err != nil {
		return false, err
	}
	admitted, err := s.admit(ctx, slug, quiet.PerHour, seq, now)
	if err != nil || admitted {
		return false, err
	}
	return s.holdFor(ctx, a, e, seq, heldBack{reason: notify.HeldCap, until: notify.HourOf(now)})
}

// heldBack is why and how long an alert is held back.
type heldBack struct {
	reason string
	until  time.Time // zero: for good
	digest string    // key of the entry that tells it then
	seq    uint64    // of the alert's event
	named  bool      // see AlertRecord
}

// holdFor holds an alert back until a digest tells it.
func (s *Service) holdFor(ctx context.Context, a notify.Alert, e *Entry, seq uint64, why heldBack) (held bool, err error) {
	rec := e.alert(a.ID)
	if rec == nil {
		return true, nil // forgotten meanwhile
	}
	why.seq, why.named = seq, rec.Named
	if why.digest, err = s.openDigestKey(ctx, notify.Slug(a.Destination), why); err != nil {
		return false, err
	}
	if err := s.holdBack(ctx, a, e, why); err != nil {
		return false, err
	}
	crash.At("the alert is held")
	return s.intoDigest(ctx, a, e, seq)
}

// holdBack notes that an alert is not posted, and why.
func (s *Service) holdBack(ctx context.Context, a notify.Alert, e *Entry, why heldBack) (err error) {
	first := false
	*e, err = s.mutate(ctx, a.Recording, func(e *Entry) error {
		rec := e.alert(a.ID)
		if first = rec != nil && rec.Held == ""; !first {
			return errUnchanged
		}
		if !rec.untried() { // as e was, which may be from memory
			return wait(movedWait)
		}
		rec.Held, rec.HeldUntil, rec.Digest, rec.Seq = why.reason, why.until.UTC(), why.digest, why.seq
		e.pass(StepNotify, s.now())
		e.settle()
		return nil
	})
	if err != nil || !first {
		return err
	}
	s.dep.Metrics.held(why.reason)
	s.dep.Log.Info("held back", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepNotify),
		zap.String("destination", a.Destination), zap.String("reason", why.reason), zap.Time("until", why.until))
	return nil
}

// letGo takes back that an alert is held: its digest was closed before it came.
func (s *Service) letGo(ctx context.Context, a notify.Alert, e *Entry) (err error) {
	*e, err = s.mutate(ctx, a.Recording, func(e *Entry) error {
		rec := e.alert(a.ID)
		if rec == nil || rec.Digest == "" {
			return errUnchanged
		}
		rec.release()
		e.Stage = StageProcessed
		return nil
	})
	return err
}

// release forgets that an alert is held.
func (a *AlertRecord) release() { a.Held, a.HeldUntil, a.Digest, a.Seq = "", time.Time{}, "", 0 }

// releaseUntold lets go of an alert whose message becomes a dead letter, if it is
// held for a digest that does not have it: what replays the letter has another
// sequence number, and would take it for held. It comes before the letter, which may
// be replayed as soon as it is there.
func (s *Service) releaseUntold(ctx context.Context, b burial) error {
	id := b.event.alertID()
	if id == "" {
		return nil
	}
	e, err := s.entry(ctx, b.event.Subject)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rec := e.alert(id)
	if rec == nil || rec.Digest == "" || rec.Seq != b.seq {
		return nil
	}
	digest, err := s.entry(ctx, rec.Digest)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if digest.Digest.has(rec.Named, b.seq) {
		return nil
	}
	return s.letGo(ctx, notify.Alert{ID: id, Recording: b.event.Subject}, &e)
}

// intoDigest writes a held alert into its digest. When that is closed already, or
// another's of the same name, it is decided anew whether the alert is held.
func (s *Service) intoDigest(ctx context.Context, a notify.Alert, e *Entry, seq uint64) (held bool, err error) {
	rec := e.alert(a.ID)
	if rec == nil {
		return true, nil // forgotten meanwhile
	}
	key, named := rec.Digest, rec.Named
	now, err := s.entry(ctx, a.Recording)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	switch rec = now.alert(a.ID); {
	case rec == nil:
		return true, nil
	case rec.Digest != key, rec.Seq != 0 && rec.Seq != seq: // this process was paused, and another went on
		return false, wait(movedWait)
	}
	_, err = s.entry(ctx, key)
	if errors.Is(err, ErrNotFound) {
		// First what closes the digest, then the digest: it must not be kept for ever.
		err = s.announceDigest(ctx, key, a.Destination)
	}
	if err != nil {
		return false, err
	}
	digest, err := s.mutate(ctx, key, func(e *Entry) error {
		if e.Digest == nil {
			s.openDigest(e, a.Destination, named)
		}
		if e.Digest.Named != named || seq <= e.Digest.LastSeq || !e.Digest.Closed.IsZero() {
			return errUnchanged
		}
		e.Digest.add(a, seq, s.now())
		return nil
	})
	if err != nil {
		return false, err
	}
	crash.At("the digest has the alert")
	if digest.Digest.has(named, seq) {
		return true, s.untellForgotten(ctx, *e)
	}
	if err := s.letGo(ctx, a, e); err != nil {
		return false, err
	}
	return s.quieten(ctx, a, e, seq)
}
