package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

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
			at := found[p]
			if at == nil {
				at = &symbl.Match{Type: entryType, Value: trackers[p.tracker].Vocabulary[p.phrase], InsightRefs: []symbl.InsightRef{}}
				found[p] = at
			}
			at.MessageRefs = append(at.MessageRefs, symbl.MessageRef{ID: m.ID, Text: m.Text, Offset: h.Offset, Score: h.Score, Words: h.Words})
			at.InsightRefs = append(at.InsightRefs, asked[p]...)
		}
	}
	out.Results = inOrder(trackers, found)
	return out, nil
}

// inOrder gives the matches in the order of the trackers and their
// vocabularies.
func inOrder(trackers []symbl.Tracker, found map[place]*symbl.Match) []symbl.TrackerResult {
	places := slices.SortedFunc(maps.Keys(found), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.tracker, b.tracker), cmp.Compare(a.phrase, b.phrase))
	})
	results := []symbl.TrackerResult{}
	for i, p := range places {
		if i == 0 || places[i-1].tracker != p.tracker {
			results = append(results, symbl.TrackerResult{ID: trackers[p.tracker].ID, Name: trackers[p.tracker].Name})
		}
		last := &results[len(results)-1]
		last.Matches = append(last.Matches, *found[p])
	}
	return results
}
