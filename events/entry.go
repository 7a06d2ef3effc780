package events

import (
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/notify"
)

// Stage is how far a recording has come.
type Stage string

// The stages of a recording, in their order. StageDead is not stored: it is what
// Entry.State says while a part of the recording is a dead letter.
const (
	StageReady     Stage = "ready"
	StageSubmitted Stage = "submitted" // its job runs
	StageProcessed Stage = "processed" // its matches are known
	StageDone      Stage = "done"      // every alert is posted
	StageDead      Stage = "dead"
)

const maxErrorBytes = 500

// The steps of the way, as they name consumers, dead letters and attempts.
const (
	StepSubmit = "submit"
	StepAwait  = "await"
	StepRoute  = "route"
	StepNotify = "notify"
)

// Steps lists the steps in their order.
func Steps() []string { return []string{StepSubmit, StepAwait, StepRoute, StepNotify} }

// Entry is what the ledger knows of a recording. It makes the handlers
// idempotent, and it is what the console and the commands show.
type Entry struct {
	Key        string      `json:"key"`
	Source     string      `json:"source"`
	ID         string      `json:"id"` // the provider's
	Call       notify.Call `json:"call"`
	ReceivedAt time.Time   `json:"receivedAt"`
	Stage      Stage       `json:"stage"`
	Replay     int         `json:"replay,omitempty"`    // how often it was started anew
	ReadySeq   uint64      `json:"readySeq,omitempty"`  // message in RECORDINGS that owns this run
	Replaying  bool        `json:"replaying,omitempty"` // the next ready message of this Replay becomes the owner
	Text       bool        `json:"text,omitempty"`      // it came as a transcript, not as audio or video

	SubmitIntent   time.Time `json:"submitIntent,omitzero"` // a submit was begun; zero again when it was certainly refused
	SubmittedAt    time.Time `json:"submittedAt,omitzero"`
	JobID          string    `json:"jobId,omitempty"`
	ConversationID string    `json:"conversationId,omitempty"`

	Trackers      []string      `json:"trackers,omitempty"` // that were found
	FoundSeq      uint64        `json:"foundSeq,omitempty"` // of the processed event in RECORDINGS, which holds the quotes
	Routed        bool          `json:"routed,omitempty"`   // Alerts is decided, even if empty
	Alerts        []AlertRecord `json:"alerts,omitempty"`
	Earlier       []AlertRecord `json:"earlier,omitempty"`       // posted, perhaps posted, or held before the recording was started anew
	Conversations []string      `json:"conversations,omitempty"` // of those runs
	Threads       []Thread      `json:"threads,omitempty"`       // a replay's alerts stand under the first ones

	Attempts     map[string]int       `json:"attempts,omitempty"`     // failures of the step
	FailingSince map[string]time.Time `json:"failingSince,omitempty"` // of a step that has not succeeded since
	Trials       map[string]Trial     `json:"trials,omitempty"`       // of such a step
	Error        string               `json:"error,omitempty"`        // the last one
	DeadLetters  []uint64             `json:"deadLetters,omitempty"`  // open ones, by their id
	Spent        uint64               `json:"spent,omitempty"`        // dead letters up to this one are of before it was started anew
	Steps        []StepTime           `json:"steps,omitempty"`

	Forgotten time.Time `json:"forgotten,omitzero"` // when it was asked for that nothing be known of the call; see forget.go

	Digest *Digest `json:"digest,omitempty"` // this is no recording, but tells of alerts that were held back

	Trace string `json:"trace,omitempty"` // W3C traceparent of the webhook; what a callback wakes goes on in it

	revision uint64
}

// AlertRecord is what happened to one alert of a recording.
type AlertRecord struct {
	AlertID     string          `json:"alertId"`
	Destination string          `json:"destination"`
	Named       bool            `json:"named,omitempty"` // it is one of destinations, and no channel of Slack
	Trackers    []string        `json:"trackers"`
	Parts       []notify.Part   `json:"parts,omitempty"` // what it tells of each tracker
	Style       notify.Style    `json:"style,omitzero"`
	Note        string          `json:"note,omitempty"`
	Held        string          `json:"held,omitempty"`     // why it is not posted itself: one of notify.HeldReasons
	HeldUntil   time.Time       `json:"heldUntil,omitzero"` // when a digest tells it; zero: none does
	Digest      string          `json:"digest,omitempty"`   // key of the entry that does
	Folded      *notify.Receipt `json:"folded,omitempty"`   // message about the same caller that it goes under
	Thread      string          `json:"thread,omitempty"`   // ts of the message that it was posted under
	Post
	Replies []Post `json:"replies,omitempty"` // further messages under it

	Seq      uint64            `json:"seq,omitempty"`  // of the alert's event in ALERTS
	Said     []Said            `json:"said,omitempty"` // what it quotes
	Feedback []notify.Feedback `json:"feedback,omitempty"`
	Dropped  bool              `json:"dropped,omitempty"` // its dead letter was: it will not be posted
}

// Post is one message of an alert.
type Post struct {
	Intent   time.Time `json:"intent,omitzero"` // a post was begun; zero again when it was certainly refused
	Channel  string    `json:"channel,omitempty"`
	TS       string    `json:"ts,omitempty"`
	PostedAt time.Time `json:"postedAt,omitzero"`
}

// untried tells whether nobody has begun to post the message.
func (p *Post) untried() bool { return p.Intent.IsZero() && p.PostedAt.IsZero() }

// Thread is where a destination's messages about a recording stand together.
type Thread struct {
	Slug    string `json:"slug"` // of the destination
	Channel string `json:"channel"`
	TS      string `json:"ts"` // of the first message
}

