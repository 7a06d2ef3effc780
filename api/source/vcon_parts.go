package source

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

// vconPart is what becomes a recording: the sound of a dialog, or of several
// that share a transcript.
type vconPart struct {
	dialog int // the one it has its id from
	rec    events.Recording
	own    bool  // its transcript is of that dialog alone
	shared bool  // its transcript is of several
	text   []int // dialogs of type text that are in its transcript
	faulty error // why there is neither transcript nor media
}

// vconParts are the parts by dialog; dialogs that share a transcript have the same.
type vconParts []*vconPart

// recordings gives those of the sound, and one of the words of text. Ids go by
// the dialogs' places, whatever of them can be used, so that a delivery that was
// mended does not give the id of one dialog to another.
func (v vcon) recordings() (recs []events.Recording, faulty error) {
	said := v.transcripts()
	parts, vague := v.parts(said)
	plain := v.plain(parts)
	for i, p := range parts {
		if p == nil || p.dialog != i {
			continue
		}
		if i != plain {
			p.rec.ID = fmt.Sprintf("%s/%d", v.UUID, i)
		}
		if err := cmp.Or(p.faulty, checkID("uuid", p.rec.ID)); err != nil {
			faulty = cmp.Or(faulty, err)
			continue
		}
		recs = append(recs, p.rec)
	}
	faulty = cmp.Or(faulty, vague)
	rec, err := v.written(parts, said, plain < 0)
	if plain >= 0 {
		rec.ID += "/text"
	}
	faulty = cmp.Or(faulty, err)
	if len(rec.Transcript) == 0 {
		return recs, faulty
	}
	if err := checkID("uuid", rec.ID); err != nil {
		return recs, cmp.Or(faulty, err)
	}
	return append(recs, rec), faulty
}

// plain is the dialog whose id is the vCon's: the first of type recording, or
// else the first part; -1 where there is no sound.
func (v vcon) plain(parts vconParts) int {
	first := -1
	for i, p := range parts {
		switch {
		case v.Dialog[i].Type == vconSound:
			return i
		case p != nil && first < 0:
			first = i
		}
	}
	return first
}

// parts gives each dialog of sound its transcript or its media, and the
// transcripts of several to those that they are of.
func (v vcon) parts(said vconTranscripts) (parts vconParts, vague error) {
	parts = make(vconParts, len(v.Dialog))
	for i, d := range v.Dialog {
		own := said.own[i]
		if d.Type != vconSound && own == nil {
			continue
		}
		p := &vconPart{dialog: i, rec: v.call(d), own: own != nil}
		if p.rec.Transcript = own; !p.own {
			p.rec.MediaURL, p.rec.Inline, p.faulty = d.media(fmt.Sprintf("dialog[%d]", i))
		}
		parts[i] = p
	}
	for _, t := range said.several {
		v.share(parts, t, false)
	}
	if said.whole == nil {
		return parts, nil
	}
	whole := *said.whole
	for i, p := range parts {
		if p != nil {
			whole.sound = append(whole.sound, i)
		}
	}
	if len(whole.sound) > 0 && (!v.share(parts, whole, true) || len(whole.sound) > 1) {
		return parts, whole.vague
	}
	return parts, nil
}

// share makes one part of the dialogs of a transcript, unless each of them is
// heard better alone. Where one is not heard at all else, its words must not be
// lost: the transcript replaces what the others have, lest that is told twice.
// Only one of the whole can replace another that is shared.
func (v vcon) share(parts vconParts, t vconTranscript, whole bool) bool {
	var own, shared, missing bool
	var first *vconPart
	for _, i := range t.sound {
		p := parts[i]
		if p == nil {
			continue
		}
		own, shared, missing = own || p.own, shared || p.shared, missing || p.faulty != nil
		if first == nil || v.Dialog[first.dialog].Type != vconSound && v.Dialog[p.dialog].Type == vconSound {
			first = p
		}
	}
	better := own || shared || whole && t.vague != nil && len(t.sound) > 1
	if len(t.sound) == 0 || better && !missing || shared && !whole {
		return false
	}
	at := t.sound[0]
	if first != nil {
		at = first.dialog
	}
	p := &vconPart{dialog: at, rec: v.call(v.Dialog[at]), shared: true, text: t.text}
	p.rec.Transcript = t.said
	for _, i := range t.sound {
		parts[i] = p
	}
	return true
}

