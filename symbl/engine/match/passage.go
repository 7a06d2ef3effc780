package match

import (
	"math"
	"math/bits"
)

// A text is compared in passages of so many tokens, of which each begins
// in the middle of the one before: words that are further apart than this do
// not make up a phrase.
const passageTokens = 24

// passage is a part of a text. Sets of its tokens are bits of a number, from
// the lowest on.
type passage struct {
	serial    uint32
	first     int // its first token in the text
	tokens    []token
	same      []int // for each token the first one with its stem
	weight    float64
	length    float64 // of the distinct tokens but grammar, as a vector
	perWeight float64 // precision for each weight

	stems  []carriers // by number of a stem
	groups []uint32   // by group of synonyms, and none: the tokens that have it
	visits []int32    // stems that some token can be like

	covered [passageTokens]float64 // scratch of a comparison: how far each token is covered
}

// carriers are the tokens of a passage that have a stem.
type carriers struct {
	serial        uint32  // of the passage
	same, similar uint32  // tokens that have it, and that may be misspellings of it
	visit         bool    // it is among the visits
	weight        float64 // of the heaviest token that can be like it
}

// with gives the tokens that have a stem.
func (p *passage) with(stem int32) *carriers {
	c := &p.stems[stem]
	if c.serial != p.serial {
		*c = carriers{serial: p.serial}
	}
	return c
}

// visit puts a stem among the visits: a token of that weight can be like it.
func (p *passage) visit(stem int32, weight float64) {
	if stem == noWord {
		return
	}
	c := p.with(stem)
	if !c.visit {
		c.visit = true
		p.visits = append(p.visits, stem)
	}
	c.weight = max(c.weight, weight)
}

// setVisits notes the stems that some token can be like in the indexes.
func (p *passage) setVisits(desks []*desk) {
	p.visits = p.visits[:0]
	for i := range p.tokens {
		t := &p.tokens[i]
		p.visit(t.number, t.weight)
		for _, w := range t.similar {
			p.visit(w.stem, t.weight)
		}
		for _, g := range t.groups {
			for _, d := range desks {
				for _, stems := range [...][]int32{d.kin.list(int32(g)), d.strange.list(int32(g))} {
					for _, stem := range stems {
						p.visit(stem, t.weight)
					}
				}
			}
		}
	}
}

// set makes the passage that of the tokens, at most passageTokens.
func (p *passage) set(serial uint32, first int, tokens []token) {
	p.serial, p.first, p.tokens = serial, first, tokens
	p.same, p.weight = p.same[:0], 0
	clear(p.groups)
	squares := 0.0
	for i := range tokens {
		t := &tokens[i]
		p.note(i, t)
		if p.same[i] < i {
			continue
		}
		p.weight += t.weight
		if t.kind != grammar {
			squares += t.weight * t.weight
		}
	}
	p.length = math.Sqrt(squares)
	p.perWeight = precisionFactor / p.weight
}

// note files a token under what words of trackers can be like it for.
func (p *passage) note(i int, t *token) {
	bit, first := uint32(1)<<i, 0
	if t.number != noWord {
		c := p.with(t.number)
		c.same |= bit
		first = bits.TrailingZeros32(c.same)
	} else {
		for p.tokens[first].stem != t.stem {
			first++
		}
	}
	p.same = append(p.same, first)
	for _, w := range t.similar {
		p.with(w.stem).similar |= bit
	}
	for _, g := range t.groups {
		p.groups[g] |= bit
	}
}
