package api

import (
	"time"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// RecordingView is a recording as the admin API and the commands show it. Its
// lists are never null.
type RecordingView struct {
	Key            string            `json:"key"`
	Source         string            `json:"source"`
	ID             string            `json:"id"`    // the provider's
	Stage          events.Stage      `json:"stage"` // dead while any part of it is a dead letter
	ReceivedAt     time.Time         `json:"receivedAt"`
	JobID          string            `json:"jobId"`
	ConversationID string            `json:"conversationId"`
	Trackers       []string          `json:"trackers"` // that were found
	Alerts         []AlertView       `json:"alerts"`
	Attempts       map[string]int    `json:"attempts"` // by step: how often it was tried, polls apart
	Error          string            `json:"error"`    // the last one
	Call           CallView          `json:"call"`
	Steps          []events.StepTime `json:"steps"`       // what was done when
	DeadLetters    []uint64          `json:"deadLetters"` // open ones, by their id
}

// AlertView is one alert of a recording. Channel and TS are the destination's
// own ids and empty where it has none; PostedAt is null until it is posted.
type AlertView struct {
	AlertID     string     `json:"alertId"`
	Destination string     `json:"destination"`
	Channel     string     `json:"channel"`
	TS          string     `json:"ts"`
	PostedAt    *time.Time `json:"postedAt"`

	Held      string            `json:"held,omitempty"`     // why it is not posted itself: silence, quiet_hours, cap
	HeldUntil time.Time         `json:"heldUntil,omitzero"` // when a digest tells it
	Digest    string            `json:"digest,omitempty"`   // key under which the digest can be seen like a recording
	Folded    bool              `json:"folded,omitempty"`   // it stands in the thread of an earlier alert about the caller
	Feedback  []notify.Feedback `json:"feedback"`           // who found it useful, or a false alarm
}

// CallView is what is known of the call.
type CallView struct {
	Direction string            `json:"direction,omitempty"` // inbound | outbound
	From      string            `json:"from,omitempty"`      // masked for viewers
	To        string            `json:"to,omitempty"`        // masked for viewers
	Agent     string            `json:"agent,omitempty"`
	StartedAt time.Time         `json:"startedAt,omitzero"`
	Seconds   float64           `json:"durationSeconds,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// RecordingList is a page of recordings, last changed first.
type RecordingList struct {
	Recordings []RecordingView `json:"recordings"`
	Next       string          `json:"next"` // cursor of the next page; empty at the end
}

// DeadList is a page of dead letters, newest first, without their events.
type DeadList struct {
	Dead []events.DeadLetter `json:"dead"`
	Next string              `json:"next"` // cursor of the next page; empty at the end
}

// View shows an entry of the ledger.
func View(e events.Entry) RecordingView {
	v := RecordingView{
		Key: e.Key, Source: e.Source, ID: e.ID, Stage: e.State(), ReceivedAt: e.ReceivedAt,
		JobID: e.JobID, ConversationID: e.ConversationID,
		Trackers: list(e.Trackers), Alerts: make([]AlertView, 0, len(e.Alerts)),
		Attempts: map[string]int{}, Error: e.Error,
		Call: CallView{
			Direction: e.Call.Direction, From: e.Call.From, To: e.Call.To, Agent: e.Call.Agent,
			StartedAt: e.Call.StartedAt, Seconds: e.Call.Seconds, Labels: e.Call.Labels,
		},
		Steps: list(e.Steps), DeadLetters: list(e.DeadLetters),
	}
	for step, failures := range e.Attempts {
		v.Attempts[step] = failures
	}
	for _, done := range e.Steps {
		v.Attempts[done.Step]++
	}
	for _, a := range e.Alerts {
		one := AlertView{
			AlertID: a.AlertID, Destination: a.Destination, Channel: a.Channel, TS: a.TS, Feedback: list(a.Feedback),
			Held: a.Held, HeldUntil: a.HeldUntil, Digest: a.Digest, Folded: a.Folded != nil,
		}
		if !a.PostedAt.IsZero() {
			one.PostedAt = &a.PostedAt
		}
		v.Alerts = append(v.Alerts, one)
	}
	return v
}

// masked is the recording as a viewer may see it.
func (v RecordingView) masked() RecordingView {
	masked := notify.Call{From: v.Call.From, To: v.Call.To, Agent: v.Call.Agent, Labels: v.Call.Labels}.Masked()
	v.Call.From, v.Call.To, v.Call.Agent, v.Call.Labels = masked.From, masked.To, masked.Agent, masked.Labels
	return v
}

// list is s, as an empty list instead of null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
