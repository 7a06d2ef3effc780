package match

import (
	"cmp"
	"slices"
)

// reader reads one text after another. It keeps its memory between them: what
// it holds for each phrase and tracker is made once.
type reader struct {
	set *Set
	*reading
	passage passage
	likeness

	phrases  []phraseState
	trackers []trackerState
	touched  []int32       // phrases that have an anchor in the passage
	reached  []int32       // trackers whose theme has a word of the passage
	found    map[int32]int // similar hits of the text: phrase to place in hits
	serial   int32         // of the text
	similar  []int32       // stems of words that a word may be a misspelling of

	grammar       []bool  // by number: it is in the passage
	seen          []int32 // numbers of the grammar in the passage
	grammarWeight float64 // of the passage, numbers included
	hasNumber     bool

	hits []finding
}

// finding is a hit before it is known whether it is reported.
type finding struct {
	Hit
	recall float64
}

// phraseState is what is known of a phrase in a passage.
type phraseState struct {
	recall, covered float32 // at most
	top             float32 // topFactor if its heaviest word may be there
	hit             int32   // serial of the text that has it literally
	tracker         int32   // always
	unseen          float32 // always: share of its grammar
}

// trackerState is what is known of a tracker in a passage.
type trackerState struct {
	theme        float32 // how near the passage is, times its length
	token        int32   // that is looked at, counted from 1
	pull, weight float32 // of that token

	need  float32 // always: what the sum must reach, the spread taken in
	bound float32 // need, less what the theme gives
}

func newReader(s *Set) *reader {
	r := &reader{
		set: s, found: map[int32]int{}, reading: newReading(s.lang), grammar: make([]bool, len(s.index.grammar)),
		phrases: make([]phraseState, len(s.index.phrases)), trackers: make([]trackerState, len(s.trackers)),
	}
	for i := range r.phrases {
		e := &s.index.phrases[i]
		r.phrases[i] = phraseState{tracker: e.tracker, unseen: e.unseen}
	}
	for i, c := range s.trackers {
		if c != nil {
			need := c.source.Sensitivity.Threshold() + spreadFactor*c.spread - slack
			r.trackers[i] = trackerState{need: float32(need), bound: float32(need)}
		}
	}
	return r
}

// read finds the phrases that a text holds.
func (r *reader) read(text string) []Hit {
	r.hits = r.hits[:0]
	r.serial++
	r.reading.read(text)
	r.readLiterals(text)
	clear(r.found)
	r.eachPassage(func() { r.readSimilar(text) })
	return r.report()
}

// eachPassage goes through the passages of the text.
func (r *reader) eachPassage(do func()) {
	for at := 0; at < len(r.tokens); at += passageTokens / 2 {
		end := min(len(r.tokens), at+passageTokens)
		r.passage.set(r.tokens[at:end])
		do()
		if end == len(r.tokens) {
			return
		}
	}
}

// ample is how much of a phrase a text has that is about this phrase, and not
// about a like one of the same tracker.
const ample = 2.0 / 3

// report gives the hits in order: the literal ones, and of the similar ones of
// a tracker the best, and those that have an ample part of their phrase.
func (r *reader) report() []Hit {
	if len(r.hits) == 0 {
		return nil
	}
	slices.SortFunc(r.hits, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Tracker, b.Tracker), cmp.Compare(a.Phrase, b.Phrase))
	})
	hits := make([]Hit, 0, len(r.hits))
	for start := 0; start < len(r.hits); {
		end, best := start, start
		for ; end < len(r.hits) && r.hits[end].Tracker == r.hits[start].Tracker; end++ {
			if r.hits[end].Score > r.hits[best].Score {
				best = end
			}
		}
		for i := start; i < end; i++ {
			if i == best || r.hits[i].recall >= ample {
				hits = append(hits, r.hits[i].Hit)
			}
		}
		start = end
	}
	return hits
}

// readLiterals finds the phrases that stand in the text as they are.
func (r *reader) readLiterals(text string) {
	x := r.set.index
	first := int32(noWord)
	if len(r.words) > 0 {
		first = x.wordOf(r.words[0].folded)
	}
	for i := range r.words {
		second := int32(noWord)
		if i+1 < len(r.words) {
			second = x.wordOf(r.words[i+1].folded)
		}
		if first != noWord {
			r.tryLiterals(text, i, opening{first, noWord})
			if second != noWord {
				r.tryLiterals(text, i, opening{first, second})
			}
		}
		first = second
	}
	if len(x.symbols) == 0 {
		return
	}
	plain := straight(text)
	for _, id := range x.symbols {
		if at := x.phrases[id].phrase.literal.symbolOffset(plain); at >= 0 {
			r.addLiteral(id, at)
		}
	}
}

