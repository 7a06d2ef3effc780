package match_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

func TestWhatIsMeantIsFound(t *testing.T) {
	tests := map[string]struct{ phrase, text string }{
		"synonyms":            {"I want to cancel my subscription", "please terminate my membership"},
		"an expression":       {"I want a refund", "I want my money back"},
		"a denied word":       {"I lost my card", "I can't find my card"},
		"denied in both":      {"My card does not work", "the card isn't working"},
		"contraction":         {"I can not log in", "can't log in"},
		"without apostrophe":  {"I do not recognize this charge", "i dont recognize this charge"},
		"spelling of chats":   {"Thank you", "thx so much"},
		"misspelled":          {"What is your return policy", "whats your retrun policy"},
		"drawn out":           {"hello", "helloooo"},
		"fillers":             {"cancel my booking", "I uh cancel um my, er, booking"},
		"false starts":        {"I want to cancel my booking", "I want I want to to cancel cancel my my booking"},
		"numbers":             {"a discount of 10 20 percent", "ten percent discount"},
		"percent sign":        {"twenty percent off", "20% off"},
		"in a long monologue": {"how much does it cost", strings.Repeat("And then we went on and on about nothing at all. ", 20) + "What would it cost? " + strings.Repeat("So there it is. ", 20)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, ok := one("en-US", tt.phrase, tt.text)
			require.True(t, ok)
			require.Equal(t, match.Similar, h.Offset)
			require.NotEmpty(t, h.Words)
		})
	}
}

func TestWhatIsNotMeantIsNotFound(t *testing.T) {
	tests := map[string]struct{ phrase, text string }{
		"not wanted":             {"I want to cancel my subscription", "I don't want to cancel my subscription"},
		"forbidden":              {"I want to cancel my order", "please do not cancel the order"},
		"no thanks":              {"thank you", "no thanks"},
		"only frames":            {"I want to cancel my booking", "I want to know"},
		"only the object":        {"report a stolen credit card", "which credit card do you offer"},
		"another number":         {"911", "1000"},
		"another word by letter": {"cast", "coast"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok := one("en-US", tt.phrase, tt.text)
			require.False(t, ok)
		})
	}
}

func TestADenialDropsNoLiteralMatch(t *testing.T) {
	h, ok := one("en-US", "cancel", "I don't want to cancel")
	require.True(t, ok)
	require.Equal(t, match.Hit{Offset: 16, Score: 1}, h)
}

func TestSensitivityOrdersWhatIsFound(t *testing.T) {
	found := func(s match.Sensitivity, text string) bool {
		tracker := match.Tracker{Vocabulary: []string{"I want to cancel my subscription"}, Sensitivity: s}
		return len(match.Compile("en-US", []match.Tracker{tracker}).Match(text)) > 0
	}
	for text, want := range map[string][4]bool{ // exact, strict, balanced, broad
		"well I want to cancel my subscription": {true, true, true, true},
		"can you cancel my subscription":        {false, true, true, true},
		"can I cancel it":                       {false, false, false, true},
		"I have a question":                     {false, false, false, false},
	} {
		got := [4]bool{found(match.Exact, text), found(match.Strict, text), found(match.Balanced, text), found(match.Broad, text)}
		require.Equal(t, want, got, text)
	}
	_, err := match.ParseSensitivity("high")
	require.EqualError(t, err, "must be exact, strict, balanced or broad")
}

func TestExplanationSaysWhatIsMissing(t *testing.T) {
	set := match.Compile("en-US", []match.Tracker{
		{Vocabulary: []string{"close my account", "#1"}},
		{Vocabulary: []string{"Angebot"}, Languages: []string{"de"}},
		{Vocabulary: []string{"account closed"}, Sensitivity: match.Exact},
	})
	all := set.Explain("do not close the account")
	require.Len(t, all, 4)
	require.False(t, all[0].Found)
	require.Equal(t, []string{"close", "account"}, all[0].Refused)
	require.Less(t, all[0].Score, all[0].Threshold)
	require.Zero(t, all[1].Score, "numbers are found only as written")
	require.True(t, all[2].Inapplicable)
	require.Greater(t, all[3].Threshold, 1.0)

	all = set.Explain("#1: I close my account")
	require.Equal(t, []bool{true, true}, []bool{all[0].Found, all[1].Found})
	require.Equal(t, 6, all[0].Offset)
	require.Zero(t, all[1].Offset)
}

func TestExplanationAgreesWithMatch(t *testing.T) {
	trackers := []match.Tracker{{Vocabulary: promotion}, {Vocabulary: []string{"run sale", "special offer"}, Sensitivity: match.Broad}}
	set := match.Compile("en-US", trackers)
	for _, text := range []string{"We're running a sale right now", "a special discount this month", "nothing", ""} {
		var found []match.Hit
		for _, e := range set.Explain(text) {
			if e.Found {
				found = append(found, e.Hit)
			} else if e.Offset == match.Similar && e.Score >= e.Threshold {
				require.Less(t, e.Recall, 0.67, "only a lesser phrase is left out")
			}
		}
		require.Equal(t, set.Match(text), found, text)
	}
}

func TestUpdateFindsAsCompileDoes(t *testing.T) {
	before := []match.Tracker{{ID: "1", Vocabulary: []string{"run sale"}}, {ID: "2", Vocabulary: []string{"close my account"}}}
	after := []match.Tracker{{ID: "2", Vocabulary: []string{"close my account"}}, {ID: "1", Vocabulary: []string{"special offer"}}, {ID: "3", Vocabulary: []string{"sale"}}}
	updated, compiled := match.Compile("en-US", before).Update(after), match.Compile("en-US", after)
	for _, text := range []string{"running a sale", "a special offer", "terminate my account"} {
		require.Equal(t, compiled.Match(text), updated.Match(text), text)
	}
}

func TestEmbeddedBackgroundIsCounts(t *testing.T) {
	data, err := os.ReadFile("english/background.txt")
	require.NoError(t, err)
	lines, last := 0, ""
	for line := range strings.Lines(string(data)) {
		if line[0] == '#' {
			continue
		}
		stem, count, ok := strings.Cut(strings.TrimSpace(line), " ")
		require.True(t, ok, line)
		n, err := strconv.Atoi(count)
		require.NoError(t, err, line)
		require.Positive(t, n)
		if lines++; lines > 1 {
			require.Greater(t, stem, last, "sorted")
			last = stem
		}
	}
	require.Greater(t, lines, 2000)
}
