package events

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/notify"
)

// Glance is what counting needs to know of a recording: a part of its entry in
// the ledger, as the whole takes much longer to read.
type Glance struct {
	Key      string `json:"-"`
	Revision uint64 `json:"-"` // of its last change
	Gone     bool   `json:"-"` // it is deleted or to be forgotten, a digest, or cannot be read: it does not count

	Source     string        `json:"source"`
	Call       GlanceCall    `json:"call"`
	ReceivedAt time.Time     `json:"receivedAt"`
	Trackers   []string      `json:"trackers"`
	Replay     int           `json:"replay"`
	Alerts     []GlanceAlert `json:"alerts"`
	Earlier    []GlanceAlert `json:"earlier"` // of the runs before the last replay
}

// GlanceCall is a part of a notify.Call.
type GlanceCall struct {
	Agent string `json:"agent"`
}

// GlanceAlert is a part of an AlertRecord.
type GlanceAlert struct {
	Trackers []string          `json:"trackers"`
	Held     string            `json:"held"`
	PostedAt time.Time         `json:"postedAt"`
	Feedback []notify.Feedback `json:"feedback"`
}

// Walk visits the recordings that changed after a revision (0: all), the last
// change last, until visit wants no more. What changes while it walks may be
// visited twice, and by the next walk for certain, if that begins after the
// last revision that was visited.
func (s *Service) Walk(ctx context.Context, after uint64, visit func(*Glance) (on bool)) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	return set.ledger.walk(ctx, func(v jetstream.KeyValueEntry) (bool, error) {
		g := glance(v)
		return visit(&g), nil
	}, jetstream.ResumeFromRevision(after+1))
}

func glance(v jetstream.KeyValueEntry) Glance {
	g := Glance{Key: v.Key(), Revision: v.Revision()}
	if v.Operation() != jetstream.KeyValuePut {
		g.Gone = true
		return g
	}
	raw := struct {
		*Glance
		Digest    *struct{} `json:"digest"`
		Forgotten time.Time `json:"forgotten"`
	}{Glance: &g}
	unread := json.Unmarshal(v.Value(), &raw)
	g.Gone = unread != nil || raw.Digest != nil || !raw.Forgotten.IsZero()
	return g
}

// Spoken is what was said in a call.
type Spoken struct {
	Key        string
	ReceivedAt time.Time
	Lines      []Line
}

// Recent gives what was said in the calls that changed last, redacted: at most
// so many, and not more than can be read in a second and a half.
func (s *Service) Recent(ctx context.Context, calls int) ([]Spoken, error) {
	set, err := s.streams()
	if err != nil {
		return nil, err
	}
	until := time.Now().Add(searchTime)
	page, err := set.ledger.List(ctx, 0, calls)
	if err != nil {
		return nil, err
	}
	var list []Spoken
	for _, e := range page.Entries {
		if time.Now().After(until) {
			break
		}
		opt := s.aims().source(e.Source)
		lines := s.lines(ctx, Story{Entry: e}, opt)
		for i := range lines {
			lines[i].Text = opt.Redact.Text(lines[i].Text)
		}
		if len(lines) > 0 {
			list = append(list, Spoken{Key: e.Key, ReceivedAt: e.ReceivedAt, Lines: lines})
		}
	}
	return list, nil
}

// StepBacklog is what a step has not done yet.
type StepBacklog struct {
	Step    string
	Pending int // not begun
	Waiting int // at work, or to be tried again
	Oldest  time.Duration
}

// StepBacklogs gives the backlog of each step.
func (s *Service) StepBacklogs(ctx context.Context) ([]StepBacklog, error) {
	steps, err := s.backlog(ctx)
	if err != nil {
		return nil, err
	}
	var list []StepBacklog
	for _, step := range Steps() {
		b := steps[step]
		list = append(list, StepBacklog{Step: step, Pending: b.pending, Waiting: b.waiting, Oldest: b.oldest})
	}
	return list, nil
}
