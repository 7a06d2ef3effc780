package engine

import (
	"context"
	"errors"

	"github.com/trackerbell/trackerbell/symbl"
)

// media is the recording that a job works on: an address to download it from,
// or an upload that was put aside.
type media struct {
	URL    string `json:"url,omitempty"`
	Object string `json:"object,omitempty"` // of the object store, in parts
	Parts  int    `json:"parts,omitempty"`
}

// said gives the messages of a job: those that were submitted, or what its
// media says. What was heard is kept, so that it is heard once.
func (e *Engine) said(ctx context.Context, j job, in input) ([]symbl.Message, error) {
	if in.Media == nil || in.Heard {
		return in.Messages, nil
	}
	if e.hearing == nil {
		return nil, &permanentError{noTranscriber}
	}
	utterances, err := e.hearing.listen(ctx, j, in)
	if err != nil {
		return nil, err
	}
	messages, err := makeMessages(j.ConversationID, utterances, in.Start)
	if err != nil {
		return nil, err
	}
	in, err = change(ctx, e.store, keyInput+j.ID, func(in *input) error {
		if !in.Heard {
			in.Messages, in.Heard = messages, true
		}
		return nil
	})
	if errors.Is(err, errNotFound) {
		return nil, &permanentError{"the conversation was deleted"}
	}
	return in.Messages, err
}

// dropMedia removes an upload that no job needs any more.
func (e *Engine) dropMedia(ctx context.Context, m *media) error {
	if m == nil || m.Object == "" {
		return nil
	}
	return e.store.dropParts(ctx, *m)
}
