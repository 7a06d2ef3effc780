package match

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestAReaderFindsTheSameWhenItsSerialsBeginAnew(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	set := Compile("en-US", randomSayings(r, 20))
	read := newReader(set)
	read.serial = lastSerial - 150
	for range 50 {
		text := say(r, 40)
		require.Equal(t, set.Match(text), read.read(text), text)
	}
	require.Less(t, read.serial, uint32(150), "they did")
}

func TestWhatIsAllocatedDoesNotGrowWithTheTrackers(t *testing.T) {
	const found, other = "please cancel the subscription", "the weather of the day was fine"
	for _, n := range []int{1, 100, 2000} {
		trackers := make([]Tracker, n)
		for i := range trackers {
			trackers[i].Vocabulary = []string{fmt.Sprintf("cancel zebra%d", i), "weather forecast"}
		}
		trackers[n/2].Vocabulary = []string{"cancel my subscription"}
		read := newReader(Compile("en-US", trackers))
		require.Len(t, read.read(found), 1)
		require.Empty(t, read.read(other))
		require.Zero(t, testing.AllocsPerRun(20, func() { read.read(other) }), "%d trackers, nothing found", n)
		require.LessOrEqual(t, testing.AllocsPerRun(20, func() { read.read(found) }), 2.0, "%d trackers: the hits and their words", n)
	}
}

// requireBoundedWork checks that what is done for a text is at most so many
// comparisons for each of its bytes.
func requireBoundedWork(t *testing.T, set *Set, text string) {
	t.Helper()
	r := newReader(set)
	r.begin(text)
	require.LessOrEqual(t, len(r.words), utf8.RuneCountInString(text))
	require.LessOrEqual(t, len(r.tokens), 4*len(r.words), "no word stands for more")
	passages := 0
	r.eachPassage(func() {
		passages++
		r.readSimilar()
		for _, d := range r.desks {
			require.LessOrEqual(t, d.waiting, len(d.phrases))
			require.LessOrEqual(t, len(r.passage.visits), int(d.dictionary.stems.next))
		}
	})
	require.LessOrEqual(t, passages, 1+len(r.tokens)/(passageTokens/2))
}

func TestWorkIsBoundedForTextsThatAreMadeToBeSlow(t *testing.T) {
	const repeated = 20_000
	set := Compile("en-US", []Tracker{{Vocabulary: []string{
		strings.Repeat("a ", 400) + "b", "n't n't n't", "#### x", "🔥", "can't not no never", strings.Repeat("card account ", 40),
	}}})
	for _, piece := range []string{
		"a ", "a", "n't ", "'", "\u0301", "a\u00ad", "\u200d", "### x ", "can't not ", "card acount ", "10 % ", "\xff", "無", "aa bb aa bb ", "🔥",
	} {
		requireBoundedWork(t, set, strings.Repeat(piece, repeated))
	}
}

func FuzzWork(f *testing.F) {
	f.Add("en-US", "run sale\ncan't 10 %", "We're running a sale")
	f.Add("de", "\xff\n\u0301\n#", "'n't \u00ad\u00ad")
	f.Add("en", strings.Repeat("a\n", 50), strings.Repeat("a ", 300))
	f.Fuzz(func(t *testing.T, lang, phrases, text string) {
		for _, s := range []Sensitivity{Balanced, Broad} {
			requireBoundedWork(t, Compile(lang, []Tracker{{Vocabulary: strings.Split(phrases, "\n"), Sensitivity: s}}), text)
		}
	})
}

// BenchmarkReader reads messages of twelve English words with a reader that is kept
// between them, with one that forgets the words it knows, and with a new one for each.
func BenchmarkReader(b *testing.B) {
	data, err := os.ReadFile("english/background.txt")
	require.NoError(b, err)
	var words []string
	for line := range strings.Lines(string(data)) {
		if word, _, counted := strings.Cut(line, " "); counted && word != "#" {
			words = append(words, word)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	say := func(n int) string {
		said := make([]string, n)
		for i := range said {
			said[i] = words[r.IntN(len(words))]
		}
		return strings.Join(said, " ")
	}
	trackers := make([]Tracker, 1000)
	for i := range trackers {
		trackers[i].ID = strconv.Itoa(i)
		for range 20 {
			trackers[i].Vocabulary = append(trackers[i].Vocabulary, say(3+r.IntN(6)))
		}
	}
	set := Compile("en-US", trackers)
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = say(12)
	}
	for _, kept := range []string{"all", "reader", "nothing"} {
		b.Run("kept="+kept, func(b *testing.B) {
			b.ReportAllocs()
			read := newReader(set)
			for i := 0; b.Loop(); i++ {
				switch kept {
				case "reader":
					clear(read.known)
				case "nothing":
					read = newReader(set)
				}
				read.read(texts[i%len(texts)])
			}
		})
	}
}
