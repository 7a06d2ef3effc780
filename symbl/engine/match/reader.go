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

	sums     []float32 // by phrase: what it can score at most but for theme and grammar
	touched  []int32   // phrases that have a sum
	trackers []trackerState
	found    []found // by phrase
	serial   int32   // of the text
	spokenAt []int32 // words that carry a match; reused

	perWeight     float32 // precision for each weight of the passage
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

// found tells where the hit of a phrase is.
type found struct {
	text int32 // that has it
	hit  int32 // place in the hits of that text
}

func newReader(s *Set) *reader {
	x := s.index
	return &reader{
		set: s, reading: newReading(s.lang, x), grammar: make([]bool, len(x.grammar)), sums: make([]float32, len(x.phrases)),
		found: make([]found, len(x.phrases)), trackers: make([]trackerState, len(s.trackers)),
	}
}

// read finds the phrases that a text holds.
func (r *reader) read(text string) []Hit {
	r.hits = r.hits[:0]
	r.serial++
	r.reading.read(text)
	r.readLiterals(text)
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
	for i, w := range r.words {
		if len(w.known.opens) == 0 {
			continue
		}
		r.tryLiterals(text, i, openedBy(w.known.opens, noWord))
		if i+1 < len(r.words) && r.words[i+1].known.number != noWord {
			r.tryLiterals(text, i, openedBy(w.known.opens, r.words[i+1].known.number))
		}
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

// tryLiterals looks for phrases at a word.
func (r *reader) tryLiterals(text string, at int, of []opening) {
	for _, o := range of {
		l := &r.set.index.phrases[o.phrase].phrase.literal
		if r.found[o.phrase].text != r.serial && l.standsAt(r.words[at:]) {
			r.addLiteral(o.phrase, l.offset(text, r.words[at]))
		}
	}
}

func (r *reader) addLiteral(id int32, offset int) {
	e := &r.set.index.phrases[id]
	r.keep(id, finding{Hit{Tracker: int(e.tracker), Phrase: e.phrase.number, Offset: offset, Score: 1}, 1})
}

// keep adds a hit, or puts it in the place of that of the same phrase.
func (r *reader) keep(id int32, h finding) {
	if f := r.found[id]; f.text == r.serial {
		r.hits[f.hit] = h
		return
	}
	r.found[id] = found{r.serial, int32(len(r.hits))}
	r.hits = append(r.hits, h)
}

// readSimilar finds the phrases that the passage is similar to.
func (r *reader) readSimilar(text string) {
	r.gather()
	rest := float32(r.grammarWeight) * r.perWeight
	x := r.set.index
	for _, id := range r.touched {
		s := &x.sieve[id]
		missing := s.need - r.sums[id] - rest
		if missing > themeFactor+s.unseen {
			continue
		}
		missing -= themeFactor * float32(r.theme(s.tracker))
		if missing <= s.unseen && missing <= r.grammarRecall(s) {
			r.judge(text, &x.phrases[id], id)
		}
	}
	r.release()
}

// release forgets what was gathered of a passage.
func (r *reader) release() {
	for _, id := range r.touched {
		r.sums[id] = 0
	}
	for _, n := range r.seen {
		r.grammar[n] = false
	}
	clear(r.trackers)
	r.touched, r.seen = r.touched[:0], r.seen[:0]
}

// slack is more than the sums can be rounded down.
const slack = 1e-4

// grammarRecall is recallFactor for the share of a phrase that is grammar and
// in the passage.
func (r *reader) grammarRecall(s *sieve) float32 {
	sum := float32(0)
	for _, g := range r.set.index.plain[s.grammar : s.grammar+s.count] {
		if g.number == noWord && r.hasNumber || g.number != noWord && r.grammar[g.number] {
			sum += g.recall
		}
	}
	return sum
}

// theme is how near the passage is to all phrases of a tracker: 1 if it is as
// near as the tracker's own phrases are.
func (r *reader) theme(tracker int32) float64 {
	if r.passage.length == 0 {
		return 0
	}
	s := &r.trackers[tracker]
	return min(1, float64(s.theme+s.pull*s.weight)/r.passage.length)
}

// judge compares the phrase with the passage, and keeps the hit if there is
// none or a lesser one.
func (r *reader) judge(text string, e *entry, id int32) {
	last := Hit{}
	if f := r.found[id]; f.text == r.serial {
		last = r.hits[f.hit].Hit
	}
	c := r.set.trackers[e.tracker]
	if last.Score == 1 || !c.compare(e.phrase, &r.passage, r.theme(e.tracker), &r.likeness) {
		return
	}
	score := r.score()
	if score < c.threshold || score <= last.Score {
		return
	}
	r.keep(id, finding{
		Hit{Tracker: int(e.tracker), Phrase: e.phrase.number, Offset: Similar, Score: score, Words: r.spoken(text, &r.likeness)},
		r.recall,
	})
}

// spoken gives the words of the text that carried a match: grammar only if
// there is nothing else.
func (r *reader) spoken(text string, l *likeness) []string {
	at := r.spokenAt[:0]
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
	r.spokenAt = at
	slices.Sort(at)
	at = slices.Compact(at)
	words := make([]string, len(at))
	for i, w := range at {
		words[i] = text[r.words[w].start:r.words[w].end]
	}
	return words
}
