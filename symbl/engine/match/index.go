package match

import (
	"cmp"
	"slices"
)

// index finds the phrases of some trackers that a text may hold, without a look
// at the others. It never changes.
type index struct {
	dictionary *dictionary
	trackers   []*compiled
	limits     []limit // by tracker
	phrases    []entry
	sieve      []sieve        // by phrase
	terms      []termMark     // of all phrases
	symbols    []int32        // phrases without any word, such as an emoji
	openings   filed[opening] // by first word, in the order of the second

	anchors filed[posting]      // by stem: phrases of which it is an anchor
	themes  filed[themePosting] // by stem: trackers whose theme has it
	spelled filed[int32]        // how it is spelled there, in the same order

	kin           filed[int32]        // by group: stems of terms that have it wherever they stand
	strange       filed[int32]        // by group: stems of terms that have it where they stand
	strangeThemes filed[themePosting] // by group: trackers whose theme has such a term
	strangeStems  filed[int32]        // their stems, in the same order

	others      []bool // by stem: a phrase has it that is not its anchor
	otherGroups []bool // by group: the same
}

// limit is what a tracker asks for.
type limit struct{ threshold, spread float64 }

// entry is a phrase in the index.
type entry struct {
	*phrase
	tracker int32
	number  int32 // in the tracker's vocabulary
}

// termMark is a term as the index compares it.
type termMark struct {
	stem   int32
	share  float32
	groups [3]uint16 // its first groups of synonyms; one that no word has for none
	denial denial
	traits
}

// traits are what a term is.
type traits uint8

const (
	isAnchor traits = 1 << iota
	isTop
	isShared
	isContent
	isNumber
	isMeant // its groups hold what it means where it is denied
	hasMore // groups than those that the mark holds
)

func (t *traits) set(trait traits, has bool) {
	if has {
		*t |= trait
	}
}

func (t traits) has(trait traits) bool { return t&trait != 0 }

// sieve is what decides first whether a phrase can be found.
type sieve struct {
	tracker int32
	need    int32   // what its anchors, precision and theme must reach, in units
	end     int32   // of its terms, which begin where those of the phrase before end
	half    float32 // of the phrase
}

// marksOf gives the terms of a phrase.
func (x *index) marksOf(id int32) []termMark {
	start := int32(0)
	if id > 0 {
		start = x.sieve[id-1].end
	}
	return x.terms[start:x.sieve[id].end]
}

// opening is a phrase that begins with a word.
type opening struct {
	second int32 // its second word; noWord for none
	phrase int32
}

// posting says that a phrase has an anchor.
type posting struct {
	phrase uint32 // times two; plus one if the anchor can carry the phrase alone
	reach  uint32 // what the phrase can score by it at most but for precision, in units
}

// themePosting says that the theme of a tracker has a word.
type themePosting struct {
	tracker uint32  // shifted by themeBits, with the word's denial and strangeTheme
	pull    float32 // per length
}

const (
	themeBits    = 3
	themeDenial  = 3 // mask of the denial
	strangeTheme = 4 // the groups of the word are those of where it stands
)

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
