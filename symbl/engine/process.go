package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

const (
	// A job may end the process that works on it; it must not do so for ever. What
	// failed and said so does not count.
	maxStarts = 100

	finishedTimeout = 30 * time.Second

	conversationGone = "the conversation was deleted"
)

// permanentError is a failure that trying again cannot mend.
type permanentError struct{ reason string }

func (e *permanentError) Error() string { return e.reason }

// errElsewhere says that another message of the queue brings the job to its end.
var errElsewhere = errors.New("job is worked on for another message")

// process brings a job to its end and tells of it, for a message of the queue. It may
// run again at any point; an error means that it has to.
func (e *Engine) process(ctx context.Context, id string, message uint64) error {
	j, _, err := load[job](ctx, e.store, keyJob+id)
	if errors.Is(err, errNotFound) {
		e.log.Error("engine job is unknown", zap.String("job", id))
		return nil // a job is written before its work message: it was removed
	} else if err != nil {
		return err
	}
	if elsewhere, err := e.elsewhere(ctx, j, message); elsewhere || err != nil {
		return err
	}
	if !j.ended() {
		j, err = e.attempt(ctx, j, message)
		if errors.Is(err, errElsewhere) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return e.conclude(ctx, j)
}

// elsewhere tells whether another message brings a job to its end, or has done so: a
// submission that is repeated while its job waits puts it into the queue again. One
// that is gone before the job has ended was lost.
func (e *Engine) elsewhere(ctx context.Context, j job, message uint64) (bool, error) {
	if j.Message == 0 || j.Message == message {
		return false, nil
	}
	if j.ended() { // its message goes once its end is told
		return true, nil
	}
	other, err := e.queue.GetMsg(ctx, j.Message)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("read the queue: %w", err)
	}
	return string(other.Data) == j.ID, nil
}

// attempt works on a job. It gives an error if the job has not ended by it.
func (e *Engine) attempt(ctx context.Context, j job, message uint64) (job, error) {
	if j.Starts == 0 {
		if err := e.callBack(ctx, j, symbl.Scheduled); err != nil {
			return j, err
		}
	}
	j, err := e.begin(ctx, j, message)
	if err != nil || j.ended() {
		return j, err
	}
	if j.Failures == 0 {
		if err := e.callBack(ctx, j, symbl.InProgress); err != nil {
			return j, err
		}
	}
	problem := outgrown(e.analyse(ctx, j))
	if ctx.Err() != nil {
		return j, ctx.Err() // handed back, not failed
	}
	j, err = change(ctx, e.store, keyJob+j.ID, func(j *job) error {
		j.settle(problem, e.now(), e.cfg.timing)
		return nil
	})
	switch {
	case err != nil:
	case !j.ended():
		err = problem
	case j.Status == symbl.Failed:
		e.log.Error("engine job failed", zap.String("job", j.ID), zap.String("conversation", j.ConversationID), zap.String("error", j.Error))
	}
	return j, err
}

// begin marks a job, as it was seen, as being worked on for a message. Of several
// messages only one gets it.
func (e *Engine) begin(ctx context.Context, seen job, message uint64) (job, error) {
	return change(ctx, e.store, keyJob+seen.ID, func(j *job) error {
		if j.Message != seen.Message && j.Message != message {
			return errElsewhere
		}
		if j.ended() {
			return nil
		}
		j.Status, j.Message = symbl.InProgress, message
		if j.Starts++; j.Starts-j.Failures > maxStarts {
			j.end(symbl.Failed, "the job was started too often without an end", e.now())
		}
		return nil
	})
}

// settle notes how an attempt went.
func (j *job) settle(problem error, now time.Time, t timing) {
	if j.ended() {
		return
	}
	if problem == nil {
		j.end(symbl.Completed, "", now)
		return
	}
	j.count(problem)
	j.Error = problem.Error()
	j.clock(problem, now)
	if j.hopeless(problem, now, t) {
		j.end(symbl.Failed, j.Error, now)
	}
}

func (j *job) end(status symbl.Status, reason string, now time.Time) {
	j.Status, j.Error, j.Ended = status, reason, now.UTC()
}

