package match_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// What takes longest is a text that nearly has long phrases at each of its words, one
// that has many similar ones, and one in which many signs are looked for.
func TestMatchingStopsWhenItIsTold(t *testing.T) {
	var phrases, signs, similar []string
	for i := range 100 {
		phrases = append(phrases, strings.Repeat("a ", 300+i)+"b")
		signs = append(signs, strings.Repeat("$", 1+i))
		similar = append(similar, "cancel "+strings.Repeat("x", i+1))
	}
	for name, tt := range map[string]struct {
		phrases []string
		text    string
	}{
		"literal": {phrases, strings.Repeat("a ", 20_000)},
		"similar": {similar, strings.Repeat("cancelling it tomorrow ", 20_000)},
		"signs":   {signs, strings.Repeat("hello ", 20_000)},
	} {
		t.Run(name, func(t *testing.T) {
			set := match.Compile("en-US", []match.Tracker{{Name: "t", Vocabulary: tt.phrases}})
			asked := 0
			hits, ok := set.MatchUntil(tt.text, func() bool { asked++; return asked == 2 })
			require.False(t, ok)
			require.Empty(t, hits)
			require.Equal(t, 2, asked)
			want := match.Compile("en-US", []match.Tracker{{Name: "t", Vocabulary: tt.phrases}}).Match(tt.phrases[0])
			require.Equal(t, want, set.Match(tt.phrases[0]), "what reads on has forgotten it")
		})
	}
}

func TestMatchingThatIsNotToldToStopIsMatching(t *testing.T) {
	set := match.Compile("en-US", []match.Tracker{{Name: "t", Vocabulary: []string{"a sale", "cancel my order"}}})
	text := strings.Repeat("we have a sale and I will cancel the order ", 1000)
	hits, ok := set.MatchUntil(text, func() bool { return false })
	require.True(t, ok)
	require.Equal(t, set.Match(text), hits)
	require.NotEmpty(t, hits)
}
