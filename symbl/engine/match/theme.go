package match

import (
	"math"
	"slices"
)

// setSenses sums the phrases up. A word that is denied, or stands in an
// expression, is another one than the word alone.
func (c *compiling) setSenses() {
	terms := 0
	for i := range c.phrases {
		terms += len(c.phrases[i].terms)
	}
	c.senses = make([]sense, 0, terms)
	c.last = append(c.last, make([]int32, int(c.stems.next)-len(c.last))...)
	for i := range c.phrases {
		for j := range c.phrases[i].terms {
			t := &c.phrases[i].terms[j]
			t.sense = c.senseOf(&t.token)
			if t.kind != grammar {
				c.senses[t.sense].pull += t.weight
			}
		}
	}
	for i := range c.senses {
		c.last[c.senses[i].number] = 0
	}
}

// senseOf is the number of a token's sense, which is made if it is new.
func (c *compiling) senseOf(t *token) int32 {
	before := c.last[t.number] - 1
	for at := before; at >= 0; at = c.senses[at].before {
		if s := &c.senses[at]; s.denial == t.denial && slices.Equal(s.groups, t.groups) {
			return at
		}
	}
	c.senses = append(c.senses, sense{token: *t, before: before})
	c.last[t.number] = int32(len(c.senses))
	return int32(len(c.senses)) - 1
}

// setLike notes which of the senses are like one another: those of one stem,
// and synonyms.
func (c *compiling) setLike() {
	c.pairs.reset()
	kin := make([]uint64, 0, len(c.senses)) // of each of some senses: its groups, as bits
	some := make([]int32, 0, len(c.senses))
	for i := range c.senses {
		s := &c.senses[i]
		for at := s.before; at >= 0; at = c.senses[at].before {
			c.addLike(int32(i), at)
		}
		if len(s.groups) == 0 {
			continue
		}
		bits := uint64(0)
		for _, g := range s.groups {
			bits |= 1 << (g % 64)
		}
		for j, o := range some {
			if kin[j]&bits != 0 && c.senses[o].number != s.number {
				c.addLike(int32(i), o)
			}
		}
		kin, some = append(kin, bits), append(some, int32(i))
	}
	c.like = c.pairs.sorted()
}

// addLike notes how like two senses are, in both directions.
func (c *compiling) addLike(i, j int32) {
	for _, pair := range [...][2]int32{{i, j}, {j, i}} {
		if like := alike(&c.senses[pair[0]].token, &c.senses[pair[1]].token); like > 0 {
			c.pairs.add(pair[0], likeSense{pair[1], like})
		}
	}
}

// likeEnough is how like two words of a tracker's phrases are that stand for
// the same.
const likeEnough = likeSynonym / 2

// setShared notes which terms another phrase has too, or a synonym of them.
func (c *compiling) setShared() {
	holders := make([][2]int32, len(c.senses)) // of each the first phrase that has it, and the last, from 1 on
	for i := range c.phrases {
		for j := range c.phrases[i].terms {
			h := &holders[c.phrases[i].terms[j].sense]
			if h[0] == 0 {
				h[0] = int32(i) + 1
			}
			h[1] = int32(i) + 1
		}
	}
	for i := range c.phrases {
		for j := range c.phrases[i].terms {
			t := &c.phrases[i].terms[j]
			others := func(sense int32) bool { return holders[sense] != [2]int32{int32(i) + 1, int32(i) + 1} }
			t.shared = others(t.sense) || slices.ContainsFunc(c.like.list(t.sense), func(o likeSense) bool {
				return o.like > likeEnough && others(o.sense)
			})
		}
	}
}

// mostCompared is how many phrases of a tracker are compared with each other to
// learn how alike they are; the first ones stand for the rest.
const mostCompared = 40

// setLength measures the theme, and how near the phrases are to it.
func (c *compiling) setLength() {
	squares := 0.0
	for i := range c.senses {
		squares += c.senses[i].pull * c.senses[i].pull
	}
	c.length = math.Sqrt(squares)
	near, n := 0.0, 0
	for i := range c.phrases[:min(mostCompared, len(c.phrases))] {
		if p := &c.phrases[i]; len(p.terms) > 0 {
			near += c.nearness(p)
			n++
		}
	}
	if near > 0 {
		c.length *= near / float64(n)
	}
}

// nearness is the cosine of a phrase and the theme.
func (c *compiling) nearness(p *phrase) float64 {
	dot, squares := 0.0, 0.0
	for i := range p.terms {
		t := &p.terms[i]
		if t.kind == grammar {
			continue
		}
		best := c.senses[t.sense].pull
		for _, o := range c.like.list(t.sense) {
			best = max(best, o.like*c.senses[o.sense].pull)
		}
		dot += best * t.weight
		squares += t.weight * t.weight
	}
	if squares == 0 {
		return 0
	}
	return min(1, dot/(math.Sqrt(squares)*c.length))
}

// usualSpread is how much of a phrase the nearest other phrase of its tracker
// usually has. spreadPrior phrases of that kind are assumed of each tracker.
const (
	usualSpread = 0.5
	spreadPrior = 2
)

// setSpread learns how alike the phrases are: for each, how much of another is
// in it at most. Trackers of unlike phrases find less by each of them.
func (c *compiling) setSpread() {
	phrases := c.phrases[:min(mostCompared, len(c.phrases))]
	sum, n := usualSpread*spreadPrior, float64(spreadPrior)
	if len(phrases) > 1 {
		has := make([]float64, len(c.senses))
		for i := range phrases {
			c.markSenses(&phrases[i], has)
			best := 0.0
			for j := range phrases {
				if i != j {
					best = max(best, phrases[j].recallOf(has))
				}
			}
			sum += best
			n++
			clear(has)
		}
	}
	c.spread = sum/n - usualSpread
}

// markSenses notes how much of each sense a phrase has.
func (c *compiling) markSenses(p *phrase, has []float64) {
	for i := range p.terms {
		s := p.terms[i].sense
		has[s] = 1
		for _, o := range c.like.list(s) {
			has[o.sense] = max(has[o.sense], o.like)
		}
	}
}

// recallOf is how much of the phrase there is in what has so much of each sense.
func (p *phrase) recallOf(has []float64) float64 {
	recall, anchored := 0.0, false
	for i := range p.terms {
		t := &p.terms[i]
		recall += float64(t.share) * has[t.sense]
		anchored = anchored || t.anchor && has[t.sense] > 0
	}
	if !anchored {
		return 0
	}
	return recall
}
