package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/notify"
)

const (
	digestConsumer = "digests"
	digestWorkers  = 4
	// digestSource begins the keys of digests; no source is called so.
	digestSource = "digest="
	digestTime   = "20060102T150405Z"
	subjectDue   = ".digest" // behind that of the destination's alerts
	// digestTick is how often it is looked whether anything still holds what waits
	// for a digest.
	digestTick = 10 * time.Second
)

// maxRung bounds whom a digest mentions.
const maxRung = 10

// Digest is what the ledger knows of alerts that were held back together. Its
// entry is no recording's: the key is made of destination, end and reason, and
// its one alert is the digest itself, once it is closed.
type Digest struct {
	notify.Digest
	Destination string    `json:"destination"`
	Named       bool      `json:"named,omitempty"`    // see AlertRecord
	LastSeq     uint64    `json:"lastSeq"`            // of the last alert that it has: what comes again is known by it
	Closed      time.Time `json:"closed,omitzero"`    // nothing more is added; its alert is to be posted
	Mentions    []string  `json:"mentions,omitempty"` // whom the alerts would have rung
}

// DigestDue is the data of the event that closes a digest: it comes again and
// again until it is time.
type DigestDue struct {
	Digest      string    `json:"digest"` // key
	Destination string    `json:"destination"`
	Until       time.Time `json:"until"`
	Reason      string    `json:"reason"`
}

// digestKey is where the alerts of a destination that are held for the same
// reason until the same time come together: in the n-th digest (from 1), if those
// before it were closed early because nothing held their alerts for a while.
func digestKey(slug string, why heldBack, n int) string {
	key := digestSource + slug + "." + why.until.UTC().Format(digestTime) + "-" + why.reason
	if n > 1 {
		key += "-" + strconv.Itoa(n)
	}
	return key
}

// parseDigestKey is what digestKey was given.
func parseDigestKey(key string) (why heldBack, err error) {
	_, rest, _ := strings.Cut(key, ".")
	until, rest, _ := strings.Cut(rest, "-")
	why.digest = key
	why.reason, _, _ = strings.Cut(rest, "-")
	if why.until, err = time.Parse(digestTime, until); err != nil {
		return why, fmt.Errorf("read the digest's key: %w", err)
	}
	return why, nil
}

// openDigestKey is the first digest of such alerts that is not closed, nor of a
// channel and a destination that share a name the other's. It may have no entry yet.
func (s *Service) openDigestKey(ctx context.Context, slug string, why heldBack) (string, error) {
	for n := 1; ; n++ {
		key := digestKey(slug, why, n)
		e, err := s.entry(ctx, key)
		switch {
		case errors.Is(err, ErrNotFound):
			return key, nil
		case err != nil:
			return "", err
		case e.Digest == nil || e.Digest.Closed.IsZero() && e.Digest.Named == why.named:
			return key, nil
		}
	}
}

// has tells whether an alert is in the digest, which may be nil.
func (d *Digest) has(named bool, seq uint64) bool {
	return d != nil && d.Named == named && seq <= d.LastSeq
}

// add puts an alert into the digest. Alerts of a destination come one after the
// other, so the last one's place in the stream tells which are in.
func (d *Digest) add(a notify.Alert, seq uint64, now time.Time) {
	if d.Count == 0 {
		d.From = now.UTC()
	}
	d.Count++
	d.LastSeq = seq
	if len(d.Alerts) < notify.MaxHeld {
		d.Alerts = append(d.Alerts, notify.NewHeld(a))
	}
	for _, id := range a.Style.Mentions {
		if !slices.Contains(d.Mentions, id) && len(d.Mentions) < maxRung {
			d.Mentions = append(d.Mentions, id)
		}
	}
}

// openDigest makes the entry of a digest out of an empty one.
func (s *Service) openDigest(e *Entry, destination string, named bool) {
	why, err := parseDigestKey(e.Key)
	if err != nil {
		why.until = s.now() // never: digestKey made it
	}
	e.Source, _, _ = strings.Cut(e.Key, ".")
	e.ReceivedAt, e.Stage = s.now().UTC(), StageProcessed
	e.Digest = &Digest{Destination: destination, Named: named, Digest: notify.Digest{Reason: why.reason, Until: why.until}}
}

