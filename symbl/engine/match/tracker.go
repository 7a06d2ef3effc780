package match

import (
	"math"
	"slices"
)

// Tracker is a name and the phrases that are examples of what it watches for.
type Tracker struct {
	ID          string
	Name        string
	Vocabulary  []string
	Languages   []string // BCP-47 tags that it applies to; none means every language
	Sensitivity Sensitivity
}

func (t Tracker) key() string { return t.ID + "\x00" + t.Name }

// same tells whether two trackers find the same.
func (t Tracker) same(o Tracker) bool {
	return t.Sensitivity == o.Sensitivity && slices.Equal(t.Vocabulary, o.Vocabulary) && slices.Equal(t.Languages, o.Languages)
}

// compiled is a tracker made ready. It does not depend on other trackers, and
// never changes.
type compiled struct {
	source  Tracker
	phrases []phrase
	theme   []themeTerm // distinct words of all phrases but grammar
	length  float64     // of the theme as a vector, times how near its phrases are to it
	spread  float64     // how alike the phrases are, less what is usual
}

// themeTerm is a word of a tracker, weighed by how many phrases have it.
type themeTerm struct {
	token
	pull float64
}

// mostCompared is how many phrases of a tracker are compared with each other to
// learn how alike they are; the first ones stand for the rest.
const mostCompared = 40

// compile makes a tracker ready.
func compile(l *language, t Tracker) *compiled {
	t.Vocabulary, t.Languages = slices.Clone(t.Vocabulary), slices.Clone(t.Languages)
	c := &compiled{source: t}
	for i, text := range t.Vocabulary {
		if p, ok := compilePhrase(l, i, text); ok {
			c.phrases = append(c.phrases, p)
		}
	}
	if t.Sensitivity != Exact {
		c.setTheme()
		c.setSpread()
	}
	return c
}

// setTheme sums the phrases up in one vector. A word that is denied, or stands in
// an expression, is another one than the word alone.
func (c *compiled) setTheme() {
	place := map[string]int{}
	for i := range c.phrases {
		for j := range c.phrases[i].terms {
			t := &c.phrases[i].terms[j]
			if t.kind == grammar {
				continue
			}
			at, ok := place[t.sense()]
			if !ok {
				at = len(c.theme)
				place[t.sense()] = at
				c.theme = append(c.theme, themeTerm{token: t.token})
			}
			c.theme[at].pull += t.weight
		}
	}
	squares := 0.0
	for _, t := range c.theme {
		squares += t.pull * t.pull
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

// sense tells words apart that are written the same.
func (t *token) sense() string {
	if t.denial == affirmed && len(t.groups) == len(t.lexeme.groups) {
		return t.stem
	}
	key := t.stem + "\x00" + string(rune(t.denial))
	for _, g := range t.groups {
		key += string(rune(g))
	}
	return key
}

// nearness is the cosine of a phrase and the theme.
func (c *compiled) nearness(p *phrase) float64 {
	dot, squares := 0.0, 0.0
	for i := range p.terms {
		t := &p.terms[i]
		if t.kind == grammar {
			continue
		}
		best := 0.0
		for j := range c.theme {
			best = max(best, alike(&c.theme[j].token, &t.token)*c.theme[j].pull)
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
		for i := range phrases {
			best := 0.0
			for j := range phrases {
				if i != j {
					best = max(best, phrases[j].recallOf(&phrases[i]))
				}
			}
			sum += best
			n++
		}
	}
	c.spread = sum/n - usualSpread
}

// recallOf is how much of the phrase another one has.
func (p *phrase) recallOf(other *phrase) float64 {
	recall, anchored := 0.0, false
	for i := range p.terms {
		t := &p.terms[i]
		best := 0.0
		for j := range other.terms {
			best = max(best, alike(&t.token, &other.terms[j].token))
		}
		recall += t.share * best
		anchored = anchored || t.anchor && best > 0
	}
	if !anchored {
		return 0
	}
	return recall
}
