package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

func TestANumberIsFoundWhole(t *testing.T) {
	const absent = -2
	tests := map[string]struct {
		lang, phrase, text string
		want               int
	}{
		"after the point":                 {"en-US", "5 percent", "1.5 percent", match.Similar},
		"after the point, as a sign":      {"en-US", "5%", "up 2.5%", match.Similar},
		"after the point, of money":       {"en-US", "$99", "for $69.99", absent},
		"before the point":                {"en-US", "$69", "for $69.99", absent},
		"before the comma":                {"en-US", "$1", "for $1,000", absent},
		"after the comma":                 {"en-US", "500", "it is 1,500 now", absent},
		"a range is no decimal":           {"en-US", "4.5", "4-5", absent},
		"a decimal is no range":           {"en-US", "4-5", "4.5", absent},
		"a range":                         {"en-US", "4-5", "4 - 5", 0},
		"the decimal":                     {"en-US", "4.5", "all of 4.5 stars", 7},
		"thousands in the text":           {"en-US", "1000", "for $1,000", 5},
		"thousands in the phrase":         {"en-US", "$1,000", "für $1000", 4},
		"after thousands":                 {"en-US", "now", "für 1,234,567.89 now", 17},
		"millions":                        {"en-US", "1234567.89", "für 1,234,567.89 now", 4},
		"thousands with a letter":         {"en-US", "1000k", "1,000k", 0},
		"no such grouping":                {"en-US", "10000000", "1,00,00,000", absent},
		"nor this":                        {"en-US", "1234567", "1234,567", absent},
		"nor this one":                    {"en-US", "10001", "1,0001", absent},
		"lakhs":                           {"en-IN", "₹1", "₹1,00,000", absent},
		"whole":                           {"en-US", "$500", "it is $500.00 now", 6},
		"whole, and thousands":            {"en-US", "1500.00", "for 1,500", 4},
		"not whole":                       {"en-US", "500", "500.50", absent},
		"a time":                          {"en-US", "5:30", "at 5 30", 3},
		"a time with a point":             {"en-US", "5", "at 5.30 pm", absent},
		"a version":                       {"en-US", "version 1.2", "version 1.2.3", match.Similar},
		"the version":                     {"en-US", "1.2.3", "version 1.2.3.", 8},
		"of a release":                    {"en-US", "v2", "with v2.1", absent},
		"a date":                          {"en-US", "12.05", "on 12.05.2026", absent},
		"a date that ends in zeros":       {"en-US", "12.05", "on 12.05.00", absent},
		"the first of a list":             {"en-US", "1", "steps 1,2 and 3", 6},
		"the second of a list":            {"en-US", "2", "steps 1,2 and 3", 8},
		"the last of a list":              {"en-US", "3", "steps 1,2,3", 10},
		"a list with blanks":              {"en-US", "200", "100, 200, 300", 5},
		"the end of a sentence":           {"en-US", "5", "I pay 5. 10 of us", 6},
		"the begin of a sentence":         {"en-US", "10 of us", "I pay 5. 10 of us", 9},
		"a sentence without a blank":      {"en-US", "then", "I pay 5.Then I go", 8},
		"commas without a number":         {"en-US", "b", "a,b,1.c", 2},
		"a decimal comma":                 {"de-DE", "5 Prozent", "1,5 Prozent", match.Similar},
		"the decimal comma":               {"de-DE", "1,5 Prozent", "um 1,5 Prozent", 3},
		"a German amount":                 {"de-DE", "50", "1.000,50", absent},
		"the German amount":               {"de-DE", "1.000,50", "für 1.000,50 €", 4},
		"a whole German amount":           {"de-DE", "1.000 €", "für 1.000,00 €", 4},
		"thousandths":                     {"de-DE", "125", "0,125", absent},
		"thousandths are not thousands":   {"de-DE", "0125", "0,125", absent},
		"after letters that are no ASCII": {"de-DE", "5", "ü1.5", absent},
		"another script's characters":     {"ja-JP", "5", "約1.5倍", absent},
		"that have the number":            {"ja-JP", "1.5倍", "約1.5倍", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, ok := one(tt.lang, tt.phrase, tt.text)
			require.Equal(t, tt.want != absent, ok, h)
			if ok {
				require.Equal(t, tt.want, h.Offset)
			}
		})
	}
}

// A number with a point is like another number, not like a word that nobody
// has ever heard.
func TestADecimalIsLikeAnotherNumber(t *testing.T) {
	score := func(phrase, text string) float64 {
		h, ok := one("en-US", phrase, text)
		require.True(t, ok, "%q in %q", phrase, text)
		return h.Score
	}
	require.InDelta(t, score("an interest of 2 percent", "an interest of 3 percent"), score("an interest of 2.5 percent", "an interest of 3,100.5 percent"), 1e-9)
	_, ok := one("en-US", "1.5 and 2.5", "it is 3.5 and 4.5")
	require.False(t, ok, "other numbers mean something else")
}
