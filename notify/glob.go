package notify

import (
	"slices"
	"strings"
)

// glob tells whether a pattern, in which * stands for any text, is s.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[last])
}

func anyGlob(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, s) })
}

// anyNumber compares phone numbers however they are written: +1 (415) 555-0137
// is +14155550137. Case does not matter, for SIP addresses. A number that is
// not known is none.
func anyNumber(patterns []string, number string) bool {
	plain := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "")
	number = strings.ToLower(plain.Replace(number))
	return number != "" && slices.ContainsFunc(patterns, func(p string) bool { return glob(strings.ToLower(plain.Replace(p)), number) })
}
