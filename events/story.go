package events

import (
	"context"
	"errors"

	"github.com/trackerbell/trackerbell/notify"
)

// Story is all that is kept of a recording: what came in and what was found. What
// was said in it is redacted as its source wants it. Recording is empty and Trackers have no quotes once their events have been
// deleted (nats.maxAge).
type Story struct {
	Entry     Entry
	Recording Recording
	Trackers  []notify.Tracker
}

// Story reads the story of a recording; ErrNotFound if the ledger does not know
// it.
func (s *Service) Story(ctx context.Context, key string) (Story, error) {
	set, err := s.streams()
	if err != nil {
		return Story{}, err
	}
	e, err := set.ledger.Get(ctx, key)
	if err != nil {
		return Story{}, err
	}
	story := Story{Entry: e}
	if story.Recording, err = s.recording(ctx, set, e); err != nil {
		return story, err
	}
	redact := s.aims().source(e.Source).Redact
	for i := range story.Recording.Transcript {
		u := &story.Recording.Transcript[i]
		u.Text, u.Speaker = redact.Text(u.Text), redact.Text(u.Speaker)
	}
	found, err := s.found(ctx, set, e)
	switch {
	case errors.Is(err, ErrGone), errors.Is(err, ErrNotFound):
		for _, name := range e.Trackers {
			story.Trackers = append(story.Trackers, notify.Tracker{Name: name})
		}
	case err != nil:
		return story, err
	default:
		story.Trackers = redact.Trackers(found.Trackers)
	}
	return story, nil
}

// recording is what came in, zero where its event is no longer there.
func (s *Service) recording(ctx context.Context, set *streamSet, e Entry) (Recording, error) {
	ev, err := readEvent(ctx, set.recordings, e.ReadySeq)
	if errors.Is(err, ErrNotFound) {
		return Recording{}, nil
	}
	if err != nil {
		return Recording{}, err
	}
	rec, err := dataOf[Recording](ev, TypeReady)
	if err == nil && rec.TranscriptRef != "" {
		rec.Transcript, err = loadLarge[[]Utterance](ctx, set.blobs, rec.TranscriptRef)
	}
	return rec, err
}
