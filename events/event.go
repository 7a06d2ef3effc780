package events

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/trackerbell/trackerbell/notify"
)

// The types of our events. The version changes when data of an old type could
// be misread by a new reader.
const (
	TypeReady     = "io.trackerbell.recording.ready.v1"     // data: Recording
	TypeSubmitted = "io.trackerbell.recording.submitted.v1" // data: Submitted
	TypeWake      = "io.trackerbell.recording.wake.v1"      // data: Wake
	TypeProcessed = "io.trackerbell.recording.processed.v1" // data: Processed
	TypeAlert     = "io.trackerbell.alert.v1"               // data: notify.Alert
	TypeFeedback  = "io.trackerbell.alert.feedback.v1"      // data: FeedbackGiven
	TypeDigestDue = "io.trackerbell.alert.digest.due.v1"    // data: DigestDue
	TypeDead      = "io.trackerbell.dead.v1"                // data: DeadLetter
	TypeAudit     = "io.trackerbell.audit.v1"               // data: Deed
)

const contentType = "application/cloudevents+json"

// Event is a CloudEvents 1.0 envelope as the NATS binding's structured mode
// carries it (cloudevents.io, "NATS Protocol Binding"). Subject is the key of
// the recording. Replay is an extension: how often the recording was started
// anew. TraceParent is CloudEvents' "Distributed Tracing" extension, which also
// stands in the message's headers.
type Event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Replay          int             `json:"replay,omitempty"`
	TraceParent     string          `json:"traceparent,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// Submitted is the data of recordings.submitted: the recording has a job.
// JobID is empty when only its conversation could be found after a crash.
type Submitted struct {
	JobID          string `json:"jobId,omitempty"`
	ConversationID string `json:"conversationId"`
}

// Wake says that the job of a recording changed. It is a hint; the job is asked
// before it is believed. It is the data of recordings.wake where it could not be
// asked at once.
type Wake struct {
	Key    string `json:"recording"`
	Replay int    `json:"replay,omitempty"` // the run that the job was submitted for; 0 also where that is unknown
	JobID  string `json:"jobId"`
	Status string `json:"status"`
}

// Processed is the data of recordings.processed: what was found in the call.
// Large Trackers are held in BLOBS under TrackersRef.
type Processed struct {
	Call        notify.Call      `json:"call"`
	Trackers    []notify.Tracker `json:"trackers"`
	TrackersRef string           `json:"trackersRef,omitempty"`
}

// earlier tells whether the event belongs to a run before the one that e is at. A
// wake names its job instead.
func (ev *Event) earlier(e *Entry) bool {
	return ev.Type != TypeWake && ev.Replay < e.Replay
}

// names lists the trackers that were found.
func (p *Processed) names() []string {
	names := make([]string, 0, len(p.Trackers))
	for _, t := range p.Trackers {
		names = append(names, t.Name)
	}
	return names
}

// newEvent makes an event and its message for subject. The id is also the
// Nats-Msg-Id, so publishing the same event again within the stream's window
// stores nothing.
func newEvent[T any](ctx context.Context, subject, typ, id, key string, replay int, now time.Time, data T) (*nats.Msg, error) {
	ev := Event{
		SpecVersion: "1.0", ID: id, Source: "/trackerbell/" + sourceOf(key), Type: typ, Subject: key,
		Time: now.UTC(), DataContentType: "application/json", Replay: replay, TraceParent: traceParent(ctx),
	}
	body, err := json.Marshal(struct {
		Event
		Data T `json:"data"` // in the place of Event's, which would be encoded twice
	}{ev, data})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", typ, err)
	}
	return eventMsg(subject, ev, body), nil
}

// eventMsg is the message of an event, which body is.
func eventMsg(subject string, ev Event, body []byte) *nats.Msg {
	msg := nats.NewMsg(subject)
	msg.Header.Set("Content-Type", contentType)
	msg.Header.Set(nats.MsgIdHdr, ev.ID)
	if ev.TraceParent != "" {
		msg.Header.Set(traceHeader, ev.TraceParent)
	}
	msg.Data = body
	return msg
}

// decodeEvent reads an envelope; its errors are permanent.
func decodeEvent(body []byte) (Event, error) {
	var ev Event
	if err := json.Unmarshal(body, &ev); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	if ev.SpecVersion != "1.0" || ev.Subject == "" {
		return Event{}, fmt.Errorf("decode event: not a CloudEvents 1.0 event with a subject")
	}
	return ev, nil
}

// dataOf reads the data of an event of the wanted type.
func dataOf[T any](ev Event, typ string) (T, error) {
	var data T
	if ev.Type != typ {
		return data, fmt.Errorf("event %s is of type %q, not %q", ev.ID, ev.Type, typ)
	}
	if err := json.Unmarshal(ev.Data, &data); err != nil {
		return data, fmt.Errorf("decode data of %s: %w", typ, err)
	}
	return data, nil
}

// decodeAs reads an event of the wanted type. Of one whose data cannot be read it
// gives the envelope, too.
func decodeAs[T any](body []byte, typ string) (ev Event, data T, err error) {
	if ev, err = decodeEvent(body); err == nil {
		data, err = dataOf[T](ev, typ)
	}
	return ev, data, err
}

// sourceOf is the source's name in a key: what stands before the first dot.
func sourceOf(key string) string {
	name, _, _ := strings.Cut(key, ".")
	return name
}

// msgID is the deterministic id of the event of a step. The replay number is
// in it, or a replay would be swallowed as a duplicate of its own past.
func msgID(step, key string, replay int) string {
	return fmt.Sprintf("%s/%s/%d", step, key, replay)
}
