package match

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exhaustive finds what a set finds, without an index: each phrase is compared
// with each passage, word by word.
type exhaustive struct {
	*reading
	set  *Set
	hits map[[2]int]finding // by tracker and phrase
}

func (e *exhaustive) match(text string) []Hit {
	e.read(text)
	e.hits = map[[2]int]finding{}
	for at := 0; at < len(e.tokens); at += passageTokens / 2 {
		passage := e.tokens[at:min(len(e.tokens), at+passageTokens)]
		for t, c := range e.set.trackers {
			if c == nil || c.threshold > 1 {
				continue
			}
			near := themeOf(c, passage)
			for i := range c.phrases {
				l := likenessOf(c, &c.phrases[i], passage, near)
				key := [2]int{t, c.phrases[i].number}
				if s := l.score(); !l.alone && s >= c.threshold && s > e.hits[key].score {
					e.hits[key] = finding{int32(t), int32(key[1]), Similar, s, l.recall, at, l.carried}
				}
			}
		}
		if at+passageTokens >= len(e.tokens) {
			break
		}
	}
	e.addLiterals(text)
	findings := make([]finding, 0, len(e.hits))
	for _, f := range e.hits {
		findings = append(findings, f)
	}
	r := &reader{reading: e.reading, hits: findings}
	return r.report(text)
}

func (e *exhaustive) addLiterals(text string) {
	for t, c := range e.set.trackers {
		if c == nil {
			continue
		}
		for i := range c.phrases {
			l, at := &c.phrases[i].literal, -1
			if len(l.words) == 0 {
				at = l.symbolOffset(straight(text))
			}
			for w := len(e.words) - 1; w >= 0 && len(l.words) > 0; w-- {
				if l.standsAt(e.words[w:]) {
					at = l.offset(text, e.words[w])
				}
			}
			if at >= 0 {
				key := [2]int{t, c.phrases[i].number}
				e.hits[key] = finding{tracker: int32(t), phrase: int32(key[1]), offset: at, score: 1, recall: 1}
			}
		}
	}
}

// firstOf gives for each token the first one with its stem.
func firstOf(passage []token) []int {
	first := make([]int, len(passage))
	for i := range passage {
		first[i] = slices.IndexFunc(passage, func(t token) bool { return t.stem == passage[i].stem })
	}
	return first
}

func weightOf(passage []token) (weight float64) {
	for i, first := range firstOf(passage) {
		if first == i {
			weight += passage[i].weight
		}
	}
	return weight
}

// themeOf is how near a passage is to a tracker's theme.
func themeOf(c *compiled, passage []token) float64 {
	sum, squares := float32(0), 0.0
	for i, first := range firstOf(passage) {
		t := &passage[i]
		if first < i || t.kind == grammar {
			continue
		}
		squares += t.weight * t.weight
		best := float32(0)
		for j := range c.senses {
			if s := &c.senses[j]; s.pull > 0 {
				best = max(best, float32(s.pull/c.length)*float32(alike(&s.token, t)*t.weight))
			}
		}
		sum += best
	}
	if squares == 0 {
		return 0
	}
	return min(1, float64(sum)/math.Sqrt(squares))
}

// likenessOf compares a phrase with a passage.
func likenessOf(c *compiled, p *phrase, passage []token, near float64) likeness {
	l := likeness{theme: near, spread: c.spread, alone: p.half > 0}
	covered, contents, anchored := make([]float64, len(passage)), 0, false
	first := firstOf(passage)
	for i := range p.terms {
		t := &p.terms[i]
		best, at := 0.0, 0
		for j := range passage {
			if a := alike(&t.token, &passage[j]); a > best {
				best, at = a, j
			}
		}
		if best == 0 {
			continue
		}
		l.recall += float64(t.share) * best
		l.top = l.top || i == p.top
		l.carried |= 1 << at
		covered[first[at]] = max(covered[first[at]], best)
		anchored = anchored || t.anchor
		if t.kind == content {
			contents++
			l.alone = l.alone && contents < 2 && !p.carries(t, best)
		}
	}
	for i := range passage {
		l.precision += covered[i] * passage[i].weight
	}
	l.precision /= weightOf(passage)
	l.alone = l.alone || !anchored
	return l
}

// saying are words that are alike in each of the ways there are.
var saying = strings.Fields(`I want don't not never no please cancel cancelled cancle terminate subscription membership
	card cards lost find can't working broken refund money back 10 ten twenty % percent discount dicsount offer price
	account acount the a of my to is it in when because becauze sale run running thank you thanks would like know about
	question sitting zebra zebras zbera quux . , 🔥 naïve`)

func say(r *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = saying[r.IntN(len(saying))]
	}
	return strings.Join(words, " ")
}

func randomSayings(r *rand.Rand, n int) []Tracker {
	trackers := make([]Tracker, n)
	for i := range trackers {
		trackers[i].ID = strconv.Itoa(i)
		trackers[i].Sensitivity = [...]Sensitivity{Balanced, Balanced, Strict, Broad, Exact}[r.IntN(5)]
		for range 1 + r.IntN(6) {
			trackers[i].Vocabulary = append(trackers[i].Vocabulary, say(r, 1+r.IntN(6)))
		}
	}
	return trackers
}

func TestTheIndexFindsWhatComparingEverythingFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	similar, parted := 0, 0
	for round := range 90 {
		trackers := randomSayings(r, 40)
		before := slices.Concat(randomSayings(r, 1+round%2), trackers[1:])
		set := Compile([...]string{"en-US", "en-US", "fr-FR"}[round%3], before).Update(trackers)
		parted += len(set.parts) - 1
		all := &exhaustive{reading: newReading(set.lang, nil), set: set}
		for range 10 {
			text := say(r, 1+r.IntN(60))
			want := all.match(text)
			require.Equal(t, want, set.Match(text), text)
			similar += len(slices.DeleteFunc(want, func(h Hit) bool { return h.Offset != Similar }))
		}
	}
	require.Greater(t, similar, 3000, "enough is found by likeness")
	require.Greater(t, parted, 20, "enough sets have two indexes")
}
