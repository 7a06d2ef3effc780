package engine

import (
	"context"
	"time"
)

// Transcriber turns speech into timed text. The engine calls it for one
// channel at a time, from as many goroutines as it has workers.
type Transcriber interface {
	// Transcribe hears one file. It does not retry: the engine does, by the
	// kind of a *TranscriberError; any other error counts as Broken. When ctx
	// ends it stops all it has started and returns soon. No segments mean that
	// nothing was said. The error is shown to clients: it must hold no secret.
	Transcribe(ctx context.Context, s Speech) ([]Segment, error)
}

// Diarizer is a Transcriber that knows whether it can tell speakers apart. Only
// then does diarization replace separate channels where both are asked for.
type Diarizer interface{ Diarizes() bool }

// Speech is what a transcriber hears.
type Speech struct {
	// Path of a WAV file of 16 kHz, mono, 16-bit PCM. It is in a folder of its
	// own, which is removed afterwards.
	Path     string
	Duration time.Duration
	Language string // BCP-47, such as en-US; never empty
	// Vocabulary are words and names that are likely to be said.
	Vocabulary []string
	// Diarize asks for a Speaker in each segment; Speakers is how many there
	// are, 0 if that is not known. A transcriber that cannot does without.
	Diarize  bool
	Speakers int
}

// Segment is something that was said, as a rule a sentence or a part of one.
type Segment struct {
	Start, End time.Duration // from the start of the file
	Speaker    string        // a label, the same for the same voice; empty: not told
	Text       string
}

// TranscriberFailure is what a failure of a transcriber means.
type TranscriberFailure int

// The failures of transcribers.
const (
	// Broken: it failed on this file, and may not the next time. The engine
	// tries a few times.
	Broken TranscriberFailure = iota
	// Away: it cannot be reached or has too much to do, whatever the file. The
	// engine goes on trying for hours.
	Away
	// Refused: it will not take this file or these settings however often it
	// is asked. The job fails.
	Refused
)

// TranscriberError is a failure whose meaning the transcriber knows.
type TranscriberError struct {
	Failure    TranscriberFailure
	RetryAfter time.Duration // asked for by an Away; 0: not told
	Err        error
}

// Error is that of the cause.
func (e *TranscriberError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *TranscriberError) Unwrap() error { return e.Err }
