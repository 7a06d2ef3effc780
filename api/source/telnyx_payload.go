package source

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"

	"github.com/trackerbell/trackerbell/events"
)

const telnyxSaved = "call.recording.saved"

type telnyxURLs struct {
	WAV scalar `json:"wav"`
	MP3 scalar `json:"mp3"`
}

// best prefers what is not compressed.
func (u telnyxURLs) best() string {
	if u.WAV != "" {
		return string(u.WAV)
	}
	return string(u.MP3)
}

type telnyxRecording struct {
	ID       scalar            `json:"recording_id"`
	Leg      scalar            `json:"call_leg_id"`
	Session  scalar            `json:"call_session_id"`
	Channels scalar            `json:"channels"`
	Start    scalar            `json:"recording_started_at"`
	End      scalar            `json:"recording_ended_at"`
	From     scalar            `json:"from"`
	To       scalar            `json:"to"`
	URLs     maybe[telnyxURLs] `json:"recording_urls"`
	Public   maybe[telnyxURLs] `json:"public_recording_urls"`
}

// telnyxEvent has the event below data, or, in an older form, is the event.
type telnyxEvent struct {
	Type    scalar          `json:"event_type"`
	Payload json.RawMessage `json:"payload"`
	Data    json.RawMessage `json:"data"`
}

// Normalise reads a call.recording.saved, also of a conference and in the flat
// form, and the callback of TeXML, which is Twilio's form.
func (t *telnyx) Normalise(r Request) (Delivery, error) {
	switch contentType(r.Header) {
	case contentTypeJSON:
		return t.event(r.Body)
	case contentTypeForm:
		texml := &twilio{name: telnyxName, own: func(*url.URL) bool { return false }}
		d, err := texml.Normalise(r)
		d.Status = acceptedByTelnyx
		return d, err
	}
	return Delivery{}, unsupported(contentTypeJSON + " or " + contentTypeForm)
}

func (t *telnyx) event(body []byte) (Delivery, error) {
	e, err := decodeJSON[telnyxEvent](body, "")
	if err != nil {
		return Delivery{}, err
	}
	at := ""
	if e.Data != nil {
		at = "data"
		if e, err = decodeJSON[telnyxEvent](e.Data, at); err != nil {
			return Delivery{}, err
		}
	}
	switch {
	case e.Type == "":
		return Delivery{}, unusable(join(at, "event_type"), "is required")
	case !slices.Contains([]string{telnyxSaved, "conference.recording.saved", "recording_saved"}, string(e.Type)):
		return ignored(eventName(string(e.Type), "call.recording.error", "call.recording.transcription.saved", "call.hangup"))
	}
	payload := e.Payload
	if at = join(at, "payload"); payload == nil {
		payload, at = body, "" // the flat form
	}
	if bytes.Equal(payload, []byte("null")) {
		return Delivery{}, unusable(at, "must be an object")
	}
	rec, err := decodeJSON[telnyxRecording](payload, at)
	if err != nil {
		return Delivery{}, err
	}
	out, err := rec.recording(at)
	return one(out, acceptedByTelnyx), err
}

func (r telnyxRecording) recording(at string) (events.Recording, error) {
	id, media := string(r.ID), r.URLs.is.best()
	if id == "" && r.Leg != "" && r.Start != "" {
		id = string(r.Leg) + "/" + string(r.Start)
	}
	if media == "" {
		media = r.Public.is.best()
	}
	rec := events.Recording{
		Provider: telnyxName, ID: id, MediaURL: media, MediaRef: string(r.ID),
		From: r.From.phone(), To: r.To.phone(), StartedAt: r.Start.time(), Seconds: between(r.Start.time(), r.End.time()),
		Channels: 1 + slices.Index([]scalar{"single", "dual"}, r.Channels),
		Labels:   labelled("callSession", r.Session.text()),
	}
	if err := checkID(join(at, "recording_id"), id); err != nil {
		return rec, err
	}
	return rec, checkMediaURL(join(at, "recording_urls"), media)
}
