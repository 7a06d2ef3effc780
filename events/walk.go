package events

import (
	"context"
	"time"
)

// Walk gives the entries of the ledger to visit, last changed first, until it
// wants no more or ctx ends.
func (s *Service) Walk(ctx context.Context, visit func(*Entry) (on bool)) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	_, err = set.ledger.find(ctx, 0, maxWindow/4, func(e *Entry) (yes, on bool) { return false, visit(e) })
	return err
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
		opt := s.aims().Sources[e.Source]
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
