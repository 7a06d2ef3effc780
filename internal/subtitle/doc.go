// Package subtitle reads WebVTT and SRT into cues. It wraps asticode/go-astisub
// and keeps from it what it cannot take.
//
// In: the bytes of a file, of any encoding and line ending. Out: cues in the
// order of the file, with times from its start, each with its lines of text
// and the voice (WebVTT's <v Name>) of each line. It knows nothing of calls,
// speakers or transcription, and imports nothing of ours.
package subtitle
