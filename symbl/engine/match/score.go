package match

import "math/bits"

// The score of a phrase in a passage is the sum of these, each of them times
// something between 0 and 1, less spreadFactor times the spread of its tracker.
const (
	recallFactor    = 0.55 // how much of the phrase the passage has
	precisionFactor = 0.13 // how much of the passage the phrase has
	topFactor       = 0.07 // whether the passage has the phrase's heaviest word
	themeFactor     = 0.25 // how near the passage is to all phrases of the tracker
	spreadFactor    = 0.34
)

// likeness says how a phrase and a passage are alike.
type likeness struct {
	recall, precision, theme float64
	top                      bool
	spread                   float64
	alone                    bool   // one word has to carry the phrase, and cannot
	carried                  uint32 // tokens of the passage that carry it
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

// comparison is a phrase that is compared with a passage, term by term.
type comparison struct {
	likeness
	anchored bool
	contents int    // words of content that the passage has
	carries  bool   // one of them is enough
	covered  uint32 // tokens, the first of each stem
}

// compare finds a phrase of the index in the passage; false if it has none of
// the phrase's anchors.
func (d *desk) compare(id int32, in *passage) (likeness, bool) {
	var c comparison
	sift := &d.sieve[id]
	for i, m := range d.marksOf(id) {
		like := in.groups[m.groups[0]] | in.groups[m.groups[1]] | in.groups[m.groups[2]]
		if s := &in.stems[m.stem]; s.serial == in.serial {
			like |= s.same | s.similar
		}
		if m.has(hasMore) {
			for _, g := range d.phrases[id].terms[i].groups {
				like |= in.groups[g]
			}
		}
		if like == 0 {
			continue
		}
		if best, at := d.likest(id, i, &m, in, like); best > 0 {
			c.see(&m, best, at, in)
			c.carries = c.carries || m.has(isContent) && (m.has(isShared) || float64(m.share)*best > float64(sift.half))
		}
	}
	c.finish(in)
	c.alone = sift.half != 0 && c.contents < 2 && !c.carries
	c.theme, c.spread = d.theme(sift.tracker, in), d.limits[sift.tracker].spread
	return c.likeness, c.anchored
}

// likest gives of some tokens the one that is likest to a term of a phrase.
func (d *desk) likest(id int32, term int, m *termMark, in *passage, tokens uint32) (best float64, at int) {
	for ; tokens != 0; tokens &= tokens - 1 {
		i := bits.TrailingZeros32(tokens)
		if a := d.alike(id, term, m, &in.tokens[i]); a > best {
			best, at = a, i
		}
	}
	return best, at
}

// alike does for a term of a phrase what the function of that name does.
func (d *desk) alike(id int32, term int, m *termMark, t *token) float64 {
	if m.stem == t.number {
		return polarity(m.denial, t.denial)
	}
	groups := m.groups[:]
	if m.has(hasMore) {
		groups = d.phrases[id].terms[term].groups
	}
	switch {
	case !sharedGroup(groups, t.groups):
		if t.rare && misspelled(d.phrases[id].terms[term].folded, t.folded) {
			return likeMisspelled * polarity(m.denial, t.denial)
		}
		return 0
	case m.has(isNumber):
		return likeNumber
	case m.has(isMeant):
		return likeSynonym * polarity(affirmed, t.meant())
	}
	return likeSynonym * polarity(m.denial, t.meant())
}

// see notes how like a term is to the likest of the tokens.
func (c *comparison) see(m *termMark, like float64, at int, in *passage) {
	c.recall += float64(m.share) * like
	c.anchored = c.anchored || m.has(isAnchor)
	c.top = c.top || m.has(isTop)
	if m.has(isContent) {
		c.contents++
	}
	c.carried |= 1 << at
	first := in.same[at]
	if bit := uint32(1) << first; c.covered&bit == 0 {
		c.covered |= bit
		in.covered[first] = 0
	}
	in.covered[first] = max(in.covered[first], like)
}

// finish says how much of the passage was covered.
func (c *comparison) finish(in *passage) {
	for left := c.covered; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		c.precision += in.covered[i] * in.tokens[i].weight
	}
	c.precision /= in.weight
}