// announceDigest publishes what will close a digest.
func (s *Service) announceDigest(ctx context.Context, key, destination string) error {
	why, err := parseDigestKey(key)
	if err != nil {
		return err
	}
	due := DigestDue{Digest: key, Destination: destination, Until: why.until, Reason: why.reason}
	_, err = publish(ctx, s, subjectAlerts+notify.Slug(destination)+subjectDue, TypeDigestDue, msgID("due", key, 0), Entry{Key: key}, due)
	crash.At("the digest is announced")
	return err
}

// digestDue closes a digest when its time has come, and publishes its alert. It
// also closes one that has no entry: whoever is about to make it then learns that
// it is late.
func (s *Service) digestDue(ctx context.Context, d delivery) error {
	due, err := dataOf[DigestDue](d.event, TypeDigestDue)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	if left, err := s.notYet(ctx, due); err != nil {
		return err
	} else if left > 0 {
		return wait(left)
	}
	e, err := s.mutate(ctx, due.Digest, func(e *Entry) error {
		if e.Digest == nil {
			s.openDigest(e, due.Destination, false) // and close it, with nothing in it
		}
		if !e.Digest.Closed.IsZero() {
			return errUnchanged
		}
		e.closeDigest(s.now())
		return nil
	})
	if err != nil {
		return err
	}
	crash.At("the digest is closed")
	if len(e.Alerts) == 0 {
		return nil
	}
	// What it tells is taken from the ledger when it is posted: until then, a
	// call may be forgotten.
	alert := notify.Alert{ID: e.Alerts[0].AlertID, Recording: e.Key, Destination: due.Destination, Digest: &notify.Digest{
		Reason: due.Reason, From: e.Digest.From, Until: due.Until, Count: e.Digest.Count,
	}}
	if _, err := s.sendAlert(ctx, e, alert); err != nil {
		return err
	}
	crash.At("the digest is stored")
	s.dep.Log.Info("held alerts are told in a digest", zap.String("recording", e.Key), zap.String("destination", due.Destination), zap.Int("alerts", e.Digest.Count))
	return nil
}

// notYet is how long a digest has to wait yet before it is looked at again: while
// the configuration of now holds what it tells, while it is quiet in its channel,
// whatever it was held for, and while a silence holds all of its channel.
func (s *Service) notYet(ctx context.Context, due DigestDue) (time.Duration, error) {
	now, quiet := s.now(), s.aims().Noise.For(notify.Slug(due.Destination))
	if until, ok := quiet.Until(now); ok {
		return min(until.Sub(now), digestTick), nil
	}
	if left := due.Until.Sub(now); left > 0 && due.Reason == notify.HeldCap && quiet.PerHour > 0 {
		return min(left, digestTick), nil
	}
	silent, err := s.silenced(ctx, notify.Alert{Destination: due.Destination})
	if silent {
		return digestTick, nil
	}
	return 0, err
}

// closeDigest makes the digest an alert of its own, unless nothing is in it.
func (e *Entry) closeDigest(now time.Time) {
	d := e.Digest
	d.Closed, e.ReceivedAt, e.Routed = now.UTC(), now.UTC(), true
	if d.Count > 0 {
		e.Alerts = []AlertRecord{{
			AlertID: notify.AlertID(e.Key, d.Destination, 0), Destination: d.Destination, Named: d.Named, Trackers: []string{},
			Style: notify.Style{Mentions: d.Mentions, Alone: true},
		}}
	}
	e.settle()
}

// tell fills the alert of a digest with what the ledger has of it.
func (e *Entry) tell(a *notify.Alert) {
	if e.Digest == nil {
		return
	}
	told := e.Digest.Digest
	a.Digest = &told
	if rec := e.alert(a.ID); rec != nil {
		a.Style, a.Note = rec.Style, rec.Note
	}
}
