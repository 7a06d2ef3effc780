package source

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/trackerbell/trackerbell/events"
)

// vconTranscript is an analysis that is a transcript which can be read. One that
// names neither sound nor text is of the whole vCon.
type vconTranscript struct {
	said  []events.Utterance
	sound []int // the dialogs that it names: of type recording, or emptied by a redaction
	text  []int // those of type text
	vague error // of the whole: why that is not certain
}

// vconTranscripts are the transcripts of a vCon, by what they are of. Of several
// that are of the same dialog, or of the whole, the first one is taken.
type vconTranscripts struct {
	own     map[int][]events.Utterance // of one dialog's sound and nothing else
	several []vconTranscript           // of several dialogs, or of text
	whole   *vconTranscript
}

// transcripts reads the analyses, each at most once.
func (v vcon) transcripts() vconTranscripts {
	all := vconTranscripts{own: map[int][]events.Utterance{}}
	first := v.first()
	for i, a := range v.Analysis {
		if a.Type != takeTranscript {
			continue
		}
		t, known := v.names(a.Dialog)
		if !known {
			t.vague = vagueAnalysis(i)
		}
		if all.have(t) {
			continue
		}
		of := first
		if named := slices.Concat(t.sound, t.text); len(named) > 0 {
			of = v.Dialog[named[0]]
		}
		t.said = v.turns(a.content(), of, transcriptDepth)
		if len(t.said) > 0 && len(t.said) <= maxUtterances {
			all.add(t, vagueAnalysis(i))
		}
	}
	return all
}

func vagueAnalysis(i int) error {
	return unusable(fmt.Sprintf("analysis[%d].dialog", i), "does not tell which dialogs the transcript is of")
}

// names gives the dialogs that an analysis is of. It is not ok where that cannot
// be read, or where none of them can have been transcribed.
func (v vcon) names(raw json.RawMessage) (t vconTranscript, ok bool) {
	in, ok := indexList(raw)
	slices.Sort(in)
	for _, i := range slices.Compact(in) {
		if i < 0 || i >= len(v.Dialog) {
			return vconTranscript{}, false
		}
		switch v.Dialog[i].Type {
		case vconSound, "":
			t.sound = append(t.sound, i)
		case vconText:
			t.text = append(t.text, i)
		}
	}
	return t, ok && (len(in) == 0 || !t.ofWhole())
}

// indexList reads an index, a list of them, or nothing.
func indexList(raw json.RawMessage) (in []int, ok bool) {
	var one *int
	if len(raw) == 0 || json.Unmarshal(raw, &one) == nil {
		if one != nil {
			in = []int{*one}
		}
		return in, true
	}
	var list []*int // null is no index
	if json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	for _, i := range list {
		if i == nil {
			return nil, false
		}
		in = append(in, *i)
	}
	return in, true
}

func (t vconTranscript) ofWhole() bool { return len(t.sound)+len(t.text) == 0 }

func (t vconTranscript) ofOne() bool { return len(t.sound) == 1 && len(t.text) == 0 }

// have tells whether another transcript of the same would change nothing.
func (all vconTranscripts) have(t vconTranscript) bool {
	switch {
	case t.ofOne():
		return all.own[t.sound[0]] != nil
	case t.ofWhole():
		return all.whole != nil && all.whole.vague != nil
	}
	return false
}

// add keeps a transcript. Of two that are of the whole each may be of a part only.
func (all *vconTranscripts) add(t vconTranscript, vague error) {
	switch {
	case t.ofOne():
		all.own[t.sound[0]] = t.said
	case !t.ofWhole():
		all.several = append(all.several, t)
	case all.whole == nil:
		all.whole = &t
	default:
		all.whole.vague = cmp.Or(all.whole.vague, vague)
	}
}
