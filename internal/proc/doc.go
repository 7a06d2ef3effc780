// Package proc runs local programs that may hang, crash, or print too much:
// transcribers and ffmpeg.
//
// It owns the child's life (it and all it has started end with the context),
// the stream of its standard output, and the end of its standard error for
// whoever has to mend it. The child does not see our configuration: variables
// that begin with TRACKERBELL_ may hold secrets and are not passed on. It knows
// nothing of audio, and imports nothing of ours.
package proc
