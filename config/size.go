package config

import (
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as 512KiB, 1MiB, 2GiB (powers of 1024),
// 500KB, 1MB, 2GB (powers of 1000) or a plain number. Case does not matter.
type Size int64

// unit is a suffix of a size and how many bytes it stands for.
type unit struct {
	suffix string
	bytes  int64
}

// units lists the suffixes, the largest first and B last, because every other
// one ends in it too.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
		{"B", 1},
	}
}

// String gives the size in the largest binary unit that divides it: 1MiB, 1500.
func (s Size) String() string {
	for _, u := range units() {
		if strings.HasSuffix(u.suffix, "iB") && s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parseSize reads what String writes, and the other spellings of a Size.
func parseSize(text string) (Size, bool) {
	number, factor := strings.ToLower(text), int64(1)
	for _, u := range units() {
		if rest, ok := strings.CutSuffix(number, strings.ToLower(u.suffix)); ok {
			number, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || int64(n) > math.MaxInt64/factor {
		return 0, false
	}
	return Size(int64(n) * factor), true
}
