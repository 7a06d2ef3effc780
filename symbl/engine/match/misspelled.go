package match

import (
	"hash/maphash"
	"slices"
)

// shortestMisspelled is the length in bytes below which a word that differs by
// a letter is another word.
const shortestMisspelled = 5

// misspelled tells whether two words begin alike and differ by one letter that
// is missing, added, wrong or swapped with the next.
func misspelled(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || !spellable(a) || !spellable(b) || a[0] != b[0] {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// spellable tells whether a word is long enough to be taken for another one,
// and of letters.
func spellable(word string) bool {
	if len(word) < shortestMisspelled || len(word) > longestStem {
		return false
	}
	for i := range len(word) {
		if word[i] >= '0' && word[i] <= '9' {
			return false
		}
	}
	return true
}

// spelling is a word as a tracker spells it.
type spelling struct {
	folded string
	number int32
	stem   int32 // its number
}

// spellings finds the words that differ from another by one letter: two such
// words are equal once each, or one, has lost a letter other than its first.
type spellings struct {
	seed  maphash.Seed
	words []spelling
	last  map[uint64]int32 // by hash of a word with a letter lost: the last link
	links []link
}

// link is a word with a letter lost, and the one before it with that hash.
type link struct{ word, before int32 }

func newSpellings() spellings {
	return spellings{seed: maphash.MakeSeed(), last: map[uint64]int32{}}
}

// add files a word.
func (s *spellings) add(w spelling) {
	if !spellable(w.folded) {
		return
	}
	n := int32(len(s.words))
	s.words = append(s.words, w)
	for key := range s.keys(w.folded) {
		before, ok := s.last[key]
		if !ok {
			before = noWord
		}
		s.last[key] = int32(len(s.links))
		s.links = append(s.links, link{n, before})
	}
}

// find appends the words that differ by one letter from the word, in no order.
func (s *spellings) find(word string, to []spelling) []spelling {
	if !spellable(word) {
		return to
	}
	for key := range s.keys(word) {
		at, ok := s.last[key]
		for ok && at != noWord {
			w := s.words[s.links[at].word]
			if misspelled(w.folded, word) && !slices.Contains(to, w) {
				to = append(to, w)
			}
			at = s.links[at].before
		}
	}
	return to
}

// keys gives the hash of a word, and of the word without each of its bytes but
// the first.
func (s *spellings) keys(word string) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		if !yield(maphash.String(s.seed, word)) {
			return
		}
		var short [longestStem]byte
		for lost := 1; lost < len(word); lost++ {
			n := copy(short[:], word[:lost])
			n += copy(short[n:], word[lost+1:])
			if !yield(maphash.Bytes(s.seed, short[:n])) {
				return
			}
		}
	}
}
