package source

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

// The vCon is the IETF's conversation container (draft-ietf-vcon-vcon-core-04,
// application/vcon+json, in its unsigned form). What of it says nothing of the
// call's parties, sound or words is not read.
type vcon struct {
	UUID       scalar          `json:"uuid"`
	Critical   json.RawMessage `json:"critical"`
	Subject    scalar          `json:"subject"`
	Parties    []vconParty     `json:"parties"`
	Dialog     []vconDialog    `json:"dialog"`
	Analysis   []vconContent   `json:"analysis"`
	Payload    scalar          `json:"payload"`    // of a signed vCon
	Ciphertext scalar          `json:"ciphertext"` // of an encrypted one
}

type vconParty struct {
	Tel    scalar `json:"tel"`
	SIP    scalar `json:"sip"`
	Mailto scalar `json:"mailto"`
	Name   scalar `json:"name"`
	Role   scalar `json:"role"` // of the contact centre extension
}

// vconContent is what dialogs and analyses have in common: inline in body, or
// at a URL.
type vconContent struct {
	Type      scalar          `json:"type"`
	MediaType scalar          `json:"mediatype"`
	Body      json.RawMessage `json:"body"`
	Encoding  scalar          `json:"encoding"` // base64url, json or none
	URL       scalar          `json:"url"`
}

type vconDialog struct {
	vconContent
	Start      scalar          `json:"start"`
	Duration   scalar          `json:"duration"` // seconds
	Parties    json.RawMessage `json:"parties"`  // an index, or a list of them
	Originator scalar          `json:"originator"`
}

// vconRecordings reads a vCon. A transcript in it is worth more than its sound,
// which would have to be transcribed again; conversations by text are their own
// transcript.
func vconRecordings(data []byte) ([]events.Recording, error) {
	v, err := decodeJSON[vcon](data, "")
	switch {
	case err != nil:
		return nil, err
	case v.Payload != "" && v.UUID == "":
		return nil, unusable("payload", "a signed vCon is not read: send its unsigned form")
	case v.Ciphertext != "" && v.UUID == "":
		return nil, unusable("ciphertext", "an encrypted vCon is not read: send its unsigned form")
	case v.demands():
		return nil, unusable("critical", "names extensions without which the vCon must not be read, and none is known here")
	}
	if err := checkID("uuid", string(v.UUID)); err != nil {
		return nil, err
	}
	if said := v.transcript(); len(said) > 0 {
		rec := v.call(v.first())
		rec.Transcript = said
		return []events.Recording{rec}, nil
	}
	var recs []events.Recording
	for i, d := range v.Dialog {
		if d.Type != "recording" {
			continue
		}
		rec := v.call(d)
		if len(recs) > 0 { // a conversation in several recordings, such as a transferred call
			rec.ID = fmt.Sprintf("%s/%d", v.UUID, i)
		}
		if rec.MediaURL, rec.Inline, err = d.media(fmt.Sprintf("dialog[%d]", i)); err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	}
	if len(recs) == 0 && len(v.Dialog) == 0 {
		return nil, unusable("dialog", "must hold a recording or text, where analysis has no transcript")
	}
	return recs, nil
}

// demands tells whether the vCon forbids to be read by those who do not know
// certain extensions.
func (v vcon) demands() bool {
	var names []json.RawMessage
	return len(v.Critical) > 0 && (json.Unmarshal(v.Critical, &names) != nil || len(names) > 0)
}

// first is the dialog that tells when the call was and who was in it.
func (v vcon) first() vconDialog {
	for _, d := range v.Dialog {
		if d.Type == "recording" || d.Type == "text" {
			return d
		}
	}
	return vconDialog{}
}

// call is what is known of the call of a dialog. Whoever is not its originator
// was called.
func (v vcon) call(d vconDialog) events.Recording {
	from, to := v.ends(d)
	rec := events.Recording{
		Provider: genericName, ID: string(v.UUID), From: from.address(), To: to.address(),
		StartedAt: d.Start.time(), Seconds: d.Duration.seconds(1), Labels: labelled("subject", v.Subject.text()),
	}
	switch {
	case to.Role == "agent":
		rec.Direction, rec.Agent = directionIn, to.Name.text()
	case from.Role == "agent":
		rec.Direction, rec.Agent = directionOut, from.Name.text()
	}
	return rec
}

