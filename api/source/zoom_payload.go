package source

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	zoomMeeting    = "recording.completed"
	zoomTranscript = "recording.transcript_completed"
	zoomPhone      = "phone.recording_completed"
	zoomValidation = "endpoint.url_validation"
	maxPlainToken  = 256
)

type zoomEvent struct {
	Event         string `json:"event"`
	DownloadToken scalar `json:"download_token"`
	Payload       struct {
		AccountID  scalar          `json:"account_id"`
		PlainToken scalar          `json:"plainToken"`
		Object     json.RawMessage `json:"object"`
	} `json:"payload"`
}

type zoomMeetingObject struct {
	UUID      scalar     `json:"uuid"`
	HostEmail scalar     `json:"host_email"`
	Topic     scalar     `json:"topic"`
	StartTime scalar     `json:"start_time"`
	Files     []zoomFile `json:"recording_files"`
}

type zoomFile struct {
	ID          scalar `json:"id"`
	Start       scalar `json:"recording_start"`
	End         scalar `json:"recording_end"`
	FileType    scalar `json:"file_type"`
	DownloadURL scalar `json:"download_url"`
	Status      scalar `json:"status"`
	Type        scalar `json:"recording_type"`
	Token       scalar `json:"download_access_token"` // in answers of the API only
}

// Normalise reads an event. A meeting that was paused has several recordings,
// told apart by their start; so has an event of Zoom Phone.
func (z *zoom) Normalise(r Request) (Delivery, error) {
	if contentType(r.Header) != contentTypeJSON {
		return Delivery{}, unsupported(contentTypeJSON)
	}
	e, err := decodeJSON[zoomEvent](r.Body, "")
	if err != nil {
		return Delivery{}, err
	}
	var recs []events.Recording
	switch {
	case e.Event == "":
		return Delivery{}, unusable("event", "is required")
	case e.Event == zoomValidation:
		return z.validate(r, string(e.Payload.PlainToken))
	case e.Event == zoomPhone:
		recs, err = e.phone()
	case e.Event == zoomMeeting && z.take == takeTranscript, e.Event == zoomTranscript && z.take == takeAudio:
		return ignored("the source takes the other of recording and transcript")
	case e.Event == zoomMeeting, e.Event == zoomTranscript:
		recs, err = e.meeting()
	default:
		return ignored(eventName(e.Event, "recording.started", "recording.stopped", "phone.recording_started",
			"phone.recording_failed", "phone.recording_completed_for_access_member"))
	}
	return several(recs, err, acceptedByZoom, "no finished recording among the files")
}

// validate answers Zoom's challenge. It is asked only after the signature was
// verified, or it would sign whatever strangers send.
func (z *zoom) validate(r Request, plain string) (Delivery, error) {
	if plain == "" || len(plain) > maxPlainToken {
		return Delivery{}, unusable("payload.plainToken", "must have 1 to 256 bytes")
	}
	secret, err := z.signer(r)
	if err != nil {
		return ignored("the source has no secret to answer with")
	}
	return Delivery{Reply: &Reply{Body: map[string]string{"plainToken": plain, "encryptedToken": hexHMAC(secret, plain)}}}, nil
}

// meeting gives a recording for each start: its sound alone where there is such
// a file, else its video; or its transcript.
func (e zoomEvent) meeting() (recs []events.Recording, faulty error) {
	const at = "payload.object"
	m, err := decodeJSON[zoomMeetingObject](orNull(e.Payload.Object), at)
	switch {
	case err != nil:
		return nil, err
	case m.Files == nil:
		return nil, unusable(at+".recording_files", "is required")
	}
	if err := checkID(at+".uuid", string(m.UUID)); err != nil {
		return nil, err
	}
	best := map[string]int{} // index in recs, by start
	rank := map[string]int{}
	for i, f := range m.Files {
		worth := f.worth(e.Event == zoomTranscript)
		if worth == 0 {
			continue
		}
		rec, err := e.file(m, f, fmt.Sprintf("%s.recording_files[%d]", at, i))
		if err != nil {
			faulty = cmp.Or(faulty, err)
			continue
		}
		known, seen := best[rec.ID]
		switch {
		case !seen:
			best[rec.ID], rank[rec.ID] = len(recs), worth
			recs = append(recs, rec)
		case worth > rank[rec.ID]:
			recs[known], rank[rec.ID] = rec, worth
		}
	}
	return recs, faulty
}

