package notify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func everything(t *testing.T) *notify.Redactor {
	t.Helper()
	r, err := notify.NewRedactor(config.Redact{Cards: true, Emails: true, Phones: true, Patterns: []string{`\bCUST-[0-9]+\b`, ``}})
	require.NoError(t, err)
	return r
}

// redacted is a quote of the phrase "sale" or of none, and its bold words.
func redacted(r *notify.Redactor, text string) notify.Quote {
	q := notify.Quote{Text: text, Offset: -1}
	if i := strings.Index(text, "sale"); i >= 0 {
		q.Phrase, q.Offset = "sale", len([]rune(text[:i]))
	}
	return r.Trackers([]notify.Tracker{{Quotes: []notify.Quote{q}}})[0].Quotes[0]
}

func TestWhatMustNotLeaveIsTakenOut(t *testing.T) {
	for text, want := range map[string]string{
		"my card is 4111 1111 1111 1111 and":               "my card is [card] and",
		"4111111111111111":                                 "[card]",
		"3782-822463-10005, thanks":                        "[card], thanks",
		"it is 4111 1111 1111 1111 12 28":                  "it is [card] 12 28",
		"it's 4111, 1111, 1111, 1111. Yes":                 "it's [card]. Yes",
		"4111.1111.1111.1111 or 4111–1111–1111–1111":       "[card] or [card]",
		"5 5 5 5 - 5 5 5 5 - 5 5 5 5 - 4 4 4 4":            "[card]",
		"1, 2, 3, 4, 5 and 6 of 1,000,000":                 "1, 2, 3, 4, 5 and 6 of 1,000,000",
		"order 4111 1111 1111 1112":                        "order 4111 1111 1111 1112",
		"write to anna.b+x@mail.example.com now":           "write to [e-mail] now",
		"that is anna at example dot com":                  "that is [e-mail]",
		"look at the dot":                                  "look at the dot",
		"call +1 (415) 555-0137 today":                     "call [phone] today",
		"call 415-555-0137.":                               "call [phone].",
		"in 2026 we sold 15000 of 120":                     "in 2026 we sold 15000 of 120",
		"I am CUST-1234 here":                              "I am [redacted] here",
		"anna@example.com, +14155550137, 4111111111111111": "[e-mail], [phone], [card]",
		"nothing of it":                                    "nothing of it",
	} {
		require.Equal(t, want, redacted(everything(t), text).Text, text)
	}
}

func TestTheMatchedWordsStayWhereTheyAre(t *testing.T) {
	for _, text := range []string{
		"日本 4111 1111 1111 1111 then a sale right now for anna@example.com",
		"a sale for 4111 1111 1111 1111", "anna@example.com sale", "sale",
	} {
		q := redacted(everything(t), text)
		require.Equal(t, "sale", string([]rune(q.Text)[q.Offset:q.Offset+4]), "%q", q.Text)
		require.NotContains(t, q.Text, "4111")
		require.NotContains(t, q.Text, "@")
	}
}

// TestManyFiguresAreReadInNoTime would not end if each group of figures was
// tried together with all behind it.
func TestManyFiguresAreReadInNoTime(t *testing.T) {
	text := strings.Repeat("1 ", 20_000) + "4111 1111 1111 1111"
	require.NotContains(t, everything(t).Text(text), "4111")
}

func TestOnlyWhatIsAskedForIsTakenOut(t *testing.T) {
	text := "4111111111111111 anna@example.com +14155550137"
	r, err := notify.NewRedactor(config.Redact{Emails: true})
	require.NoError(t, err)
	require.Equal(t, "4111111111111111 [e-mail] +14155550137", redacted(r, text).Text)
	var none *notify.Redactor
	require.Equal(t, text, redacted(none, text).Text)
	_, err = notify.NewRedactor(config.Redact{Patterns: []string{"("}})
	require.EqualError(t, err, "patterns[0]: is not a regular expression (RE2)")
}

func TestSpeakersAndWordsAreRedactedAndTheOriginalStays(t *testing.T) {
	given := []notify.Tracker{{Name: "T", Quotes: []notify.Quote{{Text: "x", Speaker: "anna@example.com", Words: []string{"a", "4111111111111111"}, Offset: -1}}}}
	got := everything(t).Trackers(given)
	require.Equal(t, "[e-mail]", got[0].Quotes[0].Speaker)
	require.Equal(t, []string{"a"}, got[0].Quotes[0].Words)
	require.Equal(t, "anna@example.com", given[0].Quotes[0].Speaker)
	require.Len(t, given[0].Quotes[0].Words, 2)
}

func FuzzRedact(f *testing.F) {
	f.Add("日本 4111 1111 1111 1111 and anna@example.com", 3)
	f.Add("+1 (415) 555-0137", 0)
	f.Fuzz(func(t *testing.T, text string, offset int) {
		r, err := notify.NewRedactor(config.Redact{Cards: true, Emails: true, Phones: true})
		require.NoError(t, err)
		got := r.Trackers([]notify.Tracker{{Quotes: []notify.Quote{{Text: text, Offset: offset, Phrase: "x"}}}})
		q := got[0].Quotes[0]
		require.Equal(t, q.Text, r.Trackers(got)[0].Quotes[0].Text, "nothing is left to take out")
		if offset >= 0 && offset <= len([]rune(text)) {
			require.GreaterOrEqual(t, q.Offset, 0)
			require.LessOrEqual(t, q.Offset, len([]rune(q.Text))+1)
		}
	})
}

func TestTheStrictestTakesOutWhatAnyDoes(t *testing.T) {
	list := []*notify.Redactor{nil}
	for _, pattern := range []string{"first", "second"} {
		r, err := notify.NewRedactor(config.Redact{Patterns: []string{pattern}})
		require.NoError(t, err)
		list = append(list, r)
	}
	all := notify.Strictest(list)
	require.Equal(t, "[redacted] [redacted] third [card] [e-mail] [phone]", all.Text("first second third 4111111111111111 anna@example.com +1 415 555 0137"))
}
