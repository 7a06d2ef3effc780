package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// phrase is a compiled vocabulary entry.
type phrase struct {
	tracker, number int
	lead            string   // punctuation that the phrase begins with; the whole of a phrase without words
	words           []string // folded, in order
	stems           []int32  // of words
	need            []int32  // distinct stems that every match has; none for a phrase without words
	all             []int32  // distinct stems, those of trivial words included
	key             int      // position in words of the stem that the phrase is filed under
	literal         bool     // matches literally only
}

// compile splits the phrase and decides which of its words matter.
func (p *phrase) compile(text string, s *Set) {
	words := split(text)
	p.lead = straight(lead(text, words))
	for _, w := range words {
		stem := s.number(s.lang.stem(w.folded))
		p.words = append(p.words, w.folded)
		p.stems = append(p.stems, stem)
		p.literal = p.literal || w.dense
		if !slices.Contains(p.all, stem) {
			p.all = append(p.all, stem)
		}
		if !s.lang.trivial(w.folded) && !slices.Contains(p.need, stem) {
			p.need = append(p.need, stem)
		}
	}
	if len(p.need) == 0 {
		p.need = p.all
	}
}

// lead is what the phrase begins with before its first word.
func lead(text string, words []word) string {
	if len(words) == 0 {
		return strings.TrimSpace(text)
	}
	return strings.TrimLeftFunc(text[:words[0].start], unicode.IsSpace)
}

// find looks for the phrase: literally first, then similarly.
func (p *phrase) find(t *reading) (Hit, bool) {
	if h, ok := p.findLiteral(t); ok {
		return h, true
	}
	if p.literal {
		return Hit{}, false
	}
	return p.findSimilar(t)
}

// findLiteral looks for the phrase's words, one right after the other.
func (p *phrase) findLiteral(t *reading) (Hit, bool) {
	for _, at := range t.at[p.stems[p.key]] {
		first := at - p.key
		if first < 0 || first+len(p.words) > len(t.words) || !p.standsAt(t.words[first:]) {
			continue
		}
		offset := t.words[first].offset - p.leadBefore(t.text[:t.words[first].start])
		return Hit{Tracker: p.tracker, Phrase: p.number, Offset: offset, Score: 1}, true
	}
	return Hit{}, false
}

func (p *phrase) standsAt(words []word) bool {
	for i, w := range p.words {
		if words[i].folded != w {
			return false
		}
	}
	return true
}

// leadBefore is how many code points of the text before the first word belong
// to the phrase, as the # of "#1 offer" does.
func (p *phrase) leadBefore(before string) int {
	n, start := utf8.RuneCountInString(p.lead), len(before)
	for range n {
		_, size := utf8.DecodeLastRuneInString(before[:start])
		start -= size
	}
	if straight(before[start:]) != p.lead {
		return 0
	}
	return n
}

// findSymbols looks for a phrase without words as it is, wherever it stands.
func (p *phrase) findSymbols(text string) (Hit, bool) {
	text = straight(text)
	at := strings.Index(text, p.lead)
	if at < 0 {
		return Hit{}, false
	}
	offset := utf8.RuneCountInString(text[:at])
	return Hit{Tracker: p.tracker, Phrase: p.number, Offset: offset, Score: 1}, true
}