// analyse finds the trackers and adds messages and results to the
// conversation.
func (e *Engine) analyse(ctx context.Context, j job) error {
	c, _, err := load[conversation](ctx, e.store, keyConversation+j.ConversationID)
	if errors.Is(err, errNotFound) {
		return &permanentError{conversationGone}
	} else if err != nil {
		return err
	}
	if c.has(j.ID) { // by an attempt that ended before it could say so
		return e.list(ctx, c)
	}
	in, _, err := load[input](ctx, e.store, keyInput+j.ID)
	if errors.Is(err, errNotFound) {
		return &permanentError{conversationGone}
	} else if err != nil {
		return err
	}
	trackers, set, err := e.matcher(ctx, in, j.Revision)
	if err != nil {
		return err
	}
	messages, err := e.said(ctx, j, in)
	if err != nil {
		return err
	}
	found, err := e.detect(ctx, in, messages, set, trackers)
	if err != nil {
		return err
	}
	found.Job, found.At = j.ID, j.At
	if in.Media != nil {
		found.Sound = in.Start
	}
	c, err = change(ctx, e.store, keyConversation+j.ConversationID, func(c *conversation) error {
		c.add(found)
		return newRoom(e.cfg.maxConversation).take(c.size())
	})
	if errors.Is(err, errNotFound) {
		return &permanentError{conversationGone}
	} else if err != nil {
		return err
	}
	return e.list(ctx, c)
}

// dropInput removes what a job works on. An upload that cannot be known, as the input
// cannot be read, is left to the sweep.
func (e *Engine) dropInput(ctx context.Context, jobID string) error {
	in, _, err := load[inputMedia](ctx, e.store, keyInput+jobID)
	switch {
	case errors.Is(err, errNotFound):
		return nil
	case errors.Is(err, errUnreadable):
		in = inputMedia{}
	case err != nil:
		return err
	}
	if err := e.dropMedia(ctx, in.Media); err != nil {
		return err
	}
	return e.removeInput(ctx, jobID)
}

// removeInput is dropInput of a job without media.
func (e *Engine) removeInput(ctx context.Context, jobID string) error {
	if err := e.store.remove(ctx, keyInput+jobID); err != nil && !errors.Is(err, errNotFound) {
		return err
	}
	return nil
}

// matcher gives the trackers that a job asked for, of the set at least as new
// as at its submission, and makes them ready.
func (e *Engine) matcher(ctx context.Context, in input, revision uint64) ([]symbl.Tracker, *match.Set, error) {
	set, err := untilSettled(ctx, func() (trackerSet, error) {
		set, err := e.trackers.load(ctx)
		if err == nil && set.revision < revision {
			err = errConflict // a replica that lags
		}
		return set, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read trackers: %w", err)
	}
	if in.AllTrackers {
		return set.Trackers, e.trackers.all(set, in.Language), nil
	}
	var chosen []symbl.Tracker
	for _, t := range in.Trackers {
		if len(t.Vocabulary) > 0 {
			chosen = append(chosen, t)
		} else if at := set.byID(t.ID); at >= 0 { // else deleted since
			chosen = append(chosen, set.Trackers[at])
		}
	}
	return chosen, match.Compile(in.Language, matchable(chosen)), nil
}

// conclude does what follows the end of a job: first what somebody waits for. An
// input that cannot be removed now is left to the sweep; the end is not told again
// for it.
func (e *Engine) conclude(ctx context.Context, j job) error {
	if err := e.tell(ctx, j); err != nil {
		return err
	}
	remove := e.removeInput
	if j.Media {
		remove = e.dropInput
	}
	if err := remove(ctx, j.ID); err != nil {
		e.log.Warn("engine job's input stays until the next sweep", zap.String("job", j.ID), zap.Error(err))
	}
	return nil
}

// tell tells of the end of a job.
func (e *Engine) tell(ctx context.Context, j job) error {
	if e.cfg.Finished != nil {
		ctx, cancel := context.WithTimeout(ctx, finishedTimeout)
		defer cancel()
		if err := e.cfg.Finished(ctx, j.finished()); err != nil {
			return fmt.Errorf("tell of the finished job: %w", err)
		}
	}
	return e.callBack(ctx, j, j.Status)
}
