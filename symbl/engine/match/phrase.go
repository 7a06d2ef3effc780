package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// phrase is a compiled vocabulary entry.
type phrase struct {
	terms   []term  // distinct words, in order; none if it matches literally only
	top     int     // position in terms of the one that weighs most
	half    float32 // half the share of its words of content; 0 if it has not several
	number  int     // in the tracker's vocabulary
	literal literal
}

// term is a distinct word of a phrase.
type term struct {
	share  float32 // of the phrase's weight
	sense  int32   // of the tracker
	anchor bool    // a similar match needs one of the anchors
	shared bool    // another phrase of the tracker has the word, or a synonym
	token
}

// carries tells whether the term, found with that likeness, can carry its
// phrase without another word of content: it must be most of the content, or a
// word of the tracker and not of this phrase only.
func (p *phrase) carries(t *term, like float64) bool {
	return p.half == 0 || t.shared || float64(t.share)*like > float64(p.half)
}

// compilePhrase makes a vocabulary entry ready; false if there is nothing in it
// to find.
func compilePhrase(l *reading, number int, text string) (phrase, bool) {
	l.read(text)
	words := l.words
	p := phrase{number: number, literal: newLiteral(text, words)}
	if len(words) == 0 {
		return p, p.literal.lead != ""
	}
	if !slices.ContainsFunc(words, func(w word) bool { return w.dense }) {
		p.setTerms(l.tokens)
	}
	return p, true
}

// setTerms takes the distinct tokens of the phrase as its terms.
func (p *phrase) setTerms(tokens []token) {
	plainest, numbers, weight := grammar, 0, 0.0
	p.terms = make([]term, 0, len(tokens))
	for i := range tokens {
		t := &tokens[i]
		if p.has(t.number) {
			continue
		}
		p.terms = append(p.terms, term{token: *t})
		weight += t.weight
		plainest = min(plainest, t.kind)
		if t.isNumber() {
			numbers++
		}
	}
	if numbers == len(p.terms) {
		p.terms = nil // other numbers mean something else
	}
	contents, share := 0, float32(0)
	for i := range p.terms {
		t := &p.terms[i]
		t.share = float32(t.weight / weight)
		t.anchor = t.kind == plainest && !t.isNumber()
		if t.weight > p.terms[p.top].weight {
			p.top = i
		}
		if t.kind == content {
			contents++
			share += t.share
		}
	}
	if contents > 1 {
		p.half = share / 2
	}
}

func (p *phrase) has(stem int32) bool {
	for i := range p.terms {
		if p.terms[i].number == stem {
			return true
		}
	}
	return false
}

// literal is a phrase as it is written.
type literal struct {
	lead  string   // punctuation that it begins with; all of a phrase without words
	words []string // folded, in order
}

func newLiteral(text string, words []word) literal {
	l := literal{lead: straight(lead(text, words)), words: make([]string, len(words))}
	for i, w := range words {
		l.words[i] = w.folded
	}
	return l
}

// lead is what the phrase begins with before its first word.
func lead(text string, words []word) string {
	if len(words) == 0 {
		return strings.TrimSpace(text)
	}
	return strings.TrimLeftFunc(text[:words[0].start], unicode.IsSpace)
}

// standsAt tells whether the words begin with those of the literal.
func (l *literal) standsAt(words []word) bool {
	if len(words) < len(l.words) {
		return false
	}
	for i, w := range l.words {
		if words[i].folded != w {
			return false
		}
	}
	return true
}

// offset is where the literal begins in the text, in code points, if its first
// word is the one given.
func (l *literal) offset(text string, first word) int {
	return first.offset - l.leadBefore(text[:first.start])
}

// leadBefore is how many code points of the text before the first word belong
// to the phrase, as the # of "#1 offer" does.
func (l *literal) leadBefore(before string) int {
	n, start := utf8.RuneCountInString(l.lead), len(before)
	for range n {
		_, size := utf8.DecodeLastRuneInString(before[:start])
		start -= size
	}
	if straight(before[start:]) != l.lead {
		return 0
	}
	return n
}

// symbolOffset is where a literal without words stands first, in code points;
// -1 if it does not. The text must have straight apostrophes.
func (l *literal) symbolOffset(text string) int {
	at := strings.Index(text, l.lead)
	if at < 0 {
		return -1
	}
	return utf8.RuneCountInString(text[:at])
}
