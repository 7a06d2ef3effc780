package match_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

var vocabulary = strings.Fields(`we you the a run running sale sales special offer discount month right now
	customer question bill price pay paid can't don't café $ 無料 🔥 5 1.5 1,000 4-5`)

// sentence makes a sentence of n words.
func sentence(r *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = vocabulary[r.IntN(len(vocabulary))]
	}
	return strings.Join(words, " ")
}

func randomTrackers(r *rand.Rand, n int) []match.Tracker {
	trackers := make([]match.Tracker, n)
	for i := range trackers {
		for range 1 + r.IntN(4) {
			trackers[i].Vocabulary = append(trackers[i].Vocabulary, sentence(r, 1+r.IntN(4)))
		}
	}
	return trackers
}

// byTracker groups hits by what tracker (in an order) they belong to.
func byTracker(hits []match.Hit, order []int) map[int][]match.Hit {
	groups := map[int][]match.Hit{}
	for _, h := range hits {
		h.Tracker = order[h.Tracker]
		groups[h.Tracker] = append(groups[h.Tracker], h)
	}
	return groups
}

func TestATrackersHitsDoNotDependOnTheOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		trackers := randomTrackers(r, 6)
		order := r.Perm(len(trackers))
		shuffled := make([]match.Tracker, len(order))
		for i, at := range order {
			shuffled[i] = trackers[at]
		}
		together, mixed := match.Compile("en-US", trackers), match.Compile("en-US", shuffled)
		alone := make([]*match.Set, len(trackers))
		for i := range trackers {
			alone[i] = match.Compile("en-US", trackers[i:i+1])
		}
		for range 20 {
			text := sentence(r, 1+r.IntN(15))
			want := map[int][]match.Hit{}
			for i := range trackers {
				for id, hits := range byTracker(alone[i].Match(text), []int{i}) {
					want[id] = hits
				}
			}
			require.Empty(t, cmp.Diff(want, byTracker(together.Match(text), []int{0, 1, 2, 3, 4, 5})), text)
			require.Empty(t, cmp.Diff(want, byTracker(mixed.Match(text), order)), text)
		}
	}
}

func TestEveryPhraseMatchesItselfWhereverItStands(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		phrase := sentence(r, 1+r.IntN(5))
		before := "Größe " + strings.Repeat("xyz ", r.IntN(3))
		h, ok := one("en-US", phrase, before+strings.ToUpper(phrase)+" xyz")
		require.True(t, ok, phrase)
		require.Equal(t, utf8.RuneCountInString(before), h.Offset, phrase)
	}
}

func TestEachOffsetIsThatOfThePhrase(t *testing.T) {
	r, literal := rand.New(rand.NewPCG(9, 10)), 0
	for range 300 {
		trackers := randomTrackers(r, 4)
		set := match.Compile("en-US", trackers)
		for range 10 {
			text := "Ünïcode 🔥 " + sentence(r, 1+r.IntN(20))
			for _, h := range set.Match(text) {
				if h.Offset == match.Similar {
					continue
				}
				literal++
				phrase, runes := trackers[h.Tracker].Vocabulary[h.Phrase], []rune(text)
				requirePhraseAt(t, "en-US", phrase, string(runes[h.Offset:]))
				earlier, ok := one("en-US", phrase, string(runes[:h.Offset]))
				require.False(t, ok && earlier.Offset != match.Similar, "%q: the first one is meant", text)
			}
		}
	}
	require.Greater(t, literal, 1000)
}

func TestAPhraseMoreRemovesNoLiteralMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	literal := func(hits []match.Hit) (offsets map[int]int) {
		offsets = map[int]int{}
		for _, h := range hits {
			if h.Offset != match.Similar {
				offsets[h.Phrase] = h.Offset
			}
		}
		return offsets
	}
	for range 300 {
		few := randomTrackers(r, 1)
		more := []match.Tracker{{Vocabulary: append(few[0].Vocabulary[:len(few[0].Vocabulary):len(few[0].Vocabulary)], sentence(r, 2))}}
		without, with := match.Compile("en-US", few), match.Compile("en-US", more)
		for range 10 {
			text := sentence(r, 1+r.IntN(40))
			after := literal(with.Match(text))
			delete(after, len(few[0].Vocabulary))
			require.Equal(t, literal(without.Match(text)), after, text)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("en-US", "run sale", "We're running a sale right now")
	f.Add("fr", "l’offre", "L'OFFRE \xff")
	f.Add("ja", "無料", "今なら無料です")
	f.Add("ru-RU", "#1 \u0301 e\u0301", "#1 é")
	f.Add("hu", "can't", "CAN’T n't")
	f.Add("en", "2,3", "1,2,3.4 1,000,2,500.00")
	f.Add("de", "#1,5", "#1,5,000 0,00")
	f.Add("xx", "👨‍👩‍👧", "\u00ad\u200d👨‍👩‍👧")
	f.Fuzz(func(t *testing.T, lang, phrase, text string) {
		hits := match.Compile(lang, []match.Tracker{{Vocabulary: []string{phrase, "sale"}}}).Match(text)
		require.LessOrEqual(t, len(hits), 2)
		runes := []rune(text)
		for _, h := range hits {
			require.Greater(t, h.Score, 0.0)
			require.LessOrEqual(t, h.Score, 1.0)
			if h.Offset == match.Similar {
				requireWordsInOrder(t, text, h.Words)
				continue
			}
			require.Less(t, h.Offset, len(runes))
			if h.Phrase == 0 {
				requirePhraseAt(t, lang, phrase, string(runes[h.Offset:]))
			}
		}
	})
}

// requirePhraseAt checks that the phrase is found again at the very start of
// the rest of the text.
func requirePhraseAt(t *testing.T, lang, phrase, rest string) {
	t.Helper()
	h, ok := one(lang, phrase, rest)
	require.True(t, ok)
	require.Zero(t, h.Offset)
}

func requireWordsInOrder(t *testing.T, text string, words []string) {
	t.Helper()
	require.NotEmpty(t, words)
	for _, w := range words {
		_, rest, found := strings.Cut(text, w)
		require.True(t, found)
		text = rest
	}
}
