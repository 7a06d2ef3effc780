package match

// Explanation says what became of one vocabulary entry in a text.
type Explanation struct {
	Hit                   // Score and Words also of wording that is not similar enough
	Found        bool     // the entry is in the result of Match
	Threshold    float64  // the score from which wording is similar; above 1 if none is
	Recall       float64  // how much of the entry the text has, by weight
	Precision    float64  // how much of the passage the entry has, by weight
	Theme        float64  // how near the passage is to the whole tracker
	Spread       float64  // above 0: the tracker's entries are more alike than usual, which lowers the score
	Missing      []string // words of the entry that the text does not have, folded
	Refused      []string // words of the text that it says are not wanted
	Inapplicable bool     // the tracker is for other languages
}

// Explain says of each vocabulary entry of each tracker how near the text comes
// to it, and what is missing. It looks at all entries: for one text, not for many.
func (s *Set) Explain(text string) []Explanation {
	r := newReader(s)
	var all []Explanation
	place := map[[2]int]int{}
	for t, c := range s.trackers {
		if c == nil {
			all = append(all, Explanation{Hit: Hit{Tracker: t, Offset: Similar}, Inapplicable: true})
			continue
		}
		for p := range c.source.Vocabulary {
			place[[2]int{t, p}] = len(all)
			all = append(all, Explanation{
				Hit: Hit{Tracker: t, Phrase: p, Offset: Similar}, Threshold: c.threshold, Spread: c.spread,
			})
		}
	}
	for _, h := range r.read(text) {
		e := &all[place[[2]int{h.Tracker, h.Phrase}]]
		e.Hit, e.Found = h, true
	}
	r.eachPassage(func() {
		r.gather()
		for id := range r.set.index.phrases {
			entry := &r.set.index.phrases[id]
			r.explain(text, entry, &all[place[[2]int{int(entry.tracker), entry.phrase.number}]])
		}
		r.release()
	})
	return all
}

// explain fills an explanation in, if the passage is the likest so far.
func (r *reader) explain(text string, entry *entry, e *Explanation) {
	if e.Offset != Similar || len(entry.phrase.terms) == 0 {
		return
	}
	c := r.set.trackers[entry.tracker]
	near := c.compare(entry.phrase, &r.passage, r.theme(entry.tracker), &r.likeness)
	score := 0.0
	if near {
		score = r.score()
	}
	if score < e.Score || score == 0 && e.Missing != nil {
		return
	}
	e.Recall, e.Precision, e.Theme = r.recall, r.precision, r.likeness.theme
	e.Missing, e.Refused = r.missing(entry.phrase), nil
	if near {
		e.Score, e.Words = score, r.spoken(text, &r.likeness)
	}
	for _, at := range r.at {
		if t := &r.passage.tokens[at]; t.denial == unwanted && t.kind != grammar {
			e.Refused = append(e.Refused, text[r.words[t.word].start:r.words[t.word].end])
		}
	}
}

// missing gives the words of a phrase that the passage does not have, but for
// grammar.
func (r *reader) missing(p *phrase) []string {
	missing := []string{}
	for i := range p.terms {
		t, best := &p.terms[i], 0.0
		for j := range r.passage.tokens {
			best = max(best, alike(&t.token, &r.passage.tokens[j]))
		}
		if best == 0 && (t.kind != grammar || t.anchor) {
			missing = append(missing, t.folded)
		}
	}
	return missing
}
