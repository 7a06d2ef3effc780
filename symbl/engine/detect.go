package engine

import (
	"context"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// entryType is the only type of a match that Symbl knows.
const entryType = "vocabulary"

// place is a vocabulary entry of a tracker, by their positions.
type place struct{ tracker, phrase int }

// detect finds the questions and the trackers in a job's messages. The set must
// be compiled from the trackers. Trackers and vocabulary entries without a hit
// are left out.
func (e *Engine) detect(ctx context.Context, in input, messages []symbl.Message, set *match.Set, trackers []symbl.Tracker) (part, error) {
	out := part{Messages: messages}
	found := map[place]*symbl.Match{}
	for _, m := range messages {
		if err := ctx.Err(); err != nil {
			return part{}, err
		}
		questions := e.asker.ask(in.Language, m, in.ConfidenceThreshold)
		out.Questions = append(out.Questions, questions...)
		hits := set.Match(m.Text)
		if len(hits) == 0 {
			continue
		}
		asked := insights(set, questions)
		for _, h := range hits {
			p := place{h.Tracker, h.Phrase}
			if found[p] == nil {
				found[p] = &symbl.Match{Type: entryType, Value: trackers[p.tracker].Vocabulary[p.phrase], InsightRefs: []symbl.InsightRef{}}
			}
			found[p].MessageRefs = append(found[p].MessageRefs,
				symbl.MessageRef{ID: m.ID, Text: m.Text, Offset: h.Offset, Score: h.Score, Words: h.Words})
			found[p].InsightRefs = append(found[p].InsightRefs, asked[p]...)
		}
	}
	out.Results = inOrder(trackers, found)
	return out, nil
}

// inOrder gives the matches in the order of the trackers and their
// vocabularies.
func inOrder(trackers []symbl.Tracker, found map[place]*symbl.Match) []symbl.TrackerResult {
	results := []symbl.TrackerResult{}
	for i, t := range trackers {
		var matches []symbl.Match
		for j := range t.Vocabulary {
			if m := found[place{i, j}]; m != nil {
				matches = append(matches, *m)
			}
		}
		if matches != nil {
			results = append(results, symbl.TrackerResult{ID: t.ID, Name: t.Name, Matches: matches})
		}
	}
	return results
}
