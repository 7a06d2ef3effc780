package engine

import (
	"cmp"
	"context"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

const (
	// entryType is the only type of a match that Symbl knows.
	entryType = "vocabulary"
	// readTogether is how many messages a core reads, one after the other.
	readTogether = 64
)

// place is a vocabulary entry of a tracker, by their positions.
type place struct{ tracker, phrase int }

// detect finds the questions and the trackers in a job's messages. The set must
// be compiled from the trackers. Trackers and vocabulary entries without a hit
// are left out.
func (e *Engine) detect(ctx context.Context, in input, messages []symbl.Message, set *match.Set, trackers []symbl.Tracker) (part, error) {
	out := part{Messages: messages}
	read, err := e.readAll(ctx, in, messages, set)
	if err != nil {
		return part{}, err
	}
	found := map[place]*symbl.Match{}
	for i, m := range messages {
		out.Questions = append(out.Questions, read[i].questions...)
		if len(read[i].hits) == 0 {
			continue
		}
		for _, h := range read[i].hits {
			p := place{h.Tracker, h.Phrase}
			at := found[p]
			if at == nil {
				at = &symbl.Match{Type: entryType, Value: trackers[p.tracker].Vocabulary[p.phrase], InsightRefs: []symbl.InsightRef{}}
				found[p] = at
			}
			at.MessageRefs = append(at.MessageRefs, symbl.MessageRef{ID: m.ID, Text: m.Text, Offset: h.Offset, Score: h.Score, Words: h.Words})
			at.InsightRefs = append(at.InsightRefs, read[i].asked[p]...)
		}
	}
	out.Results = inOrder(trackers, found)
	return out, nil
}

// reading is what was found in a message.
type reading struct {
	questions []question
	hits      []match.Hit
	asked     map[place][]symbl.InsightRef // what was found in the questions
}

// readAll reads the messages, on all cores: a call is waited for. It gives
// errTooLarge as soon as more was found than a conversation may hold.
func (e *Engine) readAll(ctx context.Context, in input, messages []symbl.Message, set *match.Set) ([]reading, error) {
	read := make([]reading, len(messages))
	room := newRoom(e.cfg.maxConversation)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for first := 0; first < len(messages); first += readTogether {
		group.Go(func() error {
			for i := first; i < min(first+readTogether, len(messages)); i++ {
				var err error
				if read[i], err = e.read(ctx, in, messages[i], set, room); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return read, group.Wait()
}

// read reads one message.
func (e *Engine) read(ctx context.Context, in input, m symbl.Message, set *match.Set, room *room) (reading, error) {
	hits, err := hitsOf(ctx, set, m.Text, room)
	if err != nil {
		return reading{}, err
	}
	out := reading{questions: e.asker.ask(in.Language, m, in.ConfidenceThreshold), hits: hits}
	if len(hits) == 0 {
		return out, nil
	}
	out.asked, err = insights(ctx, set, out.questions, room)
	return out, err
}

// hitsOf finds the trackers in a text, if there is room for what is kept of it.
func hitsOf(ctx context.Context, set *match.Set, text string, room *room) ([]match.Hit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	hits, ok := set.MatchUntil(text, func() bool { return ctx.Err() != nil })
	if !ok {
		return nil, ctx.Err()
	}
	if len(hits) == 0 {
		return nil, nil
	}
	return hits, room.take(len(hits) * (written(text) + refBytes))
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
