package source

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	contentTypeCloudEvent = "application/cloudevents+json"
	contentTypeBatch      = "application/cloudevents-batch+json"
	contentTypeVCon       = "application/vcon+json"

	directionIn  = "inbound"
	directionOut = "outbound"
)

// genericCall is the JSON of the generic provider. Unknown fields are ignored.
type genericCall struct {
	ID           string            `json:"id"`
	RecordingURL string            `json:"recordingUrl,omitempty"`
	Transcript   []json.RawMessage `json:"transcript,omitempty"`
	From         string            `json:"from,omitempty"`
	To           string            `json:"to,omitempty"`
	Direction    string            `json:"direction,omitempty"`
	StartedAt    string            `json:"startedAt,omitempty"`
	Seconds      float64           `json:"durationSeconds,omitempty"`
	Agent        string            `json:"agent,omitempty"`
	Channels     int               `json:"channels,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
}

// Normalise reads JSON or a vCon, bare or as the data of a CloudEvent.
func (g *generic) Normalise(r Request) (Delivery, error) {
	data, mediaType := r.Body, contentType(r.Header)
	if mediaType == contentTypeCloudEvent {
		var err error
		if data, mediaType, err = cloudEventData(r.Body); err != nil {
			return Delivery{}, err
		}
	}
	switch {
	case mediaType == contentTypeVCon:
		recs, err := vconRecordings(data)
		return several(recs, err, 0, "the vCon holds no recording, text or transcript")
	case mediaType == contentTypeBatch, mediaType != contentTypeJSON && !strings.HasSuffix(mediaType, "+json"):
		return Delivery{}, unsupported(contentTypeJSON + ", " + contentTypeCloudEvent + " or " + contentTypeVCon)
	}
	call, err := decodeJSON[genericCall](data, "")
	if err != nil {
		return Delivery{}, err
	}
	rec, err := call.recording()
	if err != nil {
		return Delivery{}, err
	}
	return Delivery{Recordings: []events.Recording{rec}}, nil
}

// call is the recording without its media, its start and its labels.
func (c genericCall) call() events.Recording {
	return events.Recording{
		Provider: genericName, ID: c.ID, From: phone(c.From), To: phone(c.To),
		Direction: c.Direction, Agent: short(c.Agent, maxNameBytes),
		Seconds: c.Seconds, Channels: c.Channels,
	}
}

func (c genericCall) recording() (events.Recording, error) {
	rec := c.call()
	err := c.check()
	if err != nil {
		return rec, err
	}
	switch {
	case c.RecordingURL == "" && c.Transcript == nil:
		return rec, unusable("recordingUrl", "is required, or transcript in its place")
	case c.RecordingURL != "" && c.Transcript != nil:
		return rec, unusable("transcript", "must not stand beside recordingUrl")
	}
	if c.Transcript == nil {
		rec.MediaURL = c.RecordingURL
		err = checkMediaURL("recordingUrl", c.RecordingURL)
	} else {
		rec.Transcript, err = utterances(c.Transcript)
	}
	if err != nil {
		return rec, err
	}
	if rec.StartedAt, err = startedAt(c.StartedAt); err != nil {
		return rec, err
	}
	rec.Labels, err = labels(c.Labels)
	return rec, err
}

// check looks at the id and at what has few allowed values.
func (c genericCall) check() error {
	if err := checkID("id", c.ID); err != nil {
		return err
	}
	switch {
	case c.Direction != "" && c.Direction != directionIn && c.Direction != directionOut:
		return unusable("direction", "must be inbound or outbound")
	case c.Seconds < 0:
		return unusable("durationSeconds", "must not be negative")
	case c.Seconds > maxSeconds:
		return unusable("durationSeconds", "is too large")
	case c.Channels < 0 || c.Channels > 2:
		return unusable("channels", "must be 1 or 2")
	}
	return nil
}

func startedAt(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	at = at.UTC()
	if err != nil || at.Year() < 1970 || at.Year() > 9999 { // JSON knows four digits
		return time.Time{}, unusable("startedAt", "must be a time such as 2026-11-23T20:00:00Z")
	}
	return at, nil
}

func labels(given map[string]string) (map[string]string, error) {
	if len(given) > maxLabels {
		return nil, unusable("labels", fmt.Sprintf("holds more than %d labels", maxLabels))
	}
	if len(given) == 0 {
		return nil, nil
	}
	kept := make(map[string]string, len(given))
	for name, value := range given {
		if name == "" || len(name) > maxLabelBytes || name != short(name, maxLabelBytes) {
			return nil, unusable("labels", fmt.Sprintf("names must have 1 to %d bytes, without control characters or space around them", maxLabelBytes))
		}
		kept[name] = short(value, maxNameBytes)
	}
	return kept, nil
}
