package engine

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

func TestSentencesThatAsk(t *testing.T) {
	tests := map[string]struct {
		language, text string
		want           []string
	}{
		"a published sample":            {"en-US", "How much does it cost?", []string{"How much does it cost?"}},
		"another one":                   {"en-US", "It actually does not have speakers right?", []string{"It actually does not have speakers right?"}},
		"one of several sentences":      {"en-US", "I see. What is the price? Thank you.", []string{"What is the price?"}},
		"two of them":                   {"en-US", "Really? How so?", []string{"Really?", "How so?"}},
		"an excited one":                {"en-US", "You did what?!", []string{"You did what?!"}},
		"in French":                     {"fr-FR", "Combien ça coûte ?", []string{"Combien ça coûte ?"}},
		"in Arabic":                     {"ar", "كم السعر؟", []string{"كم السعر؟"}},
		"in Japanese":                   {"ja-JP", "いくらですか？はい。", []string{"いくらですか？"}},
		"a statement":                   {"en-US", "We have a sale right now.", nil},
		"a mark alone":                  {"en-US", "?", nil},
		"nothing":                       {"en-US", "", nil},
		"without punctuation":           {"en-US", "how much does it cost", []string{"how much does it cost"}},
		"after some filler":             {"en-GB", "okay so can you tell me the price", []string{"okay so can you tell me the price"}},
		"with an auxiliary":             {"en-US", "do you have an account with us", []string{"do you have an account with us"}},
		"of which":                      {"en-US", "which one would you like", []string{"which one would you like"}},
		"a wish":                        {"en-US", "have a nice day", nil},
		"an order":                      {"en-US", "do the right thing", nil},
		"a relative clause":             {"en-US", "which is why i called", nil},
		"what as a relative pronoun":    {"en-US", "what i can offer you is a discount", nil},
		"a statement of a recogniser":   {"en-US", "i lost my debit card and i want to cancel my account", nil},
		"an opening in a marked text":   {"en-US", "Can you tell me. Thanks.", nil},
		"English words, other language": {"de-DE", "is the", nil},
	}
	a := newAsker()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cmp.Diff(tt.want, a.questions(tt.language, tt.text)))
		})
	}
}

func TestTheConfidenceThresholdDecidesAboutQuestions(t *testing.T) {
	a := newAsker()
	marked := symbl.Message{ID: "1", Text: "How much? How often?", From: symbl.Person{ID: "p", Name: "Ann"}}
	unmarked := symbl.Message{ID: "2", Text: "how much does it cost"}
	require.Len(t, a.ask("en-US", marked, 0.9), 2)
	require.Empty(t, a.ask("en-US", unmarked, 0.9))
	require.Len(t, a.ask("en-US", unmarked, 0.5), 1)

	first, again := a.ask("en-US", marked, 0.5), a.ask("en-US", marked, 0.5)
	require.Empty(t, cmp.Diff(first, again), "a repeated job finds the same ids")
	require.NotEqual(t, first[0].ID, first[1].ID)
	require.Regexp(t, `^\d{16}$`, first[0].ID)
	require.Equal(t, question{
		ID: first[0].ID, Text: "How much?", Type: "question", Score: scoreMarked, MessageIDs: []string{"1"}, From: marked.From,
	}, first[0])
}

func FuzzQuestions(f *testing.F) {
	f.Add("en-US", "How much? so what's the price")
	f.Add("", "\xff?\u061f")
	a := newAsker()
	f.Fuzz(func(t *testing.T, language, text string) {
		for _, q := range a.questions(language, text) {
			require.NotEmpty(t, q)
			require.Contains(t, text, q)
			require.True(t, utf8.ValidString(q) || !utf8.ValidString(text))
		}
	})
}
