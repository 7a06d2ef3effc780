package match_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

var promotion = []string{
	"We have a special promotion going on if you book this before",
	"I can offer you a discount of 10 20 percent you being a new customer for us",
	"We have our month special this month",
	"We have a sale right now on",
}

const seriesText = "This is part 1 of a five part series on preparing for an interview interviewing for a new job can be a huge source of stress and anxiety."

// one matches a text against a single phrase.
func one(lang, phrase, text string) (match.Hit, bool) {
	hits := match.Compile(lang, []match.Tracker{{Vocabulary: []string{phrase}}}).Match(text)
	if len(hits) == 0 {
		return match.Hit{}, false
	}
	return hits[0], true
}

func TestLiteralMatchesGiveTheirOffset(t *testing.T) {
	tests := map[string]struct {
		phrase, text string
		want         int
	}{
		"published sample: subscription":   {"Subscription", "Our subscription plan which includes the premium suite of services is $500 per month.", 4},
		"published sample: interviewing":   {"Interviewing for a new job", seriesText, 67},
		"published sample: practice":       {"Practice", "Kitchens, you could also practice with a friend here is an example of small talk.", 25},
		"at the start":                     {"sale", "Sale!", 0},
		"the first of two":                 {"sale", "no sales but a sale and a sale", 15},
		"white space and punctuation fold": {"right now", "do it right,\n  -- now", 6},
		"hyphens are between words":        {"follow-up", "a follow up call", 2},
		"curly apostrophe in the text":     {"can't pay", "I can’t pay", 2},
		"curly apostrophe in the phrase":   {"can’t pay", "I CAN'T PAY", 2},
		"possessive":                       {"customer", "the customer's wish", 4},
		"elision":                          {"offre", "l’offre du mois", 2},
		"composed and decomposed accents":  {"café", "un cafe\u0301", 3},
		"offset after decomposed accents":  {"crème", "cafe\u0301 et cre\u0300me", 9},
		"offset counts code points":        {"sale", "💥🇩🇪 Größe, sale", 11},
		"sharp s":                          {"STRASSE", "die Straße", 4},
		"soft hyphen inside a word":        {"discount", "a dis\u00adcount", 2},
		"punctuation before the phrase":    {"#1 offer", "our #1 offer", 4},
		"that the text does not have":      {"#1 offer", "our 1 offer", 4},
		"currency":                         {"$500", "it is $500 now", 6},
		"script without spaces":            {"無料", "今なら無料です", 3},
		"after a prolonged sound":          {"ID", "ユーザーIDです", 4},
		"a number after one":               {"3台", "サーバー3台", 4},
		"a prolonged sound":                {"サーバー", "新サーバー3台", 1},
		"half width":                       {"ID", "ﾕｰｻﾞｰIDとﾊﾟID", 5},
		"a voiced sound of half width":     {"3ﾄﾞﾙ", "ﾊﾟ3ﾄﾞﾙ", 2},
		"thai":                             {"ฟรี", "ส่งฟรีวันนี้", 3},
		"emoji":                            {"🔥", "so hot 🔥🔥", 7},
		"emoji sequence":                   {"👨‍👩‍👧", "my 👨‍👩‍👧!", 3},
		"invalid bytes count as one each":  {"sale", "\xff\xfe sale", 3},
		"numbers":                          {"10-20 percent", "off 10 20 percent", 4},
		"only stop words":                  {"how are you", "So how are you?", 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, ok := one("en-US", tt.phrase, tt.text)
			require.True(t, ok)
			require.Equal(t, match.Hit{Offset: tt.want, Score: 1}, h)
		})
	}
}

