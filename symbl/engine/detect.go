package engine

import (
	"context"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// entryType is the only type of a match that Symbl knows.
const entryType = "vocabulary"

// detect finds the trackers in messages. The set must be compiled from the
// trackers. Trackers and vocabulary entries without a hit are left out.
func detect(ctx context.Context, set *match.Set, trackers []symbl.Tracker, messages []symbl.Message) ([]symbl.TrackerResult, error) {
	type place struct{ tracker, phrase int }
	found := map[place][]symbl.MessageRef{}
	for _, m := range messages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, h := range set.Match(m.Text) {
			p := place{h.Tracker, h.Phrase}
			found[p] = append(found[p], symbl.MessageRef{ID: m.ID, Text: m.Text, Offset: h.Offset, Score: h.Score, Words: h.Words})
		}
	}
	results := []symbl.TrackerResult{}
	for i, t := range trackers {
		var matches []symbl.Match
		for j, phrase := range t.Vocabulary {
			if refs := found[place{i, j}]; refs != nil {
				matches = append(matches, symbl.Match{Type: entryType, Value: phrase, MessageRefs: refs, InsightRefs: []symbl.InsightRef{}})
			}
		}
		if matches != nil {
			results = append(results, symbl.TrackerResult{ID: t.ID, Name: t.Name, Matches: matches})
		}
	}
	return results, nil
}
