package match

import (
	"cmp"
	"math/bits"
	"slices"
)

// ample is how much of a phrase a text has that is about this phrase, and not
// about a like one of the same tracker.
const ample = 2.0 / 3

// report gives the hits in order: the literal ones, and of the similar ones of
// a tracker the best, and those that have an ample part of their phrase.
func (r *reader) report(text string) []Hit {
	if len(r.hits) == 0 {
		return nil
	}
	slices.SortFunc(r.hits, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.tracker, b.tracker), cmp.Compare(a.phrase, b.phrase))
	})
	kept := r.hits[:0]
	for start := 0; start < len(r.hits); {
		end, best := start, start
		for ; end < len(r.hits) && r.hits[end].tracker == r.hits[start].tracker; end++ {
			if r.hits[end].score > r.hits[best].score {
				best = end
			}
		}
		for i := start; i < end; i++ {
			if i == best || r.hits[i].recall >= ample {
				kept = append(kept, r.hits[i])
			}
		}
		start = end
	}
	return r.write(text, kept)
}

// write makes the hits of findings. The words of all lie in one slice.
func (r *reader) write(text string, findings []finding) []Hit {
	hits := make([]Hit, len(findings))
	r.spoken = r.spoken[:0]
	for i, f := range findings {
		hits[i] = Hit{Tracker: int(f.tracker), Phrase: int(f.phrase), Offset: f.offset, Score: f.score}
		r.spoken = r.appendCarriers(r.spoken, f.first, f.carried)
	}
	words := r.wordsAs(text, r.spoken)
	for i, f := range findings {
		r.spoken = r.appendCarriers(r.spoken[:0], f.first, f.carried)
		if n := len(r.spoken); n > 0 {
			hits[i].Words, words = words[:n:n], words[n:]
		}
	}
	return hits
}

// wordsAs gives words as the text has them; nil for none.
func (r *reader) wordsAs(text string, numbers []int32) []string {
	if len(numbers) == 0 {
		return nil
	}
	words := make([]string, len(numbers))
	for i, w := range numbers {
		words[i] = text[r.words[w].start:r.words[w].end]
	}
	return words
}

// appendCarriers appends the words that carried similar wording, in the order
// of the text: grammar only if there is nothing else.
func (r *reader) appendCarriers(to []int32, first int, carried uint32) []int32 {
	before := len(to)
	for _, plainest := range [...]kind{frame, grammar} {
		for left := carried; left != 0; left &= left - 1 {
			t := &r.tokens[first+bits.TrailingZeros32(left)]
			if n := len(to); t.kind <= plainest && (n == before || to[n-1] != t.word) {
				to = append(to, t.word)
			}
		}
		if len(to) > before {
			break
		}
	}
	return to
}
