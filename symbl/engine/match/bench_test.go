package match_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// talk gives words, and messages made of them: those of the labelled messages
// where they are at hand, else those of the background.
func talk(b *testing.B) (words, messages []string) {
	b.Helper()
	if f, err := os.Open(filepath.Join(development, "messages.jsonl")); err == nil {
		defer f.Close() //nolint:errcheck // only read from
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var m labelled
			require.NoError(b, json.Unmarshal(lines.Bytes(), &m))
			messages = append(messages, m.Text)
			words = append(words, strings.Fields(m.Text)...)
		}
		slices.Sort(words)
		return slices.Compact(words), messages
	}
	data, err := os.ReadFile("english/background.txt")
	require.NoError(b, err)
	for line := range strings.Lines(string(data)) {
		var word string
		var n int
		if _, err := fmt.Sscan(line, &word, &n); err == nil && word != "messages" {
			words = append(words, word)
		}
	}
	r := rand.New(rand.NewPCG(2, 2))
	for range 1000 {
		messages = append(messages, pick(r, words, 12))
	}
	return words, messages
}

// pick says n of the words.
func pick(r *rand.Rand, words []string, n int) string {
	said := make([]string, n)
	for i := range said {
		said[i] = words[r.IntN(len(words))]
	}
	return strings.Join(said, " ")
}

// manyTrackers are n trackers of 20 random phrases.
func manyTrackers(words []string, n int) []match.Tracker {
	r := rand.New(rand.NewPCG(1, 1))
	trackers := make([]match.Tracker, n)
	for i := range trackers {
		trackers[i].Name = fmt.Sprint("tracker ", i)
		for range 20 {
			trackers[i].Vocabulary = append(trackers[i].Vocabulary, pick(r, words, 3+r.IntN(6)))
		}
	}
	return trackers
}

func BenchmarkMatch(b *testing.B) {
	words, messages := talk(b)
	for _, n := range []int{100, 1000, 5000} {
		set := match.Compile("en-US", manyTrackers(words, n))
		b.Run(fmt.Sprintf("trackers=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			hits, before := 0, cpuTime(b)
			for i := 0; b.Loop(); i++ {
				hits += len(set.Match(messages[i%len(messages)]))
			}
			b.ReportMetric(float64(b.N)/(cpuTime(b)-before).Seconds(), "messages/cpu-s")
			b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
		})
	}
}

// BenchmarkGrowth measures what more trackers cost. The sets take turns, so
// that whatever else the machine does meets them all.
func BenchmarkGrowth(b *testing.B) {
	const turn = 500 // messages
	words, messages := talk(b)
	sizes := [...]int{100, 1000, 5000}
	var sets [len(sizes)]*match.Set
	var used [len(sizes)]time.Duration
	for i, n := range sizes {
		sets[i] = match.Compile("en-US", manyTrackers(words, n))
	}
	matched := 0
	for b.Loop() {
		for i, set := range sets {
			before := cpuTime(b)
			for m := range turn {
				set.Match(messages[(matched+m)%len(messages)])
			}
			used[i] += cpuTime(b) - before
		}
		matched += turn
	}
	for i, n := range sizes {
		b.ReportMetric(float64(matched)/used[i].Seconds(), fmt.Sprintf("messages/cpu-s@%d", n))
	}
	b.ReportMetric(used[1].Seconds()/used[0].Seconds(), "cost-1000/100")
	b.ReportMetric(used[2].Seconds()/used[1].Seconds(), "cost-5000/1000")
}

func BenchmarkCompile(b *testing.B) {
	words, _ := talk(b)
	trackers := manyTrackers(words, 1000)
	before := cpuTime(b)
	for b.Loop() {
		match.Compile("en-US", trackers)
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkUpdate changes one tracker of a thousand, another one each time, as
// a team does that works on its vocabulary: now and then all are indexed anew.
func BenchmarkUpdate(b *testing.B) {
	words, _ := talk(b)
	trackers := manyTrackers(words, 2000)
	now, spare := trackers[:1000], trackers[1000:]
	set := match.Compile("en-US", now)
	before := cpuTime(b)
	for i := 0; b.Loop(); i++ {
		now[i%len(now)].Vocabulary, spare[i%len(spare)].Vocabulary = spare[i%len(spare)].Vocabulary, now[i%len(now)].Vocabulary
		set = set.Update(now)
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
}