// Trial is how often a step failed though it had succeeded with other
// recordings since the failure before.
type Trial struct {
	N  int       `json:"n,omitempty"`
	At time.Time `json:"at"` // of the last failure
}

// StepTime is when a step was done.
type StepTime struct {
	Step string    `json:"step"`
	At   time.Time `json:"at"`
}

// State is the stage as others see it: dead while any part of the recording is
// a dead letter.
func (e *Entry) State() Stage {
	if len(e.DeadLetters) > 0 {
		return StageDead
	}
	return e.Stage
}

// callStart is what times in a transcript count from: the start of the call,
// or, where that is unknown, the moment its webhook came.
func (e *Entry) callStart() time.Time {
	if e.Call.StartedAt.IsZero() {
		return e.ReceivedAt
	}
	return e.Call.StartedAt
}

// awaits tells whether the recording waits for its job.
func (e *Entry) awaits() bool { return e.Stage == StageSubmitted && len(e.DeadLetters) == 0 }

// pass notes that a step succeeded.
func (e *Entry) pass(step string, now time.Time) {
	e.Steps = append(e.Steps, StepTime{Step: step, At: now.UTC()})
	e.forgive(step)
	e.Error = ""
}

// forgive forgets that a step has been failing; Attempts tells it on.
func (e *Entry) forgive(step string) {
	delete(e.FailingSince, step)
	delete(e.Trials, step)
}

// fail notes a failure of a step. worked tells whether the step has succeeded
// with anything since a time.
func (e *Entry) fail(step string, err error, now time.Time, worked func(since time.Time) bool) {
	if e.Attempts == nil {
		e.Attempts = map[string]int{}
	}
	if e.FailingSince == nil {
		e.FailingSince = map[string]time.Time{}
	}
	if e.Trials == nil {
		e.Trials = map[string]Trial{}
	}
	e.Attempts[step]++
	trial := e.Trials[step]
	if !trial.At.IsZero() && worked(trial.At) {
		trial.N++
	}
	trial.At = now.UTC()
	e.Trials[step] = trial
	if e.FailingSince[step].IsZero() {
		e.FailingSince[step] = now.UTC()
	}
	e.Error = clip(err)
}

// begin notes the thread of a destination, unless there is one.
func (e *Entry) begin(t Thread) {
	if !slices.ContainsFunc(e.Threads, func(old Thread) bool { return old.Slug == t.Slug }) {
		e.Threads = append(e.Threads, t)
	}
}

// alert is the record of an alert, nil when the entry has none of that id.
func (e *Entry) alert(id string) *AlertRecord {
	i := slices.IndexFunc(e.Alerts, func(a AlertRecord) bool { return a.AlertID == id })
	if i < 0 {
		return nil
	}
	return &e.Alerts[i]
}

// told is the alert of that id, also one of before the recording was started anew:
// its message still has buttons. It is nil when there is none.
func (e *Entry) told(id string) *AlertRecord {
	if rec := e.alert(id); rec != nil {
		return rec
	}
	i := slices.IndexFunc(e.Earlier, func(a AlertRecord) bool { return a.AlertID == id })
	if i < 0 {
		return nil
	}
	return &e.Earlier[i]
}

// part is the n-th message of the alert: itself (0) or a reply.
func (a *AlertRecord) part(n int) *Post {
	if n == 0 {
		return &a.Post
	}
	for len(a.Replies) < n {
		a.Replies = append(a.Replies, Post{})
	}
	return &a.Replies[n-1]
}

// done tells whether all messages of the alert are posted, or never will be.
func (a *AlertRecord) done() bool {
	if a.Dropped || a.Held != "" {
		return true
	}
	open := func(p Post) bool { return p.PostedAt.IsZero() }
	return !open(a.Post) && !slices.ContainsFunc(a.Replies, open)
}

// settle moves the entry to done once it is routed and all alerts are posted.
func (e *Entry) settle() {
	if !e.Routed {
		return
	}
	for i := range e.Alerts {
		if !e.Alerts[i].done() {
			return
		}
	}
	e.Stage = StageDone
}

// giveUp notes that somebody dropped the dead letter of a step: nothing more
// comes of it.
func (e *Entry) giveUp(step, alertID string) {
	if step != StepNotify {
		e.Stage = StageDone
		return
	}
	if a := e.alert(alertID); a != nil {
		a.Dropped = true
	}
	e.settle()
}

// restart forgets what the previous run did, but not that it was, nor which
// dead letters are of before it.
func (e *Entry) restart(letters []uint64) {
	e.Replay++
	e.Spent = max(e.Spent, slices.Max(append(letters, 0)))
	e.Stage, e.Replaying = StageReady, true
	if e.ConversationID != "" {
		e.Conversations = append(e.Conversations, e.ConversationID)
	}
	for _, a := range e.Alerts {
		switch {
		case a.unknown(): // it is looked for where it was to stand
			a.Parts, a.Note = nil, ""
		case !a.PostedAt.IsZero() || a.Digest != "":
			a.Parts, a.Style, a.Note, a.Folded = nil, notify.Style{}, "", nil // that was for posting it
		default:
			continue
		}
		e.Earlier = append(e.Earlier, a)
	}
	e.SubmitIntent, e.SubmittedAt, e.JobID, e.ConversationID = time.Time{}, time.Time{}, "", ""
	e.Trackers, e.Routed, e.Alerts = nil, false, nil
	e.Attempts, e.FailingSince, e.Trials, e.Error, e.DeadLetters = nil, nil, nil, "", nil
}

// clip is the text of an error, as much of it as is kept.
func clip(err error) string {
	s, n := err.Error(), maxErrorBytes
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 { // not inside a character
		n--
	}
	return s[:n] + "…"
}
