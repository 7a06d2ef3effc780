package match

import (
	"cmp"
	"slices"
)

// indexing makes an index.
type indexing struct {
	*index
	senses   []int32 // of the tracker that is added: the numbers of their stems
	seen     []bool  // by stem: its groups are filed
	noGroup  uint16
	opening  filing[opening]
	anchor   filing[posting]
	theme    filing[themePosting]
	spelling filing[int32]
	kinship  filing[int32]
	stranger filing[int32]
	met      map[[2]int32]bool // groups and stems that are filed there

	strangeTheme filing[themePosting]
	strangeStem  filing[int32]
}

// newIndex indexes the trackers. Their words are numbered as in the index
// before, if there is one.
func newIndex(before *index, l *language, trackers []*compiled) *index {
	x := &indexing{
		index:   &index{trackers: trackers, otherGroups: make([]bool, l.groups())},
		noGroup: uint16(l.groups()), met: map[[2]int32]bool{},
	}
	x.reserve(before)
	for t, c := range trackers {
		x.limits = append(x.limits, limit{c.threshold, c.spread})
		x.addTheme(uint32(t), c)
		for i := range c.phrases {
			x.addPhrase(int32(t), c, &c.phrases[i])
		}
	}
	x.fileAll()
	return x.index
}

// reserve makes room for the trackers.
func (x *indexing) reserve(before *index) {
	phrases, senses, terms := 0, 0, 0
	for _, c := range x.trackers {
		phrases += len(c.phrases)
		senses += len(c.senses)
		for i := range c.phrases {
			terms += len(c.phrases[i].terms)
		}
	}
	x.phrases, x.sieve, x.terms = make([]entry, 0, phrases), make([]sieve, 0, phrases), make([]termMark, 0, terms)
	x.opening.reserve(phrases)
	x.anchor.reserve(terms)
	x.theme.reserve(senses)
	x.spelling.reserve(senses)
	const phrasesPerWord = 4 // about: most words are in several
	if before == nil {
		x.dictionary = newDictionary(nil, phrases/phrasesPerWord)
	} else {
		x.dictionary = newDictionary(before.dictionary, phrases/phrasesPerWord)
	}
}

// fileAll puts what was collected in order.
func (x *indexing) fileAll() {
	x.openings = x.opening.sorted()
	for n := range int32(len(x.openings.ends)) {
		if list := x.openings.list(n); len(list) > 1 {
			slices.SortFunc(list, func(a, b opening) int {
				return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.phrase, b.phrase))
			})
		}
	}
	x.anchors, x.themes, x.spelled = x.anchor.sorted(), x.theme.sorted(), x.spelling.sorted()
	x.kin, x.strange = x.kinship.sorted(), x.stranger.sorted()
	x.strangeThemes, x.strangeStems = x.strangeTheme.sorted(), x.strangeStem.sorted()
}

// addLiteral files the phrase that is added next under its first words.
func (x *indexing) addLiteral(l *literal) {
	id := int32(len(x.phrases))
	if len(l.words) == 0 {
		x.symbols = append(x.symbols, id)
		return
	}
	o := opening{noWord, id}
	if len(l.words) > 1 {
		o.second = x.dictionary.words.add(l.words[1])
	}
	x.opening.add(x.dictionary.words.add(l.words[0]), o)
}

// addPhrase files a phrase under its anchors.
func (x *indexing) addPhrase(tracker int32, c *compiled, p *phrase) {
	x.addLiteral(&p.literal)
	need := c.threshold + spreadFactor*c.spread - slack
	for i := range p.terms {
		t := &p.terms[i]
		if c.source.Sensitivity == Exact {
			break
		}
		m := x.mark(t, x.stemOf(c, t))
		reach := recallFactor * float64(t.share)
		if i == p.top {
			m.set(isTop, true)
			reach += topFactor
		}
		x.terms = append(x.terms, m)
		if t.anchor {
			x.addAnchor(p, t, m.stem, reach)
		} else {
			need -= reach
			x.addOther(t, m.stem)
		}
	}
	x.phrases = append(x.phrases, entry{p, tracker, int32(p.number)})
	x.sieve = append(x.sieve, sieve{tracker, unitsDown(need), int32(len(x.terms)), p.half})
}

// stemOf is the number of a term's stem.
func (x *indexing) stemOf(c *compiled, t *term) int32 {
	if t.folded != c.senses[t.sense].folded {
		x.dictionary.add(t.lemma) // for its spelling
	}
	return x.senses[t.sense]
}

// mark is a term as the index compares it.
func (x *indexing) mark(t *term, stem int32) termMark {
	m := termMark{stem: stem, share: t.share, groups: [...]uint16{x.noGroup, x.noGroup, x.noGroup}, denial: t.denial}
	copy(m.groups[:], t.groups)
	m.set(isAnchor, t.anchor)
	m.set(isShared, t.shared)
	m.set(isContent, t.kind == content)
	m.set(isNumber, t.isNumber())
	m.set(isMeant, t.means)
	m.set(hasMore, len(t.groups) > len(m.groups))
	return m
}

// addAnchor files the phrase that is added next under one of its anchors.
func (x *indexing) addAnchor(p *phrase, t *term, stem int32, reach float64) {
	file := posting{uint32(len(x.phrases)) << 1, unitsUp(reach)}
	if p.carries(t, 1) {
		file.phrase++
	}
	x.anchor.add(stem, file)
	if t.isStrange() {
		for _, g := range t.groups {
			if met := [2]int32{int32(g), stem}; !x.met[met] {
				x.met[met] = true
				x.stranger.add(int32(g), stem)
			}
		}
	}
}

// addOther notes a term that is not an anchor.
func (x *indexing) addOther(t *term, stem int32) {
	for len(x.others) <= int(stem) {
		x.others = append(x.others, false)
	}
	x.others[stem] = true
	for _, g := range t.groups {
		x.otherGroups[g] = true
	}
}

// addTheme files a tracker under the senses of its theme.
func (x *indexing) addTheme(tracker uint32, c *compiled) {
	x.senses = x.senses[:0]
	for i := range c.senses {
		s := &c.senses[i]
		stem, spelled := x.dictionary.add(s.lemma)
		x.senses = append(x.senses, stem)
		x.addKin(s.lemma, stem)
		if s.pull == 0 {
			continue
		}
		p := themePosting{tracker<<themeBits | uint32(s.denial), float32(s.pull / c.length)}
		if s.isStrange() {
			p.tracker |= strangeTheme
			for _, g := range s.groups {
				x.strangeTheme.add(int32(g), themePosting{tracker<<themeBits | uint32(s.meant()), p.pull})
				x.strangeStem.add(int32(g), stem)
			}
		}
		x.theme.add(stem, p)
		x.spelling.add(stem, spelled)
	}
}

// addKin files a stem under its groups.
func (x *indexing) addKin(m *lemma, stem int32) {
	for len(x.seen) <= int(stem) {
		x.seen = append(x.seen, false)
	}
	if x.seen[stem] {
		return
	}
	x.seen[stem] = true
	for _, g := range m.groups {
		x.kinship.add(int32(g), stem)
	}
}
