package match

import (
	"cmp"
	"slices"
)

// Tracker is a name and the phrases that are examples of what it watches for.
type Tracker struct {
	ID         string
	Name       string
	Vocabulary []string
	Languages  []string // BCP-47 tags that it applies to; none means every language
}

// Hit is one vocabulary entry that was found in a text.
type Hit struct {
	Tracker int      // index in the trackers that were compiled
	Phrase  int      // index in the tracker's vocabulary
	Offset  int      // code points before the first occurrence; Similar for similar wording
	Score   float64  // 1 for a literal match; for a similar one above 0, at most 1
	Words   []string // words of the text that carried a similar match, in text order, as written
}

// Similar is the Offset of a hit that is not literal.
const Similar = -1

// Set is a number of trackers made ready for matching. It never changes and is
// safe for concurrent use. What one tracker hits does not depend on the others.
type Set struct {
	lang    language
	phrases []phrase
	stems   map[string]int32 // stem to its number
	index   [][]int32        // by stem: the phrases that have it as their key
	symbols []int32          // phrases without any word, such as an emoji
}

// Compile makes the trackers that apply to the language of a conversation (a
// BCP-47 tag; empty: every tracker applies) ready for matching.
func Compile(lang string, trackers []Tracker) *Set {
	s := &Set{lang: languageOf(lang), stems: map[string]int32{}}
	for t, tracker := range trackers {
		if !applies(tracker.Languages, lang) {
			continue
		}
		for p, text := range tracker.Vocabulary {
			s.add(t, p, text)
		}
	}
	s.build()
	return s
}

// add compiles one vocabulary entry, unless there is nothing in it to find.
func (s *Set) add(tracker, number int, text string) {
	p := phrase{tracker: tracker, number: number}
	p.compile(text, s)
	if len(p.words) > 0 || p.lead != "" {
		s.phrases = append(s.phrases, p)
	}
}

// number gives the number of a stem, and makes one for a new stem.
func (s *Set) number(stem string) int32 {
	n, ok := s.stems[stem]
	if !ok {
		n = int32(len(s.stems))
		s.stems[stem] = n
	}
	return n
}

// build files every phrase under its rarest stem: each match of the phrase has
// that stem, and the list of candidates for a text stays short.
func (s *Set) build() {
	uses := make([]int, len(s.stems))
	for _, p := range s.phrases {
		for _, stem := range p.need {
			uses[stem]++
		}
	}
	s.index = make([][]int32, len(s.stems))
	for i := range s.phrases {
		p := &s.phrases[i]
		if len(p.need) == 0 {
			s.symbols = append(s.symbols, int32(i))
			continue
		}
		key := slices.MinFunc(p.need, func(a, b int32) int {
			return cmp.Or(cmp.Compare(uses[a], uses[b]), cmp.Compare(a, b))
		})
		p.key = slices.Index(p.stems, key)
		s.index[key] = append(s.index[key], int32(i))
	}
}

// Match finds the vocabulary entries that the text holds: at most one hit per
// entry, ordered by tracker and then by phrase.
func (s *Set) Match(text string) []Hit {
	t := s.read(text)
	var hits []Hit
	for _, stem := range t.known {
		for _, i := range s.index[stem] {
			if h, ok := s.phrases[i].find(t); ok {
				hits = append(hits, h)
			}
		}
	}
	for _, i := range s.symbols {
		if h, ok := s.phrases[i].findSymbols(text); ok {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Tracker, b.Tracker), cmp.Compare(a.Phrase, b.Phrase))
	})
	return hits
}

// reading is one text, split into words and indexed by their stems.
type reading struct {
	text  string
	words []word
	known []int32         // distinct stems of the text that the set knows, in text order
	at    map[int32][]int // their positions in words, ascending
}

// read splits a text and looks its stems up.
func (s *Set) read(text string) *reading {
	t := &reading{text: text, words: split(text), at: map[int32][]int{}}
	for i, w := range t.words {
		stem, ok := s.stems[s.lang.stem(w.folded)]
		if !ok {
			continue
		}
		if len(t.at[stem]) == 0 {
			t.known = append(t.known, stem)
		}
		t.at[stem] = append(t.at[stem], i)
	}
	return t
}
