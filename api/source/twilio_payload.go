package source

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const statusCompleted = "completed"

// Normalise reads a recording status callback, a form or the same fields in
// JSON. Only a completed recording is one; the action callback of <Record>
// comes before the file is there and carries no status.
func (t *twilio) Normalise(r Request) (Delivery, error) {
	fields, err := twilioFields(r)
	if err != nil {
		return Delivery{}, err
	}
	switch status := fields.Get("RecordingStatus"); status {
	case statusCompleted:
	case "in-progress", "absent", "failed":
		return Delivery{Ignored: "status " + status}, nil
	case "":
		if fields.Get("CallSid") == "" && fields.Get("RecordingUrl") == "" {
			return Delivery{}, unusable("RecordingStatus", "is required")
		}
		return Delivery{Ignored: "not a recording status callback"}, nil
	default:
		return Delivery{Ignored: "the recording's status is not completed"}, nil
	}
	rec, err := t.recording(fields)
	if err != nil {
		return Delivery{}, err
	}
	return Delivery{Recordings: []events.Recording{rec}}, nil
}

// twilioFields reads the parameters. Of a repeated one the first counts, as in
// the signature.
func twilioFields(r Request) (url.Values, error) {
	switch contentType(r.Header) {
	case contentTypeForm:
		form, err := r.form()
		if err != nil {
			return nil, unparsable("the body is not a form")
		}
		return form, nil
	case contentTypeJSON:
		return twilioJSON(r.Body)
	}
	return nil, unsupported(contentTypeForm + " or " + contentTypeJSON)
}

// twilioJSON takes the scalars; nested values hold nothing of a recording.
func twilioJSON(body []byte) (url.Values, error) {
	values, err := decodeJSON[map[string]json.RawMessage](body, "")
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	for name, raw := range values {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			form.Set(name, text)
			continue
		}
		var number json.Number
		if json.Unmarshal(raw, &number) == nil {
			form.Set(name, number.String())
		}
	}
	return form, nil
}

func (t *twilio) recording(f url.Values) (events.Recording, error) {
	rec := events.Recording{
		Provider:  t.name,
		ID:        f.Get("RecordingSid"),
		From:      twilioParty(either(f, "From", "Caller")),
		To:        twilioParty(either(f, "To", "Called")),
		Direction: twilioDirection(f.Get("Direction")),
		StartedAt: twilioTime(f.Get("RecordingStartTime")),
		Seconds:   twilioSeconds(f.Get("RecordingDuration")),
		Channels:  twilioChannels(f.Get("RecordingChannels")),
	}
	if err := checkID("RecordingSid", rec.ID); err != nil {
		return rec, err
	}
	if strings.Contains(rec.ID, "Recording") {
		// Names and values are signed without anything between them: it has taken in
		// those that follow, and would make one recording another.
		return rec, unusable("RecordingSid", "is not an id")
	}
	if err := checkMediaURL("RecordingUrl", f.Get("RecordingUrl")); err != nil {
		return rec, err
	}
	rec.MediaURL = t.media(f.Get("RecordingUrl"), rec.Channels)
	if call := short(f.Get("CallSid"), maxNameBytes); call != "" {
		rec.Labels = map[string]string{"callSid": call}
	}
	return rec, nil
}

// media asks for WAV, and Twilio for both channels where there are two: of a
// mono recording that request fails (error 16113). A URL on any other host is
// the customer's own and stands.
func (t *twilio) media(raw string, channels int) string {
	u, err := url.Parse(raw)
	if err != nil || !t.own(u) {
		return raw
	}
	if path.Ext(u.Path) == "" {
		u.Path += ".wav"
		u.RawPath = ""
	}
	if query := u.Query(); t.name == twilioName && channels == 2 && !query.Has("RequestedChannels") {
		query.Set("RequestedChannels", "2")
		u.RawQuery = query.Encode()
	}
	return u.String()
}

// The secondary fields are left out where they are odd: the recording is worth
// more than its duration.

// twilioParty is a side of the call. As a rule it is in E.164 already, and to
// have that confirmed would take a tenth of a webhook's time.
func twilioParty(s string) string {
	digits, found := strings.CutPrefix(s, "+")
	if found && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" {
		return s
	}
	return phone(s)
}

func either(f url.Values, first, second string) string {
	if value := f.Get(first); value != "" {
		return value
	}
	return f.Get(second)
}

// twilioDirection reads inbound, outbound-api and outbound-dial.
func twilioDirection(s string) string {
	for _, direction := range []string{directionIn, directionOut} {
		if s == direction || strings.HasPrefix(s, direction+"-") {
			return direction
		}
	}
	return ""
}

func twilioTime(s string) time.Time {
	at, err := time.Parse(time.RFC1123Z, s)
	if err != nil || at.UTC().Year() < 1970 {
		return time.Time{}
	}
	return at.UTC()
}

func twilioSeconds(s string) float64 {
	seconds, err := strconv.ParseUint(s, 10, 31)
	if err != nil || seconds > maxSeconds {
		return 0
	}
	return float64(seconds)
}

func twilioChannels(s string) int {
	return 1 + slices.Index([]string{"1", "2"}, s)
}
