package match

import (
	"cmp"
	"slices"
)

// indexing makes an index.
type indexing struct {
	*index
	opening                     filing[opening]
	anchorStems, anchorGroups   filing[posting]
	otherStems, otherGroups     filing[posting]
	themesByStem, themesByGroup filing[themePosting]
}

func newIndex(trackers []*compiled) *index {
	x := &indexing{index: &index{
		trackers: trackers, words: map[string]int32{}, grammar: map[string]int32{}, stems: map[string]int32{}, spelled: map[string]int32{},
		spellings: newSpellings(),
	}}
	phrases := 0
	for _, c := range trackers {
		if c != nil {
			phrases += len(c.phrases)
		}
	}
	x.phrases, x.sieve = make([]entry, 0, phrases), make([]sieve, 0, phrases)
	for t, c := range trackers {
		if c == nil {
			continue
		}
		for i := range c.phrases {
			x.addLiteral(&c.phrases[i].literal)
			x.addPhrase(int32(t), c, &c.phrases[i])
		}
		x.addTheme(int32(t), c)
	}
	return x.done()
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
	need := c.source.Sensitivity.Threshold() + spreadFactor*c.spread - slack
	s := sieve{tracker: tracker, need: float32(need), grammar: int32(len(x.plain))}
	for i := range p.terms {
		t := &p.terms[i]
		if c.source.Sensitivity == Exact {
			break
		}
		if t.kind != grammar || t.anchor {
			x.addTerm(t, i == p.top)
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
func (x *indexing) addTerm(t *term, heaviest bool) {
	stem, _ := x.stemNumber(&t.token)
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

func (x *indexing) addTheme(tracker int32, c *compiled) {
	for i := range c.senses {
		s := &c.senses[i]
		if s.pull == 0 {
			continue
		}
		stem, spelled := x.stemNumber(&s.token)
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
