package notify

import (
	"context"
	"errors"
	"time"
)

// Alert is everything one message says: the trackers of one recording that
// were routed to one destination. It is the data of an alerts.> event.
type Alert struct {
	ID          string    `json:"id"`               // unique; the same for every attempt at this alert
	Recording   string    `json:"recording"`        // key of the recording
	Replay      int       `json:"replay,omitempty"` // how often the recording was started anew
	Destination string    `json:"destination"`      // channel as the route names it: #promotions or C0123456789
	Call        Call      `json:"call"`
	Trackers    []Tracker `json:"trackers"`
	Style       Style     `json:"style,omitzero"`
	Link        string    `json:"link,omitempty"`        // where people with the right to can hear the recording
	ShowNumbers bool      `json:"showNumbers,omitempty"` // do not mask them, of parties or in names and labels
	Note        string    `json:"note,omitempty"`        // what is unusual about this alert: where it could not be posted
	Digest      *Digest   `json:"digest,omitempty"`      // alerts that were held back, in place of Call and Trackers

	// Feedback, Thread, Part, Parts and Channel are the notify stage's own: what
	// people thought of the alert, the message to post under, which message of
	// the alert is meant, the summary (0) or a reply, of how many where they are
	// counted already, and the id of the destination's channel where an earlier
	// post told it.
	Feedback []Feedback `json:"-"`
	Thread   Receipt    `json:"-"`
	Part     int        `json:"-"`
	Parts    int        `json:"-"`
	Channel  string     `json:"-"`
}

// summaryChannel is the id of the channel that the alert's summary stands in, if a
// reply to it is meant; else empty.
func (a Alert) summaryChannel() string {
	if a.Part > 0 && a.Thread.TS != "" && isChannelID(a.Thread.Channel) {
		return a.Thread.Channel
	}
	return ""
}

// Feedback is what one person thought of an alert.
type Feedback struct {
	User   string    `json:"user"`           // Slack's id
	Name   string    `json:"name,omitempty"` // as Slack knew it then
	Useful bool      `json:"useful"`         // false: a false alarm
	At     time.Time `json:"at"`
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
	More   int     `json:"more,omitempty"`   // quotes beyond those in Quotes
	Absent string  `json:"absent,omitempty"` // not empty: it was not said, and where it was looked for: "in the first 1m"
}

// Quote is one sentence in which a tracker was found.
type Quote struct {
	Text    string   `json:"text"`
	Speaker string   `json:"speaker,omitempty"`
	Role    string   `json:"role,omitempty"`    // of the speaker, where it is known: agent | customer
	Channel int      `json:"channel,omitempty"` // of the recording, from 1; 0 when unknown
	At      float64  `json:"at"`                // seconds from the start of the call; negative when unknown
	Phrase  string   `json:"phrase"`            // the vocabulary entry
	Offset  int      `json:"offset"`            // of Phrase in Text, in code points; -1 for similar wording
	Words   []string `json:"words,omitempty"`   // the words of Text that carried a similar match
	Score   float64  `json:"score,omitempty"`   // of a similar match, 0 to 1; 0 when unknown
}

// Exact tells whether the phrase stands literally in the text.
func (q Quote) Exact() bool { return q.Offset >= 0 }

// Receipt is where an alert was posted: Channel is the destination's own id of
// the channel, TS its id of the message. Both are empty where a destination
// has none, as standard output.
type Receipt struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`

	TemplateFailed bool `json:"-"` // the route's template did not work, and the built-in message was posted
}

// Notifier delivers an alert to one kind of destination. Notify posts once and
// never retries: it returns an *Error that says what the caller may do. It may
// be called concurrently for different destinations.
type Notifier interface {
	Notify(ctx context.Context, a Alert) (Receipt, error)
}

// Threader is implemented by notifiers for which an alert can be several
// messages. Notify then posts the one that Part says, and Find looks for it.
type Threader interface {
	Parts(a Alert) int // at least 1; the same for the same alert
}

// Editor is implemented by notifiers that can change and delete what was
// posted. Both may be repeated. Errors are *Error.
type Editor interface {
	Update(ctx context.Context, a Alert, at Receipt) error
	Remove(ctx context.Context, at Receipt) error
}

// Annotator is implemented by notifiers that can show feedback on a message whose
// alert is no longer known. thread is the message that it stands under; empty at
// the top level. It may be repeated. Errors are *Error.
type Annotator interface {
	Annotate(ctx context.Context, at Receipt, thread string, list []Feedback) error
}

// Linker is implemented by notifiers whose messages have an address that people
// can open. Errors are *Error; one is no reason to ask again soon.
type Linker interface {
	Link(ctx context.Context, at Receipt) (string, error)
}

// ThreadLost tells whether a message could not be posted because the one that
// it belongs under is gone.
func ThreadLost(err error) bool {
	failed, ok := errors.AsType[*Error](err)
	return ok && (failed.Reason == codeNoThread || failed.Reason == codeNoReply || failed.Reason == codeNoMessage)
}

// Finder is implemented by notifiers that can tell whether an alert whose
// outcome is unknown was posted. Find looks for the alert id in what was
// posted since; found is false when it is certainly not there, and err is an
// *Error when that cannot be read.
type Finder interface {
	Find(ctx context.Context, a Alert, since time.Time) (r Receipt, found bool, err error)
}