// wordOf is the number of a word, noWord if no phrase has it.
func (x *index) wordOf(folded string) int32 {
	if n, ok := x.words[folded]; ok {
		return n
	}
	return noWord
}

// tryLiterals looks for the phrases with that opening at a word.
func (r *reader) tryLiterals(text string, at int, o opening) {
	for _, id := range r.set.index.openings[o] {
		l := &r.set.index.phrases[id].phrase.literal
		if r.phrases[id].hit != r.serial && l.standsAt(r.words[at:]) {
			r.addLiteral(id, l.offset(text, r.words[at]))
		}
	}
}

func (r *reader) addLiteral(id int32, offset int) {
	e := r.set.index.phrases[id]
	r.phrases[id].hit = r.serial
	h := Hit{Tracker: int(e.tracker), Phrase: e.phrase.number, Offset: offset, Score: 1}
	r.hits = append(r.hits, finding{h, 1})
}

// readSimilar finds the phrases that the passage is similar to.
func (r *reader) readSimilar(text string) {
	r.gather()
	perWeight := precisionFactor / float32(r.passage.weight)
	grammarWeight := float32(r.grammarWeight)
	for _, id := range r.touched {
		s := &r.phrases[id]
		rest := min(precisionFactor, (s.covered+grammarWeight)*perWeight) + s.top - r.trackers[s.tracker].bound
		if recallFactor*(s.recall+s.unseen)+rest >= 0 && s.hit != r.serial {
			e := &r.set.index.phrases[id]
			if recallFactor*(s.recall+r.grammarShare(e))+rest >= 0 {
				r.judge(text, e, id)
			}
		}
	}
	r.release()
}

// release forgets what was gathered of a passage.
func (r *reader) release() {
	for _, id := range r.touched {
		s := &r.phrases[id]
		s.recall, s.covered, s.top = 0, 0, 0
	}
	for _, t := range r.reached {
		need := r.trackers[t].need
		r.trackers[t] = trackerState{need: need, bound: need}
	}
	for _, n := range r.seen {
		r.grammar[n] = false
	}
	r.touched, r.reached, r.seen = r.touched[:0], r.reached[:0], r.seen[:0]
}

// slack is more than the sums can be rounded down.
const slack = 1e-4

// grammarShare is how much of a phrase is grammar that the passage has.
func (r *reader) grammarShare(e *entry) float32 {
	share := float32(0)
	for _, g := range e.grammar {
		if g.number == noWord && r.hasNumber || g.number != noWord && r.grammar[g.number] {
			share += g.share
		}
	}
	return share
}

// theme is how near the passage is to all phrases of a tracker: 1 if it is as
// near as the tracker's own phrases are.
func (r *reader) theme(tracker int32) float64 {
	if r.passage.length == 0 {
		return 0
	}
	return min(1, float64(r.trackers[tracker].theme)/r.passage.length)
}

// judge compares the phrase with the passage, and keeps the hit if there is
// none or a lesser one.
func (r *reader) judge(text string, e *entry, id int32) {
	c := r.set.trackers[e.tracker]
	if !c.compare(e.phrase, &r.passage, r.theme(e.tracker), &r.likeness) {
		return
	}
	score := r.score()
	if score < c.source.Sensitivity.Threshold() {
		return
	}
	h := finding{
		Hit{Tracker: int(e.tracker), Phrase: e.phrase.number, Offset: Similar, Score: score, Words: r.spoken(text, &r.likeness)},
		r.recall,
	}
	if at, ok := r.found[id]; !ok {
		r.found[id] = len(r.hits)
		r.hits = append(r.hits, h)
	} else if r.hits[at].Score < score {
		r.hits[at] = h
	}
}

// spoken gives the words of the text that carried a match: grammar only if
// there is nothing else.
func (r *reader) spoken(text string, l *likeness) []string {
	var at []int
	for _, plainest := range [...]kind{frame, grammar} {
		for _, i := range l.at {
			if t := &r.passage.tokens[i]; t.kind <= plainest {
				at = append(at, t.word)
			}
		}
		if len(at) > 0 {
			break
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	words := make([]string, len(at))
	for i, w := range at {
		words[i] = text[r.words[w].start:r.words[w].end]
	}
	return words
}
