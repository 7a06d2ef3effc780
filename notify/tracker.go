package notify

import (
	"cmp"
	"slices"
)

// Sort puts the quotes in the order in which they are shown: exact before
// similar, then as they were said, those of unknown time last. Equal ones keep
// their order.
func (t *Tracker) Sort() { slices.SortStableFunc(t.Quotes, compareQuotes) }

func compareQuotes(a, b Quote) int {
	return cmp.Or(
		compareBool(a.Exact(), b.Exact()),
		compareBool(a.At >= 0, b.At >= 0),
		cmp.Compare(max(a.At, 0), max(b.At, 0)),
	)
}

// compareBool orders true before false.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
