package engine

import (
	"errors"
	"time"
)

const (
	maxFailures = 20 // with the delays between them, about four minutes
	maxBroken   = 5  // of a transcriber on the same recording, which may take hours each time
	maxSteps    = 10 // after which a job that gets on and fails is one that fails

	maxRetryAfter = 15 * time.Minute // that a server may ask for; it is the recording's
)

// absentee is what cannot be reached, or has too much to do, which is not the
// recording's fault.
type absentee string

const (
	transcriberAway absentee = "transcriber"
	serverAway      absentee = "server" // that has the recording
)

// away tells what is away by a problem; empty for nothing.
func away(problem error) absentee {
	var (
		failed   *TranscriberError
		download *downloadError
	)
	switch {
	case errors.As(problem, &failed) && failed.Failure == Away:
		return transcriberAway
	case errors.As(problem, &download):
		return serverAway
	}
	return ""
}

// heardError is a failure after the transcriber had heard a channel.
type heardError struct{ error }

func (e *heardError) Unwrap() error { return e.error }

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
	case away(problem) != "":
	case broken(problem):
		j.Broken++
	default:
		j.Others++
	}
}

// clock sets since when the job fails without getting on. It got on if something
// else is away than before, or nothing is, or the transcriber heard a part.
func (j *job) clock(problem error, now time.Time) {
	var heard *heardError
	gotOn := j.Away != away(problem) || errors.As(problem, &heard)
	switch {
	case j.Failing.IsZero():
		j.Failing = now.UTC()
	case gotOn && j.Steps < maxSteps:
		j.Failing = now.UTC()
		j.Steps++
	}
	j.Away = away(problem)
}

// hopeless tells whether a job is given up after a problem: at once if it is
// permanent; after hours if something is away; else after a number of failures of
// its kind.
func (j *job) hopeless(problem error, now time.Time, t timing) bool {
	var permanent *permanentError
	switch {
	case errors.As(problem, &permanent):
		return true
	case away(problem) != "":
		return now.Sub(j.Failing) >= t.away
	case broken(problem):
		return j.Broken >= maxBroken
	}
	return j.Others >= maxFailures
}

// asked is how long what is away wants to be left alone.
func asked(problem error) time.Duration {
	var (
		failed   *TranscriberError
		download *downloadError
	)
	switch {
	case errors.As(problem, &failed):
		return failed.RetryAfter
	case errors.As(problem, &download):
		return download.after
	}
	return 0
}