func TestSimilarMatchesGiveTheirWords(t *testing.T) {
	tests := map[string]struct {
		lang, phrase, text string
		want               []string
	}{
		"published sample":         {"en-US", "run sale", "We're running a sale right now", []string{"running", "sale"}},
		"published sample: masks":  {"en-US", "wear mask", "Wearing masks is required", []string{"Wearing", "masks"}},
		"published sample: common": {"en-US", "Most common interview questions", "We will go over three more common interview questions.", []string{"common", "interview", "questions"}},
		"stop words left out":      {"en-US", promotion[3], "We're running a sale right now", []string{"sale", "right"}},
		"another order":            {"en-US", "cancel the order", "that order was cancelled", []string{"order", "cancelled"}},
		"the nearest of many":      {"en-US", "cancel order", "order one two three four order, cancelling it", []string{"order", "cancelling"}},
		"only stop words":          {"en-US", "how are you", "you know how they are", []string{"you", "how", "are"}},
		"words as written":         {"en", "sale", "SALES’ end", []string{"SALES"}},
		"french":                   {"fr-FR", "offre spéciale", "nos offres vraiment spéciales", []string{"offres", "spéciales"}},
		"spanish":                  {"es-ES", "una oferta especial", "ofertas muy especiales", []string{"ofertas", "especiales"}},
		"swedish":                  {"sv-SE", "ett erbjudande", "våra erbjudanden", []string{"erbjudanden"}},
		"russian":                  {"ru-RU", "новая скидка", "у нас новые скидки", []string{"новые", "скидки"}},
		"norwegian":                {"nb-NO", "tilbud", "tilbudene våre", []string{"tilbudene"}},
		"hungarian":                {"hu-HU", "akció", "akciók vannak", []string{"akciók"}},
		"exact stems elsewhere":    {"de-DE", "neues Angebot", "Angebot, ganz neues", []string{"Angebot", "neues"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, ok := one(tt.lang, tt.phrase, tt.text)
			require.True(t, ok)
			require.Equal(t, match.Similar, h.Offset)
			require.Empty(t, cmp.Diff(tt.want, h.Words))
			require.Greater(t, h.Score, 0.0)
			require.LessOrEqual(t, h.Score, 1.0)
		})
	}
}

func TestWhatMustNotMatch(t *testing.T) {
	far := "sale " + strings.Repeat("la li lo lu ", 7) + "running"
	tests := map[string]struct {
		lang, phrase, text string
	}{
		"inside a word":                 {"en-US", "sale", "a wholesale price"},
		"inside a word, not English":    {"de-DE", "Angebot", "Sonderangebote"},
		"a negation holds not its verb": {"en-US", "I can pay by card", "I can't"},
		"words far apart":               {"en-US", "run sale", far},
		"a word is missing":             {"en-US", "report a stolen credit card", "I would like a credit card"},
		"one word of two alike":         {"en-US", "run sale", "running to the station"},
		"the lesser word of two":        {"en-US", "a better offer from", "what do you offer"},
		"no inflections without stems":  {"de-DE", "Angebot", "Angebote"},
		"similar in spaceless scripts":  {"ja-JP", "無料", "料金は無い"},
		"empty phrase":                  {"en-US", "", "anything"},
		"blank phrase":                  {"en-US", " \t", "any thing"},
		"empty text":                    {"en-US", "sale", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok := one(tt.lang, tt.phrase, tt.text)
			require.False(t, ok)
		})
	}
}

func TestPromotionMentionHoldsOffFromOtherTalk(t *testing.T) {
	for _, vocabulary := range [][]string{promotion, append(promotion[:len(promotion):len(promotion)], "run sale"), {"run sale"}} {
		set := match.Compile("en-US", []match.Tracker{{Name: "Promotion Mention", Vocabulary: vocabulary}})
		require.Empty(t, set.Match("the sale of my house went through"), vocabulary)
		require.Empty(t, set.Match("I have a question about my bill right now"), vocabulary)
		require.NotEmpty(t, set.Match("We're running a sale right now"), vocabulary)
	}
	set := match.Compile("en-US", []match.Tracker{{Name: "Promotion Mention", Vocabulary: promotion}})
	require.Contains(t, set.Match("We have our month special this month"), match.Hit{Phrase: 2, Score: 1})
}

func TestOneWordCarriesAPhraseThatItIsMostOf(t *testing.T) {
	const text = "what do you offer"
	found := func(t match.Tracker) bool { return len(match.Compile("en-US", []match.Tracker{t}).Match(text)) > 0 }
	require.False(t, found(match.Tracker{Vocabulary: []string{"a better offer"}}))
	require.True(t, found(match.Tracker{Vocabulary: []string{"a card offer"}}), "cards are in many conversations, offers are not")
	require.True(t, found(match.Tracker{Vocabulary: []string{"a better offer", "an offer from another"}}), "it is a word of the tracker")
	require.True(t, found(match.Tracker{Vocabulary: []string{"a better offer"}, Sensitivity: match.Broad}))
}

