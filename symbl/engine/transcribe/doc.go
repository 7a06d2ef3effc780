// Package transcribe holds the ways to turn speech into timed text: a server
// with OpenAI's transcription API (OpenAI, whisper.cpp, faster-whisper), and a
// local program.
//
// It owns the requests, the reading of what comes back, and the judgement of
// failures. It knows nothing of jobs, conversations or trackers; package
// engine declares the interface, and retries.
//
// In: engine.Speech, a WAV file of one channel with its language. Out:
// engine.Segment, what was said and when, in the order of time.
package transcribe
