package match

import (
	"cmp"
	"slices"
)

// indexing makes an index.
type indexing struct {
	*index
	senses                      []int32 // of the tracker that is added: their stems; noWord for grammar
	opening                     filing[opening]
	anchorStems, anchorGroups   filing[posting]
	otherStems, otherGroups     filing[posting]
	themesByStem, themesByGroup filing[themePosting]
}

func newIndex(trackers []*compiled) *index {
	x := &indexing{index: &index{trackers: trackers, spellings: newSpellings()}}
	x.reserve()
	for t, c := range trackers {
		if c == nil {
			continue
		}
		x.addTheme(int32(t), c)
		for i := range c.phrases {
			x.addLiteral(&c.phrases[i].literal)
			x.addPhrase(int32(t), c, &c.phrases[i])
		}
	}
	return x.done()
}

// reserve makes room for the trackers.
func (x *indexing) reserve() {
	phrases, senses := 0, 0
	for _, c := range x.trackers {
		if c != nil {
			phrases += len(c.phrases)
			senses += len(c.senses)
		}
	}
	x.phrases, x.sieve = make([]entry, 0, phrases), make([]sieve, 0, phrases)
	x.opening.reserve(phrases)
	x.anchorStems.reserve(senses)
	x.themesByStem.reserve(senses)
	words := phrases / 4 // about: most words are in several phrases
	for _, numbers := range [...]*map[string]int32{&x.words, &x.grammar, &x.stems, &x.spelled} {
		*numbers = make(map[string]int32, words)
	}
}

// done puts the postings in order.
func (x *indexing) done() *index {
	x.openings = x.opening.sorted()
	for n := range int32(len(x.words)) {
		slices.SortFunc(x.openings.list(n), func(a, b opening) int {
			return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.phrase, b.phrase))
		})
	}
	x.anchors = postings{x.anchorStems.sorted(), x.anchorGroups.sorted()}
	x.others = postings{x.otherStems.sorted(), x.otherGroups.sorted()}
	x.themes = themePostings{x.themesByStem.sorted(), x.themesByGroup.sorted()}
	return x.index
}

// addLiteral files the phrase that is added next under its first words.
func (x *indexing) addLiteral(l *literal) {
	id := int32(len(x.phrases))
	if len(l.words) == 0 {
		x.symbols = append(x.symbols, id)
		return
	}
	first, _ := numbered(x.words, l.words[0])
	o := opening{noWord, id}
	if len(l.words) > 1 {
		o.second, _ = numbered(x.words, l.words[1])
	}
	x.opening.add(first, o)
}

// addPhrase files a phrase under its terms. Grammar is filed only where a
// phrase has nothing else.
func (x *indexing) addPhrase(tracker int32, c *compiled, p *phrase) {
	need := c.threshold + spreadFactor*c.spread - slack
	s := sieve{tracker: tracker, need: float32(need), grammar: int32(len(x.plain))}
	for i := range p.terms {
		t := &p.terms[i]
		if c.source.Sensitivity == Exact {
			break
		}
		if t.kind != grammar || t.anchor {
			x.addTerm(c, t, i == p.top)
			continue
		}
		g := grammarTerm{noWord, float32(recallFactor * t.share)}
		s.unseen += g.recall
		s.count++
		if !t.isNumber() {
			g.number, _ = numbered(x.grammar, t.stem)
		}
		x.plain = append(x.plain, g)
	}
	x.phrases = append(x.phrases, entry{tracker, p})
	x.sieve = append(x.sieve, s)
}

// addTerm files the phrase that is added next under one of its terms.
func (x *indexing) addTerm(c *compiled, t *term, heaviest bool) {
	stem := x.senses[t.sense]
	if t.folded != c.senses[t.sense].folded || stem == noWord {
		stem, _ = x.stemNumber(&t.token)
	}
	p := posting{phrase: int32(len(x.phrases)), stem: stem, recall: float32(recallFactor * t.share), denial: t.denial}
	if heaviest {
		p.top = topFactor
	}
	stems, groups := &x.otherStems, &x.otherGroups
	if t.anchor {
		stems, groups = &x.anchorStems, &x.anchorGroups
	}
	stems.add(stem, p)
	p.denial = t.meant()
	for _, g := range t.groups {
		groups.add(int32(g), p)
	}
}

// addTheme files a tracker under the senses of its theme.
func (x *indexing) addTheme(tracker int32, c *compiled) {
	x.senses = x.senses[:0]
	for i := range c.senses {
		s := &c.senses[i]
		if s.pull == 0 {
			x.senses = append(x.senses, noWord)
			continue
		}
		stem, spelled := x.stemNumber(&s.token)
		x.senses = append(x.senses, stem)
		p := themePosting{tracker: tracker, stem: stem, spelled: spelled, pull: float32(s.pull / c.length), denial: s.denial}
		x.themesByStem.add(stem, p)
		p.denial = s.meant()
		for _, g := range s.groups {
			x.themesByGroup.add(int32(g), p)
		}
	}
}

// stemNumber gives the numbers of a term's stem and of its spelling.
func (x *indexing) stemNumber(t *token) (stem, spelled int32) {
	stem, _ = numbered(x.stems, t.stem)
	spelled, isNew := numbered(x.spelled, t.folded)
	if isNew {
		x.folded = append(x.folded, t.folded)
		x.spellings.add(t.folded, stem)
	}
	return stem, spelled
}