// ends gives the originator of a dialog and the first other party of it.
func (v vcon) ends(d vconDialog) (from, to vconParty) {
	in := d.indices()
	if len(in) == 0 {
		in = []int{0, 1}
	}
	origin := in[0]
	if i, err := strconv.Atoi(string(d.Originator)); err == nil {
		origin = i
	}
	for _, i := range in {
		if i != origin {
			return v.party(origin), v.party(i)
		}
	}
	return v.party(origin), vconParty{}
}

func (v vcon) party(i int) vconParty {
	if i < 0 || i >= len(v.Parties) {
		return vconParty{}
	}
	return v.Parties[i]
}

// indices are the parties of a dialog, flattened: each channel may have several.
func (d vconDialog) indices() []int { return partyIndices(nil, d.Parties, 2) }

// onChannel is the party of a channel: a dialog lists them in that order, with
// null for a channel that nobody is on. Of several it is not told which one spoke.
func (d vconDialog) onChannel(i int) (party int, ok bool) {
	var channels []json.RawMessage
	if json.Unmarshal(d.Parties, &channels) != nil || i >= len(channels) {
		return 0, false
	}
	in := partyIndices(nil, channels[i], 1)
	if len(in) != 1 {
		return 0, false
	}
	return in[0], true
}

// partyIndices adds the indices in raw to all. It goes no deeper than depth, or
// nested brackets would cost their square.
func partyIndices(all []int, raw json.RawMessage, depth int) []int {
	var index *int
	var list []json.RawMessage
	switch {
	case len(raw) == 0 || len(all) >= maxLabels:
	case json.Unmarshal(raw, &index) == nil:
		if index != nil { // null
			all = append(all, *index)
		}
	case depth > 0 && json.Unmarshal(raw, &list) == nil:
		for _, inner := range list {
			all = partyIndices(all, inner, depth-1)
		}
	}
	return all
}

// address is a number in E.164, or what else the party can be reached at.
func (p vconParty) address() string {
	for _, s := range []scalar{scalar(strings.TrimPrefix(string(p.Tel), "tel:")), p.SIP, p.Mailto, p.Name} {
		if s != "" {
			return s.phone()
		}
	}
	return ""
}

// speaker is how a party is called in a transcript.
func (p vconParty) speaker() string {
	if p.Name != "" {
		return p.Name.text()
	}
	return p.address()
}

// media is a recording's URL or its bytes.
func (d vconDialog) media(at string) (address string, inline []byte, err error) {
	if d.URL != "" {
		return string(d.URL), nil, checkMediaURL(at+".url", string(d.URL))
	}
	inline = d.content()
	switch {
	case len(d.Body) == 0:
		return "", nil, unusable(at+".url", "is required, or body in its place")
	case d.Encoding != "base64url" || len(inline) == 0:
		return "", nil, unusable(at+".body", "must be base64url, and encoding say so")
	}
	return "", inline, nil
}

// content is what stands inline; empty where it cannot be read.
func (c vconContent) content() []byte {
	var text string
	if json.Unmarshal(c.Body, &text) != nil {
		return c.Body // JSON that was not put into a string
	}
	if c.Encoding != "base64url" {
		return []byte(text)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return raw
}

// textDialogs are the messages of a conversation by text. Their times count
// from the first.
func (v vcon) textDialogs() []events.Utterance {
	var start time.Time
	var said []events.Utterance
	for _, d := range v.Dialog {
		if d.Type != "text" || d.Start.time().IsZero() || d.MediaType != "" && !strings.HasPrefix(string(d.MediaType), contentTypeText) {
			continue
		}
		if start.IsZero() {
			start = d.Start.time()
		}
		from, _ := v.ends(d)
		at := between(start, d.Start.time())
		said = appendSpoken(said, events.Utterance{
			Speaker: from.speaker(), Text: clean(string(d.content())), Start: at, End: min(at+d.Duration.seconds(1), maxSeconds),
		})
	}
	return said
}