func TestScoreFallsWithMissingAndOtherWords(t *testing.T) {
	score := func(phrase, text string) float64 {
		h, ok := one("en-US", phrase, text)
		require.True(t, ok)
		return h.Score
	}
	require.Greater(t, score("run a sale", "sale running"), score("run a sale", "a running sale of old kitchen chairs"))
	require.Greater(t, score("we run a big sale", "they run a big sale"), score("we run a big sale", "they run a sale"))
}

// ignoreSimilarScores compares hits but for the scores of similar ones.
var ignoreSimilarScores = cmp.Transformer("hits", func(h match.Hit) [4]any {
	if h.Offset == match.Similar {
		h.Score = 0
	}
	return [4]any{h.Tracker*1000 + h.Phrase, h.Offset, h.Score, h.Words}
})

func TestHitsAreOrderedByTrackerAndPhrase(t *testing.T) {
	set := match.Compile("en-US", []match.Tracker{
		{Vocabulary: []string{"discount", "run sale", "sale"}},
		{Vocabulary: []string{"nothing"}},
		{Vocabulary: []string{"right now", "running"}},
	})
	want := []match.Hit{
		{Tracker: 0, Phrase: 0, Offset: -1, Words: []string{"sale"}},
		{Tracker: 0, Phrase: 1, Offset: -1, Words: []string{"running", "sale"}},
		{Tracker: 0, Phrase: 2, Offset: 16, Score: 1},
		{Tracker: 2, Phrase: 0, Offset: 21, Score: 1},
		{Tracker: 2, Phrase: 1, Offset: 6, Score: 1},
	}
	require.Empty(t, cmp.Diff(want, set.Match("We're running a sale right now"), ignoreSimilarScores))
}

func TestATrackerAppliesToItsLanguages(t *testing.T) {
	tests := map[string]struct {
		languages    []string
		conversation string
		want         bool
	}{
		"none":                       {nil, "en-US", true},
		"the same":                   {[]string{"en-US"}, "en-US", true},
		"without case":               {[]string{"EN-us"}, "en-US", true},
		"underscore":                 {[]string{"en_US"}, "en-US", true},
		"another region":             {[]string{"en-GB"}, "en-US", false},
		"tracker without region":     {[]string{"en"}, "en-US", true},
		"call without region":        {[]string{"en-GB"}, "en", true},
		"another language":           {[]string{"fr-FR", "de"}, "en-US", false},
		"one of several":             {[]string{"fr-FR", "en-US"}, "en-US", true},
		"numeric region":             {[]string{"es-419"}, "es-ES", false},
		"script is no region":        {[]string{"zh-Hans"}, "zh-CN", true},
		"extension is no region":     {[]string{"en-u-ca"}, "en-US", true},
		"conversation without a tag": {[]string{"fr-FR"}, "", true},
		"empty tag":                  {[]string{""}, "en-US", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set := match.Compile(tt.conversation, []match.Tracker{{Languages: tt.languages, Vocabulary: []string{"sale"}}})
			require.Equal(t, tt.want, len(set.Match("sale")) == 1)
		})
	}
}

func TestDuplicatePhrasesAreThoseThatALiteralMatchCannotTellApart(t *testing.T) {
	for _, same := range []string{"I can't  go", " i CAN\u2019T go ", "I\tcan`t go"} {
		require.Equal(t, match.Normal("i can't go"), match.Normal(same), "%q", same)
		hits := match.Compile("en", []match.Tracker{{Vocabulary: []string{same}}}).Match("Sorry, I can't go")
		require.Len(t, hits, 1)
		require.Equal(t, 7, hits[0].Offset, "%q", same)
	}
	require.NotEqual(t, match.Normal("I can go"), match.Normal("I can't go"))
	require.NotEqual(t, match.Normal("a sale"), match.Normal("as ale"))
}
