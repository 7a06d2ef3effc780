package match

import (
	"math"
	"slices"
)

// setSenses sums the phrases up. A word that is denied, or stands in an
// expression, is another one than the word alone.
func (c *compiled) setSenses() {
	terms := 0
	for i := range c.phrases {
		terms += len(c.phrases[i].terms)
	}
	c.senses = make([]sense, 0, terms)
	last := make(map[string]int, terms) // sense of each stem
	for i := range c.phrases {
		for j := range c.phrases[i].terms {
			t := &c.phrases[i].terms[j]
			t.sense = int32(c.senseOf(&t.token, last))
			if t.kind != grammar {
				c.senses[t.sense].pull += t.weight
			}
		}
	}
	c.senses = slices.Clip(c.senses)
	c.setLike()
}

// senseOf is the number of a token's sense, which is made if it is new.
func (c *compiled) senseOf(t *token, last map[string]int) int {
	before := -1
	if at, ok := last[t.stem]; ok {
		before = at
	}
	for at := before; at >= 0; at = c.senses[at].before {
		if s := &c.senses[at]; s.denial == t.denial && slices.Equal(s.groups, t.groups) {
			return at
		}
	}
	last[t.stem] = len(c.senses)
	c.senses = append(c.senses, sense{token: *t, before: before})
	return len(c.senses) - 1
}

// setLike notes which of the senses are like one another: those that have
// synonyms, and those of one stem.
func (c *compiled) setLike() {
	var some []int
	for i := range c.senses {
		if s := &c.senses[i]; len(s.groups) > 0 || s.before >= 0 || s.denial != affirmed {
			some = append(some, i)
		}
		if before := c.senses[i].before; before >= 0 && len(c.senses[before].groups) == 0 && c.senses[before].denial == affirmed {
			some = append(some, before)
		}
	}
	ofPhrase, ofText := make([]marks, len(some)), make([]marks, len(some))
	for at, i := range some {
		ofPhrase[at], ofText[at] = c.senses[i].phraseMarks(), c.senses[i].textMarks()
	}
	for at, i := range some {
		for to, j := range some {
			if i == j || ofPhrase[at]&ofText[to] == 0 {
				continue
			}
			if like := alike(&c.senses[i].token, &c.senses[j].token); like > 0 {
				c.senses[i].like = append(c.senses[i].like, likeSense{j, like})
			}
		}
	}
}

// mostCompared is how many phrases of a tracker are compared with each other to
// learn how alike they are; the first ones stand for the rest.
const mostCompared = 40

// setLength measures the theme, and how near the phrases are to it.
func (c *compiled) setLength() {
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
func (c *compiled) nearness(p *phrase) float64 {
	dot, squares := 0.0, 0.0
	for i := range p.terms {
		t := &p.terms[i]
		if t.kind == grammar {
			continue
		}
		best := c.senses[t.sense].pull
		for _, o := range c.senses[t.sense].like {
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
func (c *compiled) setSpread() {
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
func (c *compiled) markSenses(p *phrase, has []float64) {
	for i := range p.terms {
		s := p.terms[i].sense
		has[s] = 1
		for _, o := range c.senses[s].like {
			has[o.sense] = max(has[o.sense], o.like)
		}
	}
}

// recallOf is how much of the phrase there is in what has so much of each sense.
func (p *phrase) recallOf(has []float64) float64 {
	recall, anchored := 0.0, false
	for i := range p.terms {
		t := &p.terms[i]
		recall += t.share * has[t.sense]
		anchored = anchored || t.anchor && has[t.sense] > 0
	}
	if !anchored {
		return 0
	}
	return recall
}