// written is the recording of what was said in text and is in no part. It has no
// transcript where there is nothing. Where the vCon has no sound, a transcript
// of the whole is of the text.
func (v vcon) written(parts vconParts, said vconTranscripts, alone bool) (rec events.Recording, faulty error) {
	left, count := v.textLeft(parts)
	rec = v.call(v.first())
	for i := range left {
		if left[i] {
			rec = v.call(v.Dialog[i])
			break
		}
	}
	switch {
	case alone && said.whole != nil:
		rec.Transcript = said.whole.said
		return rec, nil
	case count == 0:
		return rec, nil
	}
	var some []events.Utterance
	for _, t := range said.several {
		if len(t.sound) > 0 {
			continue
		}
		if named := t.among(left); named == count {
			rec.Transcript = t.said
			return rec, nil
		} else if named > 0 && some == nil {
			some = t.said
		}
	}
	if rec.Transcript, faulty = v.messages(left); len(rec.Transcript) == 0 {
		rec.Transcript = some
	}
	return rec, faulty
}

// textLeft marks the dialogs of type text whose words are in no part.
func (v vcon) textLeft(parts vconParts) (left []bool, count int) {
	left = make([]bool, len(v.Dialog))
	for i, d := range v.Dialog {
		left[i] = d.Type == vconText
	}
	for i, p := range parts {
		if p == nil || p.dialog != i {
			continue
		}
		for _, at := range p.text {
			left[at] = false
		}
	}
	for _, is := range left {
		if is {
			count++
		}
	}
	return left, count
}

// among counts the dialogs of text that it is of and that are left.
func (t vconTranscript) among(left []bool) int {
	n := 0
	for _, i := range t.text {
		if left[i] {
			n++
		}
	}
	return n
}

// messages are those of a conversation by text, of the dialogs that are left,
// and what one of them lacks. Their times count from the first.
func (v vcon) messages(left []bool) (said []events.Utterance, faulty error) {
	var start time.Time
	for i, d := range v.Dialog {
		if !left[i] {
			continue
		}
		text, err := d.message(fmt.Sprintf("dialog[%d]", i))
		faulty = cmp.Or(faulty, err)
		if text == "" {
			continue
		}
		if start.IsZero() {
			start = d.Start.time()
		}
		from, _ := v.ends(d)
		at := between(start, d.Start.time())
		said = appendSpoken(said, events.Utterance{
			Speaker: from.speaker(), Text: text, Start: at, End: min(at+d.Duration.seconds(1), maxSeconds),
		})
	}
	if len(said) > maxUtterances {
		return nil, unusable("dialog", fmt.Sprintf("holds more than %d messages", maxUtterances))
	}
	return said, faulty
}

// message is the text of a dialog; pictures and files in a conversation have none.
func (d vconDialog) message(at string) (string, error) {
	kind, _, _ := strings.Cut(string(d.MediaType), "/")
	text := d.content()
	switch {
	case d.MediaType != "" && kind != "text" && kind != "multipart" && kind != "message":
		return "", nil
	case d.MediaType != "" && !strings.HasPrefix(string(d.MediaType), contentTypeText):
		return "", unusable(at+".mediatype", "must be "+contentTypeText)
	case len(d.Body) == 0:
		return "", unusable(at+".body", "is required: text at a URL is not read")
	case text == nil:
		return "", unusable(at+".body", "must be base64url, as its encoding says")
	case d.Start.time().IsZero():
		return "", unusable(at+".start", "must be a time in RFC 3339")
	}
	return clean(string(text)), nil
}
