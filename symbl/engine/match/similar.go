package match

import "slices"

// The stems of a similar match must stand within reach words:
// reachPerWord for each word of the phrase, and reachMore. So that a long
// rambling message does not match by accident.
const (
	reachPerWord = 3
	reachMore    = 4
)

// findSimilar looks for the shortest stretch of the text that has every stem
// the phrase needs.
func (p *phrase) findSimilar(t *reading) (Hit, bool) {
	var at []int
	for _, stem := range p.need {
		if len(t.at[stem]) == 0 {
			return Hit{}, false
		}
		at = append(at, t.at[stem]...)
	}
	slices.Sort(at)
	best := p.shortest(at, t)
	span := best[len(best)-1] - best[0] + 1
	if span > reachPerWord*len(p.words)+reachMore {
		return Hit{}, false
	}
	words := make([]string, len(best))
	for i, at := range best {
		words[i] = t.text[t.words[at].start:t.words[at].end]
	}
	return Hit{Tracker: p.tracker, Phrase: p.number, Offset: Similar, Score: p.score(t, span), Words: words}, true
}

// shortest is the part of the positions, which hold every needed stem, that
// spans the fewest words and still holds them all; the first of equals.
func (p *phrase) shortest(at []int, t *reading) []int {
	stemAt := func(i int) int {
		return slices.IndexFunc(p.need, func(stem int32) bool {
			_, found := slices.BinarySearch(t.at[stem], at[i])
			return found
		})
	}
	seen, missing, low := make([]int, len(p.need)), len(p.need), 0
	best := at
	for high := range at {
		s := stemAt(high)
		if seen[s]++; seen[s] == 1 {
			missing--
		}
		for ; missing == 0; low++ {
			if at[high]-at[low] < best[len(best)-1]-best[0] {
				best = at[low : high+1]
			}
			s := stemAt(low)
			if seen[s]--; seen[s] == 0 {
				missing++
			}
		}
	}
	return best
}

// score is the share of the phrase's words that the text has, trivial ones
// included, times how densely those that matter stand in their span.
func (p *phrase) score(t *reading, span int) float64 {
	found := 0
	for _, stem := range p.all {
		if len(t.at[stem]) > 0 {
			found++
		}
	}
	share := float64(found) / float64(len(p.all))
	return share * min(1, float64(len(p.need))/float64(span))
}
