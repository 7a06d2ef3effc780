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

// spellings finds the words that differ from another by one letter: two such
// words are equal once each, or one, has lost a letter other than its first.
// The keys are hashes of words with a letter lost, the values stems.
type spellings struct {
	seed  maphash.Seed
	stems map[uint64][]int32
}

func newSpellings() spellings {
	return spellings{maphash.MakeSeed(), map[uint64][]int32{}}
}

// add files a word with that stem.
func (s *spellings) add(word string, stem int32) {
	if !spellable(word) {
		return
	}
	for key := range s.keys(word) {
		if !slices.Contains(s.stems[key], stem) {
			s.stems[key] = append(s.stems[key], stem)
		}
	}
}

// find appends the stems of words that may differ by one letter from the word.
// A few of them differ by more.
func (s *spellings) find(word string, stems []int32) []int32 {
	if !spellable(word) {
		return stems
	}
	for key := range s.keys(word) {
		for _, stem := range s.stems[key] {
			if !slices.Contains(stems, stem) {
				stems = append(stems, stem)
			}
		}
	}
	return stems
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
