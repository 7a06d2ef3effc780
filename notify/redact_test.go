package notify_test

import (
	"fmt"
	"math/rand/v2"
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
		"my card is 4111 1111 1111 1111 and":                       "my card is [card] and",
		"4111111111111111":                                         "[card]",
		"3782-822463-10005, thanks":                                "[card], thanks",
		"it is 4111 1111 1111 1111 12 28":                          "it is [card] 12 28",
		"it's 4111, 1111, 1111, 1111. Yes":                         "it's [card]. Yes",
		"4111.1111.1111.1111 or 4111–1111–1111–1111":               "[card] or [card]",
		"5 5 5 5 - 5 5 5 5 - 5 5 5 5 - 4 4 4 4":                    "[card]",
		"1, 2, 3, 4, 5 and 6 of 1,000,000":                         "1, 2, 3, 4, 5 and 6 of 1,000,000",
		"order 41111111 and 11111112":                              "order [phone] and [phone]",
		"order 41111111111111111112":                               "order 41111111111111111112",
		"write to anna.b+x@mail.example.com now":                   "write to [e-mail] now",
		"that is anna at example dot com":                          "that is [e-mail]",
		"look at the dot":                                          "look at the dot",
		"call +1 (415) 555-0137 today":                             "call [phone] today",
		"call 415-555-0137.":                                       "call [phone].",
		"call 4155550137 4155550138 please":                        "call [phone] [phone] please",
		"call 415-555-0137 / 415-555-0138":                         "call [phone]-[card]",
		"call 415-555-0137 415 555 0139 (415) 555-0140":            "call [phone]",
		"it is 415, 555, 0137, yes":                                "it is [phone], yes",
		"415\u2011555\u20110137 or +1\u00a0415\u202f555\u20130137": "[phone] or [phone]",
		"at 1,000,000, 4155550137 or 415,555,0137":                 "at 1,000,000, [phone] or [phone]",
		"4111 1111 1111 1111 till 12 2028":                         "[card] till 12 2028",
		"in 2026 we sold 15000 of 120":                             "in 2026 we sold 15000 of 120",
		"I am CUST-1234 here":                                      "I am [redacted] here",
		"anna@example.com, +14155550137, 4111111111111111":         "[e-mail], [phone], [card]",
		"nothing of it":                                            "nothing of it",
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

// figures gives the figures of something in groups, written in one of the
// ways that occur.
func figures(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString([]string{"", "+", "(", "+(", "0"}[r.IntN(5)])
	for i, groups := 0, 1+r.IntN(6); i < groups; i++ {
		if i > 0 {
			b.WriteString([]string{" ", "-", ".", ", ", ",", " / ", ") ", "\u2011", "\u00a0", "\u202f", " – "}[r.IntN(11)])
		}
		for range 1 + r.IntN(10) {
			b.WriteByte('0' + byte(r.IntN(10)))
		}
	}
	return b.String()
}

// TestOfTwoNumbersInARowNeitherIsLeft takes those that are taken out alone.
func TestOfTwoNumbersInARowNeitherIsLeft(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]config.Redact{"phones": {Phones: true}, "cards, too": {Phones: true, Cards: true}} {
		r, err := notify.NewRedactor(c)
		require.NoError(t, err)
		pairs := 0
		for range 4_000 {
			a, b := figures(random), figures(random)
			if r.Text(a) == a || r.Text(b) == b {
				continue
			}
			pairs++
			for _, between := range []string{" ", ", ", " / ", "-"} {
				text := r.Text(a + between + b)
				require.NotContains(t, text, a, "%s: %q", name, a+between+b)
				require.NotContains(t, text, b, "%s: %q", name, a+between+b)
			}
		}
		require.Greater(t, pairs, 500, name)
	}
}

// TestAPhoneNumberIsLeftInNoPart has cards run into phone numbers.
func TestAPhoneNumberIsLeftInNoPart(t *testing.T) {
	random, all := rand.New(rand.NewPCG(3, 4)), everything(t)
	for range 4_000 {
		var text []string
		for range 2 + random.IntN(3) {
			text = append(text, fmt.Sprintf([]string{"%03d-%03d-%04d", "(%03d) %03d %04d", "%03d, %03d, %04d"}[random.IntN(3)],
				200+random.IntN(800), 200+random.IntN(800), random.IntN(10_000)))
		}
		joined := strings.Join(text, " / ")
		require.NotRegexp(t, `[0-9][^0-9\[]*[0-9][^0-9\[]*[0-9][^0-9\[]*[0-9][^0-9\[]*[0-9]`, all.Text(joined), joined)
	}
}

// TestManyFiguresAreReadInNoTime would not end if each group of figures was
// tried together with all behind it.
func TestManyFiguresAreReadInNoTime(t *testing.T) {
	text := strings.Repeat("1 ", 20_000) + "4111 1111 1111 1111"
	require.NotContains(t, everything(t).Text(text), "4111")
	require.Equal(t, "[phone]", everything(t).Text(strings.Repeat("415, ", 20_000)+"0137"))
}

// BenchmarkARowOfFigures shows that a group of figures costs no more than twice as much in a
// long row as in a short one.
func BenchmarkARowOfFigures(b *testing.B) {
	phones, err := notify.NewRedactor(config.Redact{Phones: true})
	require.NoError(b, err)
	for _, groups := range []int{1000, 30_000} {
		b.Run(fmt.Sprint(groups), func(b *testing.B) {
			text := "1" + strings.Repeat(",234", groups) + ",55" // no amount ends so
			for b.Loop() {
				phones.Text(text)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*groups), "ns/group")
		})
	}
}

func TestOnlyWhatIsAskedForIsTakenOut(t *testing.T) {
	text := "4111111111111111 anna@example.com +14155550137"
	cards, err := notify.NewRedactor(config.Redact{Cards: true})
	require.NoError(t, err)
	require.Equal(t, "order 4111 1111 1111 1112", cards.Text("order 4111 1111 1111 1112"), "its check digit is wrong")
	r, err := notify.NewRedactor(config.Redact{Emails: true})
	require.NoError(t, err)
	require.Equal(t, "4111111111111111 [e-mail] +14155550137", redacted(r, text).Text)
	var none *notify.Redactor
	require.Equal(t, text, redacted(none, text).Text)
	_, err = notify.NewRedactor(config.Redact{Patterns: []string{"("}})
	require.EqualError(t, err, "patterns[0]: is not a regular expression (RE2)")
}

func TestSpeakersAndWordsAreRedactedAndTheOriginalStays(t *testing.T) {
	given := []notify.Tracker{{Name: "T", Quotes: []notify.Quote{{Text: "x", Speaker: "anna@example.com", Words: []string{"a", "4111111111111111", "b", "anna@example.com", "+14155550137"}, Offset: -1}}}}
	got := everything(t).Trackers(given)
	require.Equal(t, "[e-mail]", got[0].Quotes[0].Speaker)
	require.Equal(t, []string{"a", "b"}, got[0].Quotes[0].Words)
	require.Equal(t, "anna@example.com", given[0].Quotes[0].Speaker)
	require.Equal(t, []string{"a", "4111111111111111", "b", "anna@example.com", "+14155550137"}, given[0].Quotes[0].Words)
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
