package match

import "math"

// The score of a phrase in a passage is the sum of these, each of them times
// something between 0 and 1, less spreadFactor times the spread of its tracker.
const (
	recallFactor    = 0.55 // how much of the phrase the passage has
	precisionFactor = 0.13 // how much of the passage the phrase has
	topFactor       = 0.07 // whether the passage has the phrase's heaviest word
	themeFactor     = 0.25 // how near the passage is to all phrases of the tracker
	spreadFactor    = 0.34
)

// A text is compared in passages of so many tokens, of which each begins
// in the middle of the one before: words that are further apart than this do
// not make up a phrase.
const passageTokens = 24

// passage is a part of a text.
type passage struct {
	tokens []token
	same   []int   // for each token the first one with its stem
	marks  []marks // of each token
	all    marks   // of all tokens
	weight float64 // of the distinct tokens
	length float64 // of the distinct tokens but grammar, as a vector
}

// set makes the passage that of the tokens, at most passageTokens.
func (p *passage) set(tokens []token) {
	p.tokens, p.same, p.weight, p.marks, p.all = tokens, p.same[:0], 0, p.marks[:0], 0
	squares := 0.0
	for i := range tokens {
		t, first := &tokens[i], 0
		for tokens[first].stem != t.stem {
			first++
		}
		p.same = append(p.same, first)
		m := t.textMarks()
		p.marks = append(p.marks, m)
		p.all |= m
		if first < i {
			continue
		}
		p.weight += t.weight
		if t.kind != grammar {
			squares += t.weight * t.weight
		}
	}
	p.length = math.Sqrt(squares)
}

// likeness says how a phrase and a passage are alike.
type likeness struct {
	recall, precision, theme float64
	top                      bool
	spread                   float64
	at                       []int // tokens of the passage that carry it, ascending
}

// likest is the highest score of similar wording: 1 is for the words as written.
const likest = 0.99

// score is the likeness as one number from 0 to likest.
func (l *likeness) score() float64 {
	s := recallFactor*l.recall + precisionFactor*l.precision + themeFactor*l.theme - spreadFactor*l.spread
	if l.top {
		s += topFactor
	}
	return max(0, min(likest, s))
}

// compare finds the phrase in the passage; false if it has none of the
// phrase's anchors. The likeness' at is reused.
func (c *compiled) compare(p *phrase, in *passage, theme float64, l *likeness) bool {
	*l = likeness{theme: theme, spread: c.spread, at: l.at[:0]}
	var covered [passageTokens]float64
	anchored := false
	for i := range p.terms {
		marks := p.marks[i]
		if marks&in.all == 0 {
			continue
		}
		t := &p.terms[i]
		best, at := 0.0, 0
		for j := range in.tokens {
			if marks&in.marks[j] == 0 {
				continue
			}
			if a := alike(&t.token, &in.tokens[j]); a > best {
				best, at = a, j
			}
		}
		if best == 0 {
			continue
		}
		anchored = anchored || t.anchor
		l.recall += t.share * best
		l.top = l.top || i == p.top
		first := in.same[at]
		covered[first] = max(covered[first], best)
		l.at = append(l.at, at)
	}
	if !anchored {
		return false
	}
	for i, share := range covered[:len(in.tokens)] {
		l.precision += share * in.tokens[i].weight
	}
	l.precision /= in.weight
	return true
}
