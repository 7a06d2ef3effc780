package match

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAChangeOfOneTrackerTouchesNoOther(t *testing.T) {
	trackers := randomSayings(rand.New(rand.NewPCG(1, 2)), 100)
	before := Compile("en-US", trackers)
	changed := slices.Clone(trackers)
	changed[7].Vocabulary = []string{"something else altogether"}
	changed = append(changed, Tracker{ID: "new", Vocabulary: []string{"brand new"}})

	after := before.Update(changed)
	for i := range trackers {
		require.Equal(t, i != 7, before.trackers[i] == after.trackers[i], "tracker %d", i)
	}
	require.Same(t, before.parts[0].index, after.parts[0].index, "the old index is kept")
	require.Len(t, after.parts, 2)
	require.Equal(t, []*compiled{after.trackers[7], after.trackers[100]}, after.parts[1].trackers, "and only what is new gets one")
	require.EqualValues(t, noWord, after.parts[0].at[7])
	require.NotEmpty(t, after.Match("it is something else altogether"))
	require.Equal(t, before.Match(trackers[9].Vocabulary[0]), after.Match(trackers[9].Vocabulary[0]))
}

func TestAllIsIndexedAnewOnceMuchHasChanged(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	trackers := randomSayings(r, 100)
	first := Compile("en-US", trackers)
	set := first
	for i := range 40 {
		trackers = slices.Clone(trackers)
		trackers[i].Vocabulary = []string{say(r, 3), say(r, 4)}
		set = set.Update(trackers)
	}
	require.NotSame(t, first.parts[0].index, set.parts[0].index)
	dead := 0
	for _, p := range set.parts {
		dead += p.gone(p.at)
	}
	require.LessOrEqual(t, float64(dead), mostLoose*float64(len(set.parts[0].phrases)))
}

func TestUpdatesFindAsCompilingAnewDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	trackers := randomSayings(r, 60)
	set := Compile("en-US", trackers)
	for range 60 {
		switch at := r.IntN(len(trackers)); r.IntN(4) {
		case 0:
			trackers = slices.Delete(slices.Clone(trackers), at, at+1)
		case 1:
			trackers = slices.Insert(slices.Clone(trackers), at, randomSayings(r, 1)[0]) // of an id that is taken, perhaps
		case 2:
			trackers = slices.Clone(trackers)
			r.Shuffle(len(trackers), func(i, j int) { trackers[i], trackers[j] = trackers[j], trackers[i] })
		default:
			trackers = slices.Clone(trackers)
			trackers[at].Vocabulary = []string{say(r, 3)}
		}
		set = set.Update(trackers)
		anew := Compile("en-US", trackers)
		for range 5 {
			text := say(r, 20)
			require.Equal(t, anew.Match(text), set.Match(text), text)
		}
	}
}
