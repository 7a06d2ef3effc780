package config

import "strings"

// nearest finds the candidate that name may be a misspelling of. Case, _ and -
// do not count; of the rest one byte in three may be wrong, and two at most.
func nearest[T any](name string, candidates []T, nameOf func(T) string) (T, bool) {
	var best T
	found, allowed, given := false, min(2, max(1, len(name)/3)), bare(name)
	for _, c := range candidates {
		known := bare(nameOf(c))
		if len(given) > len(known)+allowed {
			continue // and may be of any length
		}
		if d := distance(given, known); d <= allowed {
			best, found, allowed = c, true, d-1
		}
	}
	return best, found
}

func bare(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

// distance counts the bytes to add, drop, replace or swap with their neighbour to
// turn a into b (optimal string alignment).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
