package source

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/trackerbell/trackerbell/events"
)

// vconSaid is one turn in the forms that transcripts are seen in. The draft
// leaves them to vendors.
type vconSaid struct {
	Speaker    scalar `json:"speaker"`
	Party      scalar `json:"party"`
	Text       scalar `json:"text"`
	Transcript scalar `json:"transcript"`
	Message    scalar `json:"message"`
	Start      scalar `json:"start"`
	StartTime  scalar `json:"start_time"`
	End        scalar `json:"end"`
	EndTime    scalar `json:"end_time"`
}

// vconTurns is a transcript as an object: lists of turns under the names that
// are in use, or one text.
type vconTurns struct {
	Segments   maybe[[]vconSaid]  `json:"segments"`
	Utterances maybe[[]vconSaid]  `json:"utterances"`
	Results    maybe[vconResults] `json:"results"`
	Transcript json.RawMessage    `json:"transcript"`
	Text       scalar             `json:"text"`
}

// transcriptDepth is how often a transcript may stand inside a transcript.
const transcriptDepth = 3

// turns reads a transcript of a dialog: our own forms, lists and objects of
// turns, or text.
func (v vcon) turns(raw []byte, of vconDialog, depth int) []events.Utterance {
	if said, err := ParseTranscript(raw); err == nil {
		return said
	}
	var list []vconSaid
	if json.Unmarshal(raw, &list) == nil {
		return v.utterances(list)
	}
	var object vconTurns
	if json.Unmarshal(raw, &object) != nil {
		if trimmed := strings.TrimSpace(string(raw)); trimmed == "" || trimmed[0] == '[' || trimmed[0] == '{' {
			return nil
		}
		return appendSpoken(nil, events.Utterance{Text: clean(string(raw))})
	}
	for _, turns := range [][]vconSaid{object.Segments.is, object.Utterances.is} {
		if said := v.utterances(turns); len(said) > 0 {
			return said
		}
	}
	if said := v.heard(object.Results.is, of); len(said) > 0 {
		return said
	}
	if object.Transcript != nil && depth > 0 {
		var text scalar
		if text.UnmarshalJSON(object.Transcript) == nil && text != "" {
			return v.turns([]byte(text), of, depth-1)
		}
		return v.turns(object.Transcript, of, depth-1)
	}
	return appendSpoken(nil, events.Utterance{Text: clean(string(object.Text))})
}

func (v vcon) utterances(list []vconSaid) []events.Utterance {
	var said []events.Utterance
	for _, s := range list {
		start := firstOf(s.Start, s.StartTime).seconds(1)
		said = appendSpoken(said, events.Utterance{
			Speaker: v.speaker(firstOf(s.Speaker, s.Party)), Text: clean(string(firstOf(s.Text, s.Transcript, s.Message))),
			Start: start, End: max(start, firstOf(s.End, s.EndTime).seconds(1)),
		})
	}
	return said
}

// speaker is a name, or that of the party whose index stands for it.
func (v vcon) speaker(s scalar) string {
	if i, err := strconv.Atoi(string(s)); err == nil {
		if name := v.party(i).speaker(); name != "" {
			return name
		}
	}
	return s.text()
}

func firstOf(all ...scalar) scalar {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
