package events

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/trackerbell/trackerbell/notify"
)

const foldPrefix = "fold." // then the destination's slug and an HMAC of the caller, in the bucket TRACKERBELL

// callerThread is where the alerts about a caller go for a while.
type callerThread struct {
	Recording string    `json:"recording"` // whose alert began it
	Channel   string    `json:"channel"`
	TS        string    `json:"ts"`
	Until     time.Time `json:"until"`
}

// foldKey does not tell the number: there are few enough to try all.
func (s *Service) foldKey(slug, caller string) string {
	mac := hmac.New(sha256.New, s.tokens.Load().secret)
	mac.Write([]byte(foldPrefix + caller)) // no callback's token is made of that
	return foldPrefix + slug + "." + hex.EncodeToString(mac.Sum(nil)[:16])
}

// fold decides, once, that an alert goes under an earlier one about the same
// caller. Where it goes is noted before it is posted: after a crash it is looked
// for there.
func (s *Service) fold(ctx context.Context, a notify.Alert, e *Entry, quiet notify.Quiet) (bool, error) {
	caller := a.Call.Caller()
	switch rec := e.alert(a.ID); {
	case rec == nil:
		return false, nil
	case rec.Folded != nil:
		return true, nil
	case quiet.FoldFor <= 0 || caller == "" || a.Style.Alone:
		return false, nil
	}
	set, err := s.streams()
	if err != nil {
		return false, err
	}
	first, err := readState[callerThread](ctx, set.state, s.foldKey(notify.Slug(a.Destination), caller))
	if err != nil || first.TS == "" || !s.now().Before(first.Until) || first.Recording == a.Recording {
		return false, err
	}
	*e, err = s.mutate(ctx, a.Recording, func(e *Entry) error {
		rec := e.alert(a.ID)
		if rec == nil || rec.Folded != nil {
			return errUnchanged
		}
		rec.Folded = &notify.Receipt{Channel: first.Channel, TS: first.TS}
		return nil
	})
	if err != nil {
		return false, err
	}
	s.dep.Metrics.held(notify.HeldFold)
	return true, nil
}

// rememberCaller notes where further alerts about the caller go. It is done
// after each delivery of an alert, so that a crash cannot leave it out.
func (s *Service) rememberCaller(ctx context.Context, a notify.Alert) error {
	slug, caller := notify.Slug(a.Destination), a.Call.Caller()
	quiet := s.aims().Noise.For(slug)
	if quiet.FoldFor <= 0 || caller == "" || a.Style.Alone || quiet.Passes(a.Style) {
		return nil
	}
	e, err := s.entry(ctx, a.Recording)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	rec := e.alert(a.ID)
	if rec == nil || rec.TS == "" || rec.Thread != "" {
		return nil
	}
	set, err := s.streams()
	if err != nil {
		return err
	}
	return mutateState(ctx, set.state, s.foldKey(slug, caller), func(first *callerThread) error {
		until := rec.PostedAt.Add(quiet.FoldFor)
		if !first.Until.Before(until) {
			return errUnchanged
		}
		*first = callerThread{Recording: a.Recording, Channel: rec.Channel, TS: rec.TS, Until: until}
		return nil
	})
}

// leaveCaller forgets where the alerts about a caller go.
func (s *Service) leaveCaller(ctx context.Context, a notify.Alert) error {
	caller := a.Call.Caller()
	if caller == "" {
		return nil
	}
	set, err := s.streams()
	if err != nil {
		return err
	}
	return mutateState(ctx, set.state, s.foldKey(notify.Slug(a.Destination), caller), func(first *callerThread) error {
		if first.TS != a.Thread.TS {
			return errUnchanged
		}
		*first = callerThread{}
		return nil
	})
}

// dropCallers deletes what is noted of callers and over, or of a recording that
// is forgotten.
func (s *Service) dropCallers(ctx context.Context, set *streamSet, forgotten string) error {
	keys, err := set.state.ListKeysFiltered(ctx, foldPrefix+">")
	if err != nil {
		return fmt.Errorf("list callers: %w", err)
	}
	var errs []error
	for key := range keys.Keys() { // to its end, or it would be left open
		errs = append(errs, s.dropCaller(ctx, set, key, forgotten))
	}
	return errors.Join(errs...)
}

func (s *Service) dropCaller(ctx context.Context, set *streamSet, key, forgotten string) error {
	first, err := readState[callerThread](ctx, set.state, key)
	if err != nil || first.Recording != forgotten && s.now().Before(first.Until) {
		return err
	}
	return set.dropState(ctx, key)
}
