package match

import (
	"cmp"
	"slices"
)

// index finds the phrases that a text may hold, without a look at the others.
type index struct {
	trackers []*compiled
	phrases  []entry
	sieve    []sieve // by phrase
	symbols  []int32 // phrases without any word, such as an emoji

	words    map[string]int32 // of literals, to their numbers
	openings filed[opening]   // by first word, in the order of the second

	grammar   map[string]int32 // stems of grammar, to their numbers
	plain     []grammarTerm    // of phrases that have other terms, which have no postings
	stems     map[string]int32 // of other terms, to their numbers
	spelled   map[string]int32 // words of terms, to their numbers
	spellings spellings        // of them
	folded    []string         // they by number
	anchors   postings         // of terms that are anchors
	others    postings         // of other terms but grammar
	themes    themePostings    // of themes
}

// entry is a phrase in the index.
type entry struct {
	tracker int32
	phrase  *phrase
}

// sieve is what decides first whether a phrase can be found.
type sieve struct {
	tracker int32
	need    float32 // what the sum must reach, the spread taken in
	unseen  float32 // recallFactor for the share of its grammar
	grammar int32   // where that begins
	count   int32   // of its words
}

// grammarTerm is a word of grammar in a phrase that has other words.
type grammarTerm struct {
	number int32   // of the stem; noWord for any number
	recall float32 // recallFactor for its share
}

// opening is a phrase that begins with a word.
type opening struct {
	second int32 // its second word; noWord for none
	phrase int32
}

const noWord = -1

// posting says that a phrase has a term.
type posting struct {
	phrase int32
	stem   int32
	recall float32 // recallFactor for its share
	top    float32 // topFactor for the phrase's heaviest
	denial denial  // that its groups do not hold already
}

// themePosting says that the theme of a tracker has a term.
type themePosting struct {
	tracker int32
	stem    int32
	spelled int32
	pull    float32 // per length
	denial  denial
}

// postings are by stem and by group of synonyms.
type (
	postings      struct{ byStem, byGroup filed[posting] }
	themePostings struct{ byStem, byGroup filed[themePosting] }
)

// place is where a word is found in an index.
type place struct {
	stem    int32   // number of its stem; noWord if no term has it
	grammar int32   // number of its stem in the grammar; noWord if it is not there
	similar []int32 // stems of which it may be a misspelling
}

// placeOf finds the place of a token.
func (x *index) placeOf(t *token) *place {
	p := &place{stem: numberOf(x.stems, t.stem), grammar: numberOf(x.grammar, t.stem)}
	if t.rare {
		p.similar = x.spellings.find(t.folded, nil)
	}
	return p
}

// numberOf is the number of a word, noWord if it has none.
func numberOf(numbers map[string]int32, word string) int32 {
	if n, ok := numbers[word]; ok {
		return n
	}
	return noWord
}

// numbered is the number of a word, a new one if it has none.
func numbered(numbers map[string]int32, word string) (n int32, isNew bool) {
	n, ok := numbers[word]
	if !ok {
		n = int32(len(numbers))
		numbers[word] = n
	}
	return n, !ok
}

// opened gives the number of a word, and the phrases that begin with it.
func (x *index) opened(folded string) (number int32, by []opening) {
	number = numberOf(x.words, folded)
	return number, x.openings.list(number)
}

// openedBy gives those of the openings that have the second word.
func openedBy(all []opening, second int32) []opening {
	start, found := slices.BinarySearchFunc(all, second, func(o opening, n int32) int { return cmp.Compare(o.second, n) })
	if !found {
		return nil
	}
	end := start
	for end < len(all) && all[end].second == second {
		end++
	}
	return all[start:end]
}
