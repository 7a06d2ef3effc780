package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	// wakeDelay and wakeTries bound how long a wake waits for the ledger or
	// for the job's status to catch up with it. The polls go on in any case.
	wakeDelay = 250 * time.Millisecond
	wakeTries = 40
)

// await follows the job of a recording. The submitted event comes back as the
// poll, by delayed redelivery; a wake asks at once. Nothing runs for a job
// while it is waited for.
func (s *Service) await(ctx context.Context, d delivery) error {
	if d.event.Type == TypeWake {
		return s.awake(ctx, d)
	}
	if _, err := dataOf[Submitted](d.event, TypeSubmitted); err != nil {
		return dead(ReasonMalformed, err)
	}
	if d.delivered > 1 {
		s.waiting.take(d.event.Subject) // also where it has ended elsewhere
	}
	mine := func(e *Entry) bool { return e.Replay == d.event.Replay && e.awaits() }
	e, err := s.recentEntry(ctx, d.event.Subject, mine)
	switch {
	case errors.Is(err, ErrNotFound):
		return s.lost(ctx, d.event.Subject)
	case err != nil:
		return err
	case !mine(&e):
		return nil // a wake was faster, it is a dead letter, or it was started anew
	}
	overdue := s.now().Sub(e.SubmittedAt) > s.opt.JobTimeout
	asked := d.delivered > 1 || overdue
	if asked { // it may have ended while nobody was there to ask
		done, err := s.poll(ctx, e)
		if done || err != nil {
			return err
		}
	}
	if overdue {
		return dead(ReasonJobTimeout, fmt.Errorf("the job has not ended after %s", s.opt.JobTimeout))
	}
	after := jitter(pollDelay(d.delivered, s.opt.PollInterval, s.opt.PollMax))
	s.waiting.put(e.Key, waitingEvent{reply: d.reply, seq: d.seq, until: s.now().Add(after + ackWait)}, s.now())
	if e, err = s.recentEntry(ctx, e.Key, mine); err == nil && !mine(&e) {
		s.waiting.take(d.event.Subject)
		return nil // a wake was faster just now
	}
	return &waitError{after: after, asked: asked}
}

// awake asks the job that a callback told of.
func (s *Service) awake(ctx context.Context, d delivery) error {
	w, err := dataOf[Wake](d.event, TypeWake)
	if err != nil {
		return dead(ReasonMalformed, err)
	}
	e, err := s.recentEntry(ctx, w.Key, func(e *Entry) bool { return e.awaits() && e.JobID == w.JobID })
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	case err != nil || e.Stage == StageReady:
		return early(d) // the callback was faster than the answer to the submit
	case !e.awaits():
		return nil
	}
	if e.JobID == "" && e.Replay == w.Replay {
		if e, err = s.learnJob(ctx, e.Key, w.JobID); err != nil {
			return err
		}
	}
	if w.JobID != "" && e.JobID != w.JobID {
		return nil // of another run
	}
	ctx, end := s.resume(ctx, "collect", e)
	done, err := s.poll(ctx, e)
	if err == nil && !done {
		err = early(d)
	}
	end(err)
	return err
}

// early delays a wake that came too early, a limited number of times.
func early(d delivery) error {
	if d.delivered > wakeTries {
		return nil
	}
	return wait(wakeDelay)
}

// learnJob takes the job's id from a callback: after a crash only the
// conversation may be known.
func (s *Service) learnJob(ctx context.Context, key, jobID string) (Entry, error) {
	return s.mutate(ctx, key, func(e *Entry) error {
		if e.JobID != "" || e.Stage != StageSubmitted {
			return errUnchanged
		}
		e.JobID = jobID
		return nil
	})
}

// poll asks for the job once, and takes the recording on when it has ended.
func (s *Service) poll(ctx context.Context, e Entry) (done bool, err error) {
	if e.JobID == "" {
		return s.pollConversation(ctx, e)
	}
	job, err := s.symbl.Job(ctx, e.JobID)
	if err != nil {
		return false, pollError(err)
	}
	switch job.Status {
	case symbl.Completed:
		return true, s.collect(ctx, e)
	case symbl.Failed:
		reason := job.Error
		if reason == "" {
			reason = "Symbl gives no reason"
		}
		return true, dead(ReasonJobFailed, fmt.Errorf("the job failed: %s", reason))
	}
	return false, nil
}

// pollConversation stands in for the job's status while its id is unknown.
func (s *Service) pollConversation(ctx context.Context, e Entry) (done bool, err error) {
	conv, err := s.symbl.Conversation(ctx, e.ConversationID)
	if err != nil {
		return false, pollError(err)
	}
	if conv.EndTime.IsZero() {
		return false, nil
	}
	return true, s.collect(ctx, e)
}

func pollError(err error) error {
	var failed *symbl.Error
	if errors.As(err, &failed) {
		switch failed.Class {
		case symbl.Throttled:
			return throttled(max(failed.RetryAfter, jitter(throttleDefault)), err)
		case symbl.NotFound:
			return dead(ReasonJobFailed, err)
		}
	}
	return err
}

// collect fetches the matches of a finished job, joins them to speaker and
// time, and hands them on. The route stage notes that in the ledger, with its
// own decision; until it has, another poll may do the same once more.
func (s *Service) collect(ctx context.Context, e Entry) error {
	results, err := s.symbl.TrackerResults(ctx, e.ConversationID)
	if err != nil {
		return pollError(err)
	}
	var messages []symbl.Message
	if len(results) > 0 {
		if messages, err = s.symbl.Messages(ctx, e.ConversationID); err != nil {
			return pollError(err)
		}
	}
	found := NewProcessed(e.Call, results, messages, e.Text, e.callStart(), s.aims().source(e.Source))
	first, err := s.publishProcessed(ctx, e, found)
	if err != nil {
		return err
	}
	crash.At("processed is stored")
	if first {
		s.dep.Log.Info("processed", zap.String("recording", e.Key), zap.String("source", e.Source), zap.String("stage", StepAwait),
			zap.String("conversation", e.ConversationID), zap.Strings("trackers", found.names()))
	}
	return nil
}

func (s *Service) publishProcessed(ctx context.Context, e Entry, found Processed) (first bool, err error) {
	set, err := s.streams()
	if err != nil {
		return false, err
	}
	name := msgID("matches", e.Key, e.Replay)
	if found.TrackersRef, err = storeLarge(ctx, set.blobs, name, found.Trackers, nameOf); err != nil {
		return false, fmt.Errorf("store matches: %w", err)
	}
	if found.TrackersRef != "" {
		found.Trackers = nil
	}
	ack, err := publish(ctx, s, subjectProcessed+e.Source, TypeProcessed, msgID("processed", e.Key, e.Replay), e, found)
	if err != nil {
		return false, err // it may be stored
	}
	if found.TrackersRef != "" {
		dropUnused(ctx, set, found.TrackersRef, ack, nil)
	}
	return !ack.Duplicate, nil
}

// release acks the submitted event that waits for its next poll though its job
// has ended, so that its slot among symbl.maxJobs is free at once. Another replica may hold it; there
// the slot is free at the next poll.
func (s *Service) release(ctx context.Context, key string) {
	if e, ok := s.waiting.take(key); ok {
		s.jobs.ended()
		_ = s.dep.Conn.Publish(e.reply, []byte("+ACK")) // without it the next poll acks
		s.discard(ctx, e.seq)
	}
}

// jobsFree is how many more jobs may be submitted now.
func (s *Service) jobsFree(ctx context.Context, await jetstream.Consumer) int {
	return s.opt.MaxJobs - s.jobs.inFlight(ctx, await, s.now())
}
