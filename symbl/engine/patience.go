package engine

import (
	"errors"
	"time"
)

const (
	maxFailures = 20 // with the delays between them, about four minutes
	maxBroken   = 5  // of a transcriber on the same recording, which may take hours each time
)

// away tells whether a problem is that something cannot be reached, or has too
// much to do, which is not the recording's fault: the transcriber, or the server
// that has the recording.
func away(problem error) bool {
	var (
		failed   *TranscriberError
		download *downloadError
	)
	return errors.As(problem, &failed) && failed.Failure == Away || errors.As(problem, &download)
}

// broken tells whether a transcriber failed that is there.
func broken(problem error) bool {
	var failed *TranscriberError
	return errors.As(problem, &failed) && failed.Failure != Away
}

// count notes a problem; how often there was one of another kind does not matter
// for it.
func (j *job) count(problem error) {
	j.Failures++
	switch {
	case away(problem):
	case broken(problem):
		j.Broken++
	default:
		j.Others++
	}
}

// hopeless tells whether a job is given up after a problem: at once if it is
// permanent; after hours if something is away; else after a number of failures of
// its kind.
func (j *job) hopeless(problem error, now time.Time, t timing) bool {
	var permanent *permanentError
	switch {
	case errors.As(problem, &permanent):
		return true
	case away(problem):
		return now.Sub(j.Failing) >= t.away
	case broken(problem):
		return j.Broken >= maxBroken
	}
	return j.Others >= maxFailures
}

// asked is how long a transcriber that is away wants to be left alone.
func asked(problem error) time.Duration {
	var failed *TranscriberError
	if errors.As(problem, &failed) {
		return failed.RetryAfter
	}
	return 0
}
