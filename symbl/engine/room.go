package engine

import (
	"errors"
	"sync/atomic"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	// maxConversation is how large a conversation may become, in bytes as it is kept,
	// before they are compressed. What reads it needs some times as much memory.
	maxConversation = 256 << 20

	// About what the rest of these takes, beside their text.
	messageBytes  = 256
	questionBytes = 256
	refBytes      = 128
)

// conversationTooLarge is why a job failed that would have added too much.
const conversationTooLarge = "the conversation has become too large"

// room is how much may still be added to a conversation. It is safe for concurrent
// use.
type room struct{ left atomic.Int64 }

func newRoom(bytes int) *room {
	r := &room{}
	r.left.Store(int64(bytes))
	return r
}

// take gives errTooLarge if there is not so much room.
func (r *room) take(bytes int) error {
	if r.left.Add(-int64(bytes)) < 0 {
		return errTooLarge
	}
	return nil
}

// written is about how many bytes a text is as JSON.
func written(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}

// size is about how many bytes the conversation takes. It is found without encoding
// it: what is too large must not be encoded.
func (c *conversation) size() int {
	n := len(c.Metadata)
	for _, p := range c.Parts {
		for _, m := range p.Messages {
			n += messageBytes + written(m.Text)
		}
		for _, q := range p.Questions {
			n += questionBytes + written(q.Text)
		}
		for _, r := range p.Results {
			for _, m := range r.Matches {
				n += matchSize(m)
			}
		}
	}
	return n
}

func matchSize(m symbl.Match) int {
	n := 0
	for _, r := range m.MessageRefs {
		n += refBytes + written(r.Text)
	}
	for _, r := range m.InsightRefs {
		n += refBytes + written(r.Text)
	}
	return n
}

// outgrown ends a job for good that would have made a conversation too large.
func outgrown(problem error) error {
	if errors.Is(problem, errTooLarge) {
		return &permanentError{conversationTooLarge}
	}
	return problem
}
