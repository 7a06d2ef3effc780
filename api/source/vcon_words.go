package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/events"
)

// vconResults is a transcript word by word, as in the draft's example of an
// analysis, which is Deepgram's (developers.deepgram.com, "Pre-recorded audio").
type vconResults struct {
	Channels []struct {
		Alternatives []struct {
			Transcript scalar     `json:"transcript"`
			Words      []vconWord `json:"words"`
		} `json:"alternatives"` // the best first
	} `json:"channels"`
	Utterances maybe[[]vconSaid] `json:"utterances"`
}

type vconWord struct {
	Word    scalar `json:"word"`
	Written scalar `json:"punctuated_word"`
	Start   scalar `json:"start"`
	End     scalar `json:"end"`
	Speaker scalar `json:"speaker"` // told apart by voice, which says nothing of the parties
}

// heard gives the sentences of all channels in their order. Who speaks where
// there are several channels is told by the dialog's parties.
func (v vcon) heard(r vconResults, of vconDialog) []events.Utterance {
	if said := v.utterances(r.Utterances.is); len(said) > 0 {
		return said
	}
	var said []events.Utterance
	for i, channel := range r.Channels {
		if len(channel.Alternatives) == 0 {
			continue
		}
		speaker := ""
		if party, ok := of.onChannel(i); ok && len(r.Channels) > 1 {
			speaker = v.party(party).speaker()
		}
		best := channel.Alternatives[0]
		sentences := spokenWords(best.Words, speaker)
		if len(sentences) == 0 {
			sentences = appendSpoken(nil, events.Utterance{Speaker: speaker, Text: clean(string(best.Transcript))})
		}
		said = append(said, sentences...)
	}
	slices.SortStableFunc(said, func(a, b events.Utterance) int { return cmp.Compare(a.Start, b.Start) })
	return said
}

// spokenWords joins words into sentences, which end with a mark or where
// another voice begins.
func spokenWords(words []vconWord, speaker string) []events.Utterance {
	var said []events.Utterance
	var text []string
	for i, w := range words {
		text = append(text, clean(string(firstOf(w.Written, w.Word))))
		last := i+1 == len(words)
		if !last && words[i+1].Speaker == w.Speaker && !endsSentence(text[len(text)-1]) {
			continue
		}
		start := words[i+1-len(text)].Start.seconds(1)
		u := events.Utterance{Speaker: speaker, Text: strings.Join(text, " "), Start: start, End: max(start, w.End.seconds(1))}
		if speaker == "" && w.Speaker != "" {
			u.Speaker = short(fmt.Sprintf("Speaker %s", w.Speaker), maxNameBytes)
		}
		said = appendSpoken(said, u)
		text = nil
	}
	return said
}

func endsSentence(word string) bool {
	return strings.HasSuffix(word, ".") || strings.HasSuffix(word, "?") || strings.HasSuffix(word, "!")
}
