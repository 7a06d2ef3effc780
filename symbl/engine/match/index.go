package match

// index finds the phrases that a text may hold, without a look at the others.
type index struct {
	trackers []*compiled
	phrases  []entry
	symbols  []int32 // phrases without any word, such as an emoji

	words    map[string]int32    // of literals, to their numbers
	openings map[opening][]int32 // the phrases that begin so

	grammar   map[string]int32 // stems of grammar, to their numbers
	stems     map[string]int32 // of other terms, to their numbers
	spelled   map[string]bool  // words of terms that are in the spellings
	spellings spellings
	anchors   postings      // of terms that are anchors
	others    postings      // of other terms but grammar
	themes    themePostings // of themes
}

// entry is a phrase in the index.
type entry struct {
	tracker int32
	phrase  *phrase
	grammar []grammarTerm // terms without postings
	unseen  float32       // share of all grammar
}

// grammarTerm is a word of grammar in a phrase that has other words.
type grammarTerm struct {
	number int32 // of the stem; noWord for any number
	share  float32
}

// opening is the first two words of a phrase; noWord after a single one.
type opening struct{ first, second int32 }

const noWord = -1

// posting says that a phrase has a term.
type posting struct {
	phrase int32
	stem   int32
	share  float32
	denial denial  // that its groups do not hold already
	top    float32 // topFactor for the phrase's heaviest
}

// postings are by stem and by group of synonyms.
type postings struct{ byStem, byGroup [][]posting }

// themePosting says that the theme of a tracker has a term.
type themePosting struct {
	tracker int32
	stem    int32
	sense   int32
	pull    float32 // per length
	denial  denial
}

type themePostings struct{ byStem, byGroup [][]themePosting }

func newIndex(trackers []*compiled) *index {
	x := &index{
		trackers: trackers,
		words:    map[string]int32{}, openings: map[opening][]int32{},
		grammar: map[string]int32{}, stems: map[string]int32{}, spelled: map[string]bool{}, spellings: newSpellings(),
	}
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
	return x
}

// addLiteral files the phrase that is added next under its first words.
func (x *index) addLiteral(l *literal) {
	id := int32(len(x.phrases))
	if len(l.words) == 0 {
		x.symbols = append(x.symbols, id)
		return
	}
	o := opening{x.wordNumber(l.words[0]), noWord}
	if len(l.words) > 1 {
		o.second = x.wordNumber(l.words[1])
	}
	x.openings[o] = append(x.openings[o], id)
}

func (x *index) wordNumber(word string) int32 {
	n, ok := x.words[word]
	if !ok {
		n = int32(len(x.words))
		x.words[word] = n
	}
	return n
}

// addPhrase files a phrase under its terms. Grammar is filed only where a
// phrase has nothing else.
func (x *index) addPhrase(tracker int32, c *compiled, p *phrase) {
	id := int32(len(x.phrases))
	e := entry{tracker: tracker, phrase: p}
	for i := range p.terms {
		t := &p.terms[i]
		if c.source.Sensitivity == Exact {
			break
		}
		if t.kind == grammar && !t.anchor {
			e.unseen += float32(t.share)
			g := grammarTerm{noWord, float32(t.share)}
			if !t.isNumber() {
				g.number = x.grammarNumber(t.stem)
			}
			e.grammar = append(e.grammar, g)
			continue
		}
		to := &x.others
		if t.anchor {
			to = &x.anchors
		}
		to.add(&t.token, posting{phrase: id, stem: x.stemNumber(&t.token), share: float32(t.share), top: topOf(i == p.top)})
	}
	x.phrases = append(x.phrases, e)
}

func topOf(heaviest bool) float32 {
	if heaviest {
		return topFactor
	}
	return 0
}

func (x *index) addTheme(tracker int32, c *compiled) {
	for i := range c.senses {
		if s := &c.senses[i]; s.pull > 0 {
			x.themes.add(&s.token, themePosting{
				tracker: tracker, stem: x.stemNumber(&s.token), sense: int32(i), pull: float32(s.pull / c.length),
			})
		}
	}
}

// stemNumber gives the number of a term's stem, and files its spelling.
func (x *index) stemNumber(t *token) int32 {
	n, ok := x.stems[t.stem]
	if !ok {
		n = int32(len(x.stems))
		x.stems[t.stem] = n
	}
	if !x.spelled[t.folded] {
		x.spelled[t.folded] = true
		x.spellings.add(t.folded, n)
	}
	return n
}

// grammarNumber gives the number of a word of grammar.
func (x *index) grammarNumber(stem string) int32 {
	n, ok := x.grammar[stem]
	if !ok {
		n = int32(len(x.grammar))
		x.grammar[stem] = n
	}
	return n
}

func (l *postings) add(t *token, p posting) {
	p.denial = t.denial
	l.byStem = file(l.byStem, int(p.stem), p)
	p.denial = t.meant()
	for _, g := range t.groups {
		l.byGroup = file(l.byGroup, int(g), p)
	}
}

func (l *themePostings) add(t *token, p themePosting) {
	p.denial = t.denial
	l.byStem = file(l.byStem, int(p.stem), p)
	p.denial = t.meant()
	for _, g := range t.groups {
		l.byGroup = file(l.byGroup, int(g), p)
	}
}

// file appends to the list at a place, which need not be there yet.
func file[P any](lists [][]P, at int, p P) [][]P {
	for len(lists) <= at {
		lists = append(lists, nil)
	}
	lists[at] = append(lists[at], p)
	return lists
}

func list[P any](lists [][]P, at int) []P {
	if at >= len(lists) {
		return nil
	}
	return lists[at]
}
