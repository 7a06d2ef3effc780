package notify

import (
	"context"
	"time"
)

// Alert is everything one message says: the trackers of one recording that
// were routed to one destination. It is the data of an alerts.> event.
type Alert struct {
	ID          string    `json:"id"`          // unique; the same for every attempt at this alert
	Recording   string    `json:"recording"`   // key of the recording
	Destination string    `json:"destination"` // channel as the route names it: #promotions or C0123456789
	Call        Call      `json:"call"`
	Trackers    []Tracker `json:"trackers"`
}

// Call is what is known of the call. From and To are E.164 numbers where the
// provider gave them; they are masked when rendered.
type Call struct {
	Source    string            `json:"source"`
	Direction string            `json:"direction,omitempty"` // inbound | outbound
	From      string            `json:"from,omitempty"`
	To        string            `json:"to,omitempty"`
	Agent     string            `json:"agent,omitempty"`
	StartedAt time.Time         `json:"startedAt,omitzero"`
	Seconds   float64           `json:"durationSeconds,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// Tracker is one tracker that was mentioned, with its quotes: exact before
// similar, then in the order of the call.
type Tracker struct {
	Name   string  `json:"name"`
	Quotes []Quote `json:"quotes"`
	More   int     `json:"more,omitempty"` // quotes beyond those in Quotes
}

// Quote is one sentence in which a tracker was found.
type Quote struct {
	Text    string   `json:"text"`
	Speaker string   `json:"speaker,omitempty"`
	At      float64  `json:"at"`              // seconds from the start of the call; negative when unknown
	Phrase  string   `json:"phrase"`          // the vocabulary entry
	Offset  int      `json:"offset"`          // of Phrase in Text, in code points; -1 for similar wording
	Words   []string `json:"words,omitempty"` // the words of Text that carried a similar match
	Score   float64  `json:"score,omitempty"` // of a similar match, 0 to 1; 0 when unknown
}

// Exact tells whether the phrase stands literally in the text.
func (q Quote) Exact() bool { return q.Offset >= 0 }

// Receipt is where an alert was posted: Channel is the destination's own id of
// the channel, TS its id of the message. Both are empty where a destination
// has none, as standard output.
type Receipt struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
}

// Notifier delivers an alert to one kind of destination. Notify posts once and
// never retries: it returns an *Error that says what the caller may do. It may
// be called concurrently for different destinations.
type Notifier interface {
	Notify(ctx context.Context, a Alert) (Receipt, error)
}

// Finder is implemented by notifiers that can tell whether an alert whose
// outcome is unknown was posted. Find looks for the alert id in what was
// posted since; found is false when it is certainly not there, and err is an
// *Error when that cannot be read.
type Finder interface {
	Find(ctx context.Context, a Alert, since time.Time) (r Receipt, found bool, err error)
}
