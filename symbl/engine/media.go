package engine

import (
	"context"

	"github.com/trackerbell/trackerbell/symbl"
)

// media is the recording that a job works on: an address to download it from,
// or an upload that was put aside.
type media struct {
	URL    string `json:"url,omitempty"`
	Object string `json:"object,omitempty"` // of the object store
}

// listener hears what is said in a job's media, in the order of time. The
// times of an utterance are those of the conversation: the input's Start is
// that of the recording's first sample. A *permanentError fails the job, any
// other error lets it be tried again.
type listener interface {
	listen(ctx context.Context, j job, in input) ([]utterance, error)
}

// said gives the messages of a job: those that were submitted, or what its
// media says.
func (e *Engine) said(ctx context.Context, j job, in input) ([]symbl.Message, error) {
	if in.Media == nil {
		return in.Messages, nil
	}
	if e.listener == nil {
		return nil, &permanentError{"this engine has no transcriber; set engine.transcriber"}
	}
	utterances, err := e.listener.listen(ctx, j, in)
	if err != nil {
		return nil, err
	}
	return makeMessages(j.ConversationID, utterances, in.Start)
}

// dropMedia removes an upload that no job needs any more.
func (e *Engine) dropMedia(ctx context.Context, m *media) {
	if m != nil {
		e.store.drop(ctx, m.Object)
	}
}
