package match

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThingsAreFiledUnderTheirNumberInTheOrderTheyCame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var f filing[int]
		want := map[int32][]int{}
		f.reserve(r.IntN(10))
		for thing := range r.IntN(50) {
			number := int32(r.IntN(1 + r.IntN(30)))
			f.add(number, thing)
			want[number] = append(want[number], thing)
		}
		s := f.sorted()
		for number := int32(-1); number < 40; number++ {
			require.True(t, slices.Equal(want[number], s.list(number)), "%d: %v, not %v", number, s.list(number), want[number])
		}
	}
}

func TestNothingIsFiledUnderNoWord(t *testing.T) {
	var f filing[string]
	empty := f.sorted()
	require.Empty(t, empty.list(noWord))
	require.Empty(t, empty.list(0))
	f.add(2, "a thing")
	s := f.sorted()
	require.Empty(t, s.list(noWord))
	require.Empty(t, s.list(0))
	require.Equal(t, []string{"a thing"}, s.list(2))
	require.Empty(t, s.list(3))
}
