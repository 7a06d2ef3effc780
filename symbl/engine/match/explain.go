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
	Alone        bool     // one word of several would have to carry the entry, and is not enough for it
	Missing      []string // words of the entry that the text does not have, folded
	Refused      []string // words of the text that it says are not wanted
	Inapplicable bool     // the tracker is for other languages
}

// Explain says of each vocabulary entry of each tracker how near the text comes
// to it, and what is missing. It looks at all entries: for one text, not for many.
func (s *Set) Explain(text string) []Explanation {
	r := newReader(s)
	var all []Explanation
	places := make([]int, len(s.trackers)) // of each tracker's first entry
	for t, c := range s.trackers {
		places[t] = len(all)
		if c == nil {
			all = append(all, Explanation{Hit: Hit{Tracker: t, Offset: Similar}, Inapplicable: true})
			continue
		}
		for p := range c.source.Vocabulary {
			all = append(all, Explanation{
				Hit: Hit{Tracker: t, Phrase: p, Offset: Similar}, Threshold: c.threshold, Spread: c.spread,
			})
		}
	}
	for _, h := range r.read(text) {
		e := &all[places[h.Tracker]+h.Phrase]
		e.Hit, e.Found = h, true
	}
	r.eachPassage(func() {
		for _, d := range r.desks {
			d.gatherThemes(&r.passage)
			for id := range d.phrases {
				if e := &d.phrases[id]; d.at[e.tracker] != noWord {
					r.explain(text, d, int32(id), &all[places[d.at[e.tracker]]+int(e.number)])
				}
			}
		}
	})
	return all
}

// explain fills an explanation in, if the passage is the likest so far.
func (r *reader) explain(text string, d *desk, id int32, e *Explanation) {
	p := d.phrases[id].phrase
	if e.Offset != Similar || len(p.terms) == 0 {
		return
	}
	l, near := d.compare(id, &r.passage)
	score := 0.0
	if near {
		score = l.score()
	}
	if score < e.Score || score == 0 && e.Missing != nil || l.alone && e.Found {
		return
	}
	e.Recall, e.Precision, e.Theme, e.Alone = l.recall, l.precision, l.theme, near && l.alone
	e.Missing, e.Refused = r.missing(p), nil
	if near {
		e.Score, e.Words = score, r.wordsAs(text, r.appendCarriers(nil, r.passage.first, l.carried))
	}
	for i := range r.passage.tokens {
		t := &r.passage.tokens[i]
		if l.carried&(1<<i) != 0 && t.denial == unwanted && t.kind != grammar {
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
