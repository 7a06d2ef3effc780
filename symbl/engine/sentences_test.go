package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

func TestSegmentsAreJoinedWhileASentenceGoesOn(t *testing.T) {
	voice := func(speaker string, s engine.Segment) engine.Segment { s.Speaker = speaker; return s }
	tests := map[string]struct{ in, want []engine.Segment }{
		"nothing":                {nil, nil},
		"a sentence that is cut": {[]engine.Segment{at(0, 2, "We have a special promotion"), at(2, 4, "going on if you book.")}, []engine.Segment{at(0, 4, "We have a special promotion going on if you book.")}},
		"two sentences":          {[]engine.Segment{at(0, 2, "Hello."), at(2, 4, "Who is it?"), at(4, 5, "Me")}, []engine.Segment{at(0, 2, "Hello."), at(2, 4, "Who is it?"), at(4, 5, "Me")}},
		"an end in quotes":       {[]engine.Segment{at(0, 2, `He said "no."`), at(2, 4, "Then")}, []engine.Segment{at(0, 2, `He said "no."`), at(2, 4, "Then")}},
		"a pause":                {[]engine.Segment{at(0, 2, "and so"), at(3, 4, "well")}, []engine.Segment{at(0, 2, "and so"), at(3, 4, "well")}},
		"two speakers":           {[]engine.Segment{voice("A", at(0, 2, "and so")), voice("B", at(2, 4, "well"))}, []engine.Segment{voice("A", at(0, 2, "and so")), voice("B", at(2, 4, "well"))}},
		"half a minute":          {[]engine.Segment{at(0, 20, "and so"), at(20, 40, "well")}, []engine.Segment{at(0, 20, "and so"), at(20, 40, "well")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cmp.Diff(tt.want, engine.Sentences(tt.in)))
		})
	}
	long := engine.Sentences([]engine.Segment{at(0, 1, strings.Repeat("x ", 200)), at(1, 2, strings.Repeat("y ", 200))})
	require.Len(t, long, 2)
}
