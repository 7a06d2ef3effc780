package match_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// language makes words with the skew of a natural language: few are frequent.
func language(r *rand.Rand, words int) func(n int) string {
	zipf := rand.NewZipf(r, 1.1, 4, uint64(words-1))
	return func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("w%dx", zipf.Uint64())
		}
		return strings.Join(out, " ")
	}
}

// BenchmarkMatch shows that the cost of a message grows far slower than the
// number of trackers.
func BenchmarkMatch(b *testing.B) {
	for _, trackers := range []int{10, 100, 1000, 5000} {
		b.Run(fmt.Sprintf("trackers=%d", trackers), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			say := language(r, 20_000)
			all := make([]match.Tracker, trackers)
			for i := range all {
				for range 20 {
					all[i].Vocabulary = append(all[i].Vocabulary, say(2+r.IntN(7)))
				}
			}
			texts := make([]string, 256)
			for i := range texts {
				texts[i] = say(15)
			}
			set := match.Compile("en-US", all)
			for i := 0; b.Loop(); i++ {
				set.Match(texts[i%len(texts)])
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	say := language(r, 20_000)
	all := make([]match.Tracker, 500)
	for i := range all {
		for range 20 {
			all[i].Vocabulary = append(all[i].Vocabulary, say(2+r.IntN(7)))
		}
	}
	for b.Loop() {
		match.Compile("en-US", all)
	}
}
