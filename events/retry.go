package events

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// The reasons of dead letters: a closed set.
const (
	ReasonMedia          = "media"           // the recording cannot be fetched, or is not audio or video
	ReasonRefused        = "refused"         // Symbl refuses the submission for good
	ReasonJobFailed      = "job_failed"      // Symbl could not process it
	ReasonJobTimeout     = "job_timeout"     // the job never ended
	ReasonExhausted      = "exhausted"       // it failed too long or too often
	ReasonDestination    = "destination"     // the channel or the token is not usable
	ReasonOutcomeUnknown = "outcome_unknown" // it may have been posted, or submitted, and nobody can look
	ReasonMalformed      = "malformed"       // the event itself cannot be read
	ReasonLost           = "lost"            // the ledger has lost what was done for the recording
)

// Reasons lists the reasons of dead letters.
func Reasons() []string {
	return []string{ReasonMedia, ReasonRefused, ReasonJobFailed, ReasonJobTimeout, ReasonExhausted,
		ReasonDestination, ReasonOutcomeUnknown, ReasonMalformed, ReasonLost}
}

// A handler's error says what becomes of its message: deadError makes a dead
// letter, waitError a later delivery that is no failure, and any other error
// is a failure that is counted and tried again.
type (
	deadError struct {
		reason string
		err    error
	}
	waitError struct {
		after time.Duration
		stage bool // the whole stage pauses, not just the message
		asked bool // the upstream was asked, and answered
		err   error
	}
)

func (e *deadError) Error() string { return e.err.Error() }
func (e *deadError) Unwrap() error { return e.err }

func (e *waitError) Error() string {
	if e.err == nil {
		return "not yet"
	}
	return e.err.Error()
}
func (e *waitError) Unwrap() error { return e.err }

// dead is a permanent failure.
func dead(reason string, err error) error { return &deadError{reason: reason, err: err} }

// wait asks for another delivery after d.
func wait(d time.Duration) error { return &waitError{after: d} }

// throttled pauses the whole stage for d: its upstream asked for that.
func throttled(d time.Duration, err error) error {
	return &waitError{after: d, stage: true, err: err}
}

const (
	// firstHour and firstHourMax are the contract's: work resumes soon after an
	// outage ends.
	firstHour    = time.Hour
	firstHourMax = 15 * time.Second
	laterMax     = 5 * time.Minute
	// giveUpAfter makes a dead letter of what has failed for so long.
	giveUpAfter = 24 * time.Hour
	// poisonTries makes a dead letter of what fails again and again, with a
	// success of the stage with others each time in between. What fails while
	// the upstream is down does not count.
	poisonTries = 12
)

// retryDelay is how long the n-th failure (from 1) of a message that has been
// failing for some time waits: doubled from a second, with jitter.
func retryDelay(n int, failing time.Duration) time.Duration {
	limit := firstHourMax
	if failing > firstHour {
		limit = laterMax
	}
	d := time.Second << min(max(n, 1)-1, 20)
	return jitter(min(d, limit))
}

// mediaDelay is how long media that is not there yet is waited for: from two
// seconds to five minutes.
func mediaDelay(deliveries uint64) time.Duration {
	steps := []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}
	return jitter(steps[min(int(max(deliveries, 1))-1, len(steps)-1)])
}

// mediaPatience is how long media may be missing.
const mediaPatience = 2 * time.Hour

// pollDelay is the gap before the n-th poll (from 1): it grows by half from
// first to most.
func pollDelay(n uint64, first, most time.Duration) time.Duration {
	d := first
	for i := uint64(1); i < n && d < most; i++ {
		d += d / 2
	}
	return min(d, most)
}

// jitter shortens d by up to a fifth, so that what failed together does not
// come back together.
func jitter(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d - rand.N(d/5) //nolint:gosec // nobody gains by guessing a delay
}

// stopped tells whether an error only says that the process is ending.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}
