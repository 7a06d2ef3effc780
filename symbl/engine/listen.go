package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

// hearing is what an engine with a transcriber has: it brings
// a recording into the form that the transcriber hears, one file for each
// channel, and puts what was said on them together.
type hearing struct {
	cfg   Config
	store *store
	spool *spool
}

// errSlow is the cause of a transcription's end when it has taken too long.
var errSlow = errors.New("the transcriber took too long")

// listen hears what is said in a job's media, in the order of time. The times
// are those of the conversation: the input's Start is that of the first sample.
// A *permanentError fails the job, any other error lets it be tried again.
func (h *hearing) listen(ctx context.Context, j job, in input) (_ []utterance, err error) {
	dir, remove, err := h.spool.folder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	begun := time.Now()
	separate := in.SeparateChannels && (!in.Diarize || !diarizes(h.cfg.Transcriber))
	tracks, err := h.decode(ctx, *in.Media, dir, separate)
	if err != nil {
		return nil, lasting(err)
	}
	var said []line
	for i, t := range tracks {
		heard, err := h.transcribe(ctx, t, in)
		switch {
		case err != nil && len(said) > 0:
			return nil, lasting(&heardError{err})
		case err != nil:
			return nil, lasting(err)
		}
		for _, s := range sentences(heard) {
			said = append(said, line{Segment: s, from: speaker(in, separate, i+1, s.Speaker)})
		}
	}
	h.cfg.Logger.Info("engine transcribed a recording", zap.String("job", j.ID), zap.Int("channels", len(tracks)),
		zap.Duration("length", tracks[0].Duration), zap.Duration("took", time.Since(begun)), zap.Int("messages", len(said)))
	return inTime(said, in.Start), nil
}

// line is a sentence and who said it.
type line struct {
	Segment
	from symbl.Person
}

// inTime puts what was said on all channels into the order in which it began.
func inTime(said []line, start time.Time) []utterance {
	slices.SortStableFunc(said, func(a, b line) int { return cmp.Compare(a.Start, b.Start) })
	utterances := make([]utterance, len(said))
	for i, l := range said {
		utterances[i] = utterance{text: l.Text, from: l.from, start: start.Add(l.Start), end: start.Add(l.End)}
	}
	return utterances
}

// transcribe hears one track, within three times its length and ten minutes.
func (h *hearing) transcribe(ctx context.Context, t audio.Track, in input) ([]Segment, error) {
	if t.Silent { // some models hear words in silence
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, h.cfg.timing.transcribe+3*t.Duration, errSlow)
	defer cancel()
	segments, err := h.cfg.Transcriber.Transcribe(ctx, Speech{
		Path: t.Path, Duration: t.Duration, Language: in.Language,
		Vocabulary: in.CustomVocabulary, Diarize: in.Diarize, Speakers: in.Speakers,
	})
	var known *TranscriberError
	if err != nil && !errors.As(err, &known) {
		err = &TranscriberError{Failure: Broken, Err: err}
	}
	return segments, err
}

// diarizes tells whether diarization can replace separate channels, which
// Symbl lets it do when both are asked for.
func diarizes(t Transcriber) bool {
	d, ok := t.(Diarizer)
	return ok && d.Diarizes()
}

// speaker is who speaks on a channel, or with a voice.
func speaker(in input, separate bool, channel int, voice string) symbl.Person {
	if !separate {
		return symbl.Person{Name: voice}
	}
	for _, c := range in.Channels {
		if c.Channel == channel && c.Speaker != (symbl.Person{}) {
			return c.Speaker
		}
	}
	return symbl.Person{Name: fmt.Sprintf("Speaker %d", channel)}
}

// decode writes the tracks of a recording into a folder.
func (h *hearing) decode(ctx context.Context, m media, dir string, separate bool) ([]audio.Track, error) {
	if m.URL == "" {
		return audio.Decode(ctx, h.store.openParts(ctx, m), dir, separate)
	}
	resp, err := h.cfg.Downloads.Get(ctx, m.URL, nil, "")
	if err != nil {
		return nil, &downloadError{err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &downloadError{
			status: resp.StatusCode,
			after:  min(symbl.RetryAfter(resp.Header.Get("Retry-After"), time.Now()), maxRetryAfter),
		}
	}
	return audio.Decode(ctx, safehttp.Cap(resp.Body, h.cfg.MaxMedia), dir, separate)
}

// downloadError is an answer that is not the recording, or why there is none.
type downloadError struct {
	status int           // 0: there is no answer
	after  time.Duration // how long the server asks to be left alone; 0: it does not say
	err    error
}

func (e *downloadError) Unwrap() error { return e.err }

func (e *downloadError) Error() string {
	if e.err != nil {
		return "download the recording: " + e.err.Error()
	}
	return fmt.Sprintf("the recording's URL answers %d %s", e.status, http.StatusText(e.status))
}

// lasting makes a *permanentError of what trying again cannot mend.
func lasting(err error) error {
	var (
		unusable *audio.UnusableError
		failed   *TranscriberError
		blocked  *safehttp.Error
		download *downloadError
	)
	permanent := false
	switch {
	case errors.As(err, &unusable):
		permanent = true
	case errors.As(err, &failed):
		permanent = failed.Failure == Refused
	case errors.As(err, &blocked):
		permanent = blocked.Kind == safehttp.Refused || blocked.Kind == safehttp.TooLarge
	case errors.As(err, &download):
		permanent = download.lasts()
	}
	if permanent {
		return &permanentError{err.Error()}
	}
	return err
}

// lasts tells whether the same answer would come again.
func (e *downloadError) lasts() bool {
	switch e.status {
	case 0, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.status < http.StatusInternalServerError
}
