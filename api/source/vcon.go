package source

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

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
	Analysis   []vconAnalysis  `json:"analysis"`
	Payload    scalar          `json:"payload"`    // of a signed vCon
	Ciphertext scalar          `json:"ciphertext"` // of an encrypted one
}

type vconParty struct {
	Tel    scalar `json:"tel"`
	SIP    scalar `json:"sip"`
	Mailto scalar `json:"mailto"`
	Name   scalar `json:"name"`
	Role   scalar `json:"role"` // of the contact centre extension

	address string // a number in E.164, or what else it can be reached at
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

	channels []int // the party on each channel; -1 where that is not told
}

// vconAnalysis is what somebody made of dialogs.
type vconAnalysis struct {
	vconContent
	Dialog json.RawMessage `json:"dialog"` // an index, or a list of them
}

const (
	vconSound = "recording"
	vconText  = "text"
)

// vconRecordings reads a vCon. A transcript in it is worth more than its sound,
// which would have to be transcribed again; conversations by text are their own
// transcript. What of it cannot be used does not keep the rest out: see several.
func vconRecordings(data []byte) (recs []events.Recording, faulty error) {
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
	v.tidy()
	recs, faulty = v.recordings()
	if len(recs) == 0 && len(v.Dialog) == 0 {
		return nil, unusable("dialog", "must hold a recording or text, where analysis has no transcript")
	}
	return recs, faulty
}

// tidy reads once what many dialogs and utterances may refer to: to read it for
// each of them would cost a square.
func (v *vcon) tidy() {
	v.Subject = scalar(v.Subject.text())
	for i := range v.Parties {
		p := &v.Parties[i]
		for _, s := range []scalar{scalar(strings.TrimPrefix(string(p.Tel), "tel:")), p.SIP, p.Mailto, p.Name} {
			if s != "" {
				p.address = s.phone()
				break
			}
		}
		p.Name = scalar(p.Name.text())
	}
	for i := range v.Dialog {
		v.Dialog[i].channels = channelParties(v.Dialog[i].Parties)
	}
}

// demands tells whether the vCon forbids to be read by those who do not know
// certain extensions.
func (v vcon) demands() bool {
	var names []json.RawMessage
	return len(v.Critical) > 0 && (json.Unmarshal(v.Critical, &names) != nil || len(names) > 0)
}

// first is the dialog that tells when the call was and who was in it.
func (v vcon) first() vconDialog {
	for _, kind := range []scalar{vconSound, vconText} {
		for _, d := range v.Dialog {
			if d.Type == kind {
				return d
			}
		}
	}
	return vconDialog{}
}

// call is what is known of the call of a dialog. Whoever is not its originator
// was called.
func (v vcon) call(d vconDialog) events.Recording {
	from, to := v.ends(d)
	rec := events.Recording{
		Provider: genericName, ID: string(v.UUID), From: from.address, To: to.address,
		StartedAt: d.Start.time(), Seconds: d.Duration.seconds(1), Labels: labelled("subject", string(v.Subject)),
	}
	switch {
	case to.Role == "agent":
		rec.Direction, rec.Agent = directionIn, string(to.Name)
	case from.Role == "agent":
		rec.Direction, rec.Agent = directionOut, string(from.Name)
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

// onChannel is the party of a channel, where that is told.
func (d vconDialog) onChannel(i int) (party int, ok bool) {
	if i >= len(d.channels) || d.channels[i] < 0 {
		return 0, false
	}
	return d.channels[i], true
}

// channelParties reads who is on which channel: a dialog lists them in that
// order, with null for a channel that nobody is on. Of several it is not told
// which one spoke.
func channelParties(raw json.RawMessage) []int {
	var listed []json.RawMessage
	if json.Unmarshal(raw, &listed) != nil {
		return nil
	}
	var channels []int
	for _, channel := range listed[:min(len(listed), maxLabels)] {
		party := -1
		if in := partyIndices(nil, channel, 1); len(in) == 1 {
			party = in[0]
		}
		channels = append(channels, party)
	}
	return channels
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

// speaker is how a party is called in a transcript.
func (p vconParty) speaker() string { return cmp.Or(string(p.Name), p.address) }

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
