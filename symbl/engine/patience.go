package engine

import (
	"errors"
	"time"
)

const (
	maxFailures = 20 // with the delays between them, about four minutes
	maxBroken   = 5  // of a transcriber on the same recording, which may take hours each time
)

// hopeless tells whether a job is given up after a problem: at once if it is
// permanent; after hours if the transcriber is away, whose fault it is and not
// the recording's; else after a number of failures.
func (j *job) hopeless(problem error, now time.Time, t timing) bool {
	var permanent *permanentError
	if errors.As(problem, &permanent) {
		return true
	}
	var failed *TranscriberError
	switch {
	case !errors.As(problem, &failed):
		return j.Failures >= maxFailures
	case failed.Failure == Away:
		return now.Sub(j.Failing) >= t.away
	}
	return j.Failures >= maxBroken
}

// asked is how long a transcriber that is away wants to be left alone.
func asked(problem error) time.Duration {
	var failed *TranscriberError
	if errors.As(problem, &failed) {
		return failed.RetryAfter
	}
	return 0
}