// worth ranks the files that hold what was said; 0 for any other.
func (f zoomFile) worth(transcript bool) int {
	switch {
	case f.Status != "" && f.Status != statusCompleted:
		return 0
	case transcript && f.FileType == "TRANSCRIPT":
		return 1
	case transcript:
		return 0
	case f.Type == "audio_only":
		return 3
	case f.FileType == "M4A":
		return 2
	case f.FileType == "MP4":
		return 1
	}
	return 0
}

func (e zoomEvent) file(m zoomMeetingObject, f zoomFile, at string) (events.Recording, error) {
	start := f.Start
	if start == "" {
		start = m.StartTime
	}
	rec := events.Recording{
		Provider: zoomName, ID: string(m.UUID) + "/" + string(start), MediaURL: string(f.DownloadURL),
		MediaText: e.Event == zoomTranscript, MediaToken: string(e.DownloadToken),
		MediaRef: string(e.Payload.AccountID) + "/" + string(f.ID),
		Agent:    m.HostEmail.text(), StartedAt: start.time(), Seconds: between(start.time(), f.End.time()),
		Labels: labelled("topic", m.Topic.text()),
	}
	if rec.StartedAt.IsZero() {
		return rec, unusable(at+".recording_start", "must be a time in RFC 3339")
	}
	// The same moment may be written in two ways.
	rec.ID = string(m.UUID) + "/" + rec.StartedAt.Format(time.RFC3339Nano)
	if err := checkID(at+".recording_start", rec.ID); err != nil {
		return rec, err
	}
	return rec, checkMediaURL(at+".download_url", rec.MediaURL)
}

type zoomPhoneObject struct {
	Recordings []struct {
		ID          scalar `json:"id"`
		Caller      scalar `json:"caller_number"`
		Callee      scalar `json:"callee_number"`
		Direction   scalar `json:"direction"`
		Duration    scalar `json:"duration"` // seconds
		DownloadURL scalar `json:"download_url"`
		DateTime    scalar `json:"date_time"`
		CallID      scalar `json:"call_id"`
		Owner       named  `json:"owner"`
	} `json:"recordings"`
}

func (e zoomEvent) phone() (recs []events.Recording, faulty error) {
	const at = "payload.object"
	o, err := decodeJSON[zoomPhoneObject](orNull(e.Payload.Object), at)
	switch {
	case err != nil:
		return nil, err
	case len(o.Recordings) == 0:
		return nil, unusable(at+".recordings", "is required")
	}
	for i, r := range o.Recordings {
		here := fmt.Sprintf("%s.recordings[%d]", at, i)
		if err := cmp.Or(checkID(here+".id", string(r.ID)), checkMediaURL(here+".download_url", string(r.DownloadURL))); err != nil {
			faulty = cmp.Or(faulty, err)
			continue
		}
		recs = append(recs, events.Recording{
			Provider: zoomName, ID: string(r.ID), MediaURL: string(r.DownloadURL), MediaToken: string(e.DownloadToken),
			MediaRef: string(e.Payload.AccountID) + "/", From: r.Caller.phone(), To: r.Callee.phone(),
			Direction: r.Direction.direction(), Agent: r.Owner.is.Name.text(), StartedAt: r.DateTime.time(),
			Seconds: r.Duration.seconds(1), Labels: labelled("callId", r.CallID.text()),
		})
	}
	return recs, faulty
}

// orNull makes JSON of what is absent.
func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}
