package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// starred writes bold text between stars.
func starred(cells []cell) string {
	var b strings.Builder
	for _, s := range spansOf(cells) {
		if s.bold {
			b.WriteString("*" + s.text + "*")
			continue
		}
		b.WriteString(s.text)
	}
	return b.String()
}

func TestMatchedWordsAreMarked(t *testing.T) {
	for name, c := range map[string]struct {
		quote Quote
		want  string
	}{
		"where the offset says":             {Quote{Text: "a sale, a sale", Phrase: "sale", Offset: 10}, "a sale, a *sale*"},
		"in any case":                       {Quote{Text: "A Sale Right Now", Phrase: "sale right now", Offset: 2}, "A *Sale Right Now*"},
		"offsets count code points":         {Quote{Text: "🔔é sale", Phrase: "sale", Offset: 3}, "🔔é *sale*"},
		"an offset in bytes is off":         {Quote{Text: "🔔é sale", Phrase: "sale", Offset: 7}, "🔔é *sale*"},
		"an offset beyond the text":         {Quote{Text: "sale", Phrase: "offer", Offset: 40}, "sale"},
		"punctuation between the words":     {Quote{Text: "now: sale, right now!", Phrase: "sale right now", Offset: 5}, "now: *sale, right now*!"},
		"an offset within a word":           {Quote{Text: "the sales, right now", Phrase: "sale right", Offset: 6}, "the *sales, right* now"},
		"a number with its commas":          {Quote{Text: "for $1,000,000.50, now", Phrase: "1000000.50 now", Offset: 5}, "for $*1,000,000.50, now*"},
		"an offset at the end":              {Quote{Text: "a sale", Phrase: "sale right now", Offset: 2}, "a *sale*"},
		"no phrase":                         {Quote{Text: "a sale", Phrase: "", Offset: 2}, "a sale"},
		"similar words in order":            {Quote{Text: "run, we're running a sale", Words: []string{"running", "sale"}, Offset: -1}, "run, we're *running* a *sale*"},
		"the second of two equal words":     {Quote{Text: "card and card", Words: []string{"card", "card"}, Offset: -1}, "*card* and *card*"},
		"words said in another order":       {Quote{Text: "sale is running", Words: []string{"running", "sale"}, Offset: -1}, "*sale* is *running*"},
		"whole words only":                  {Quote{Text: "sales are a sale", Words: []string{"Sale"}, Offset: -1}, "sales are a *sale*"},
		"words that are not there":          {Quote{Text: "hello", Words: []string{"sale", "", "hello there"}, Offset: -1}, "hello"},
		"neighbours are one piece":          {Quote{Text: "we run sale now", Words: []string{"run", "sale"}, Offset: -1}, "we *run sale* now"},
		"similar without words":             {Quote{Text: "we run", Offset: -1}, "we run"},
		"bold survives what is cleaned":     {Quote{Text: "\x1b[1m a\u202e  sa\u200ble \n now", Phrase: "sa\u200ble", Offset: 10}, "[1m a *sale* now"},
		"no more than eight pieces":         {Quote{Text: "a b a b a b a b a b a b a b a b a b", Words: strings.Fields(strings.Repeat("a ", 9)), Offset: -1}, "*a* b *a* b *a* b *a* b *a* b *a* b *a* b *a* b a b"},
		"a script without spaces":           {Quote{Text: "現在セールを実施", Phrase: "セール", Offset: 2}, "現在*セール*を実施"},
		"letters that fold to more of them": {Quote{Text: "STRASSE hier", Phrase: "straße", Offset: 0}, "*STRASSE* hier"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, starred(tidyBold(cleanCells(markQuote(c.quote)))))
		})
	}
}

func TestAWindowShowsTheMatchedWords(t *testing.T) {
	for name, c := range map[string]struct {
		text, phrase, want string
	}{
		"all of a short text":       {"one two three", "two", "one *two* three"},
		"the start":                 {"one two three four five six seven", "two", "one *two* three four five…"},
		"the middle":                {"one two three four five six seven eight nine ten eleven", "seven", "…six *seven* eight nine…"},
		"the end":                   {"one two three four five six seven eight nine ten", "ten", "…nine *ten*"},
		"a word that cannot be cut": {strings.Repeat("x", 40), "y", strings.Repeat("x", 24) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			offset := strings.Index(c.text, c.phrase)
			cells := markQuote(Quote{Text: c.text, Phrase: c.phrase, Offset: max(offset, 0)})
			if offset < 0 {
				cells = cellsOf(c.text)
			}
			got := window(cells, 25)
			require.Equal(t, c.want, starred(got))
			require.LessOrEqual(t, len(got), 25)
		})
	}
}

func TestOneSentenceIsQuotedOnceForAllItsPhrases(t *testing.T) {
	said := func(phrase string, offset int, words ...string) Quote {
		return Quote{Text: "we run a sale now", Speaker: "Anna", At: 5, Phrase: phrase, Offset: offset, Words: words}
	}
	for name, c := range map[string]struct {
		quotes []Quote
		want   string
		why    string
	}{
		"two exact ones":         {[]Quote{said("sale", 9), said("run a", 3)}, "we *run a sale* now", "matched “sale”, “run a”"},
		"an exact one is enough": {[]Quote{said("run now", -1, "run", "now"), said("sale", 9)}, "we run a *sale* now", "matched “sale”"},
		"two similar ones":       {[]Quote{said("sale run", -1, "run", "sale"), said("now", -1, "now")}, "we *run* a *sale now*", "similar to “sale run”, “now”: run, sale now"},
		"words nobody said":      {[]Quote{said("offers", -1, "offer")}, "we run a sale now", "similar to “offers”"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newTrackerView(Tracker{Name: "x", Quotes: c.quotes}, Mask)
			require.Equal(t, 1, v.mentions)
			require.Len(t, v.quotes, 1)
			require.Equal(t, c.want, starred(v.quotes[0].cells))
			require.Equal(t, c.why, v.quotes[0].why())
		})
	}
}

func TestAQuoteIsCutAroundItsMatch(t *testing.T) {
	const limit = 60
	before, after := strings.Repeat("vorhin é 🔔 ", 50), strings.Repeat(" danach", 50)
	for name, q := range map[string]Quote{
		"exact":                  {Text: before + "the sale" + after, Phrase: "sale", Offset: len([]rune(before)) + 4},
		"at the start":           {Text: "sale" + after, Phrase: "sale", Offset: 0},
		"at the end":             {Text: before + "sale", Phrase: "sale", Offset: len([]rune(before))},
		"its offset is in bytes": {Text: before + "sale" + after, Phrase: "sale", Offset: len(before)},
		"similar":                {Text: before + "sale" + after, Words: []string{"sale"}, Offset: -1},
	} {
		t.Run(name, func(t *testing.T) {
			whole := q
			q.Cut(limit)
			require.LessOrEqual(t, len([]rune(q.Text)), limit)
			require.Greater(t, len([]rune(q.Text)), limit/4)
			require.Contains(t, starred(markQuote(q)), "*sale*")
			require.Equal(t, whole.Exact(), q.Exact())
			if q.Exact() {
				require.Equal(t, "sale", string([]rune(q.Text)[q.Offset:q.Offset+4]))
			}
			require.Contains(t, whole.Text, strings.Trim(q.Text, "…"))
			require.Equal(t, strings.HasPrefix(whole.Text, strings.Trim(q.Text, "…")), !strings.HasPrefix(q.Text, "…"))
			require.Equal(t, strings.HasSuffix(whole.Text, strings.Trim(q.Text, "…")), !strings.HasSuffix(q.Text, "…"))
		})
	}
}

func TestACutQuoteIsShownAsTheWholeOneIs(t *testing.T) {
	words := strings.Repeat("before ", 400)
	q := Quote{Text: words + "a sale right now " + strings.Repeat("after ", 400), Phrase: "sale", Offset: len(words) + 2}
	cut := q
	cut.Cut(1000)
	shown := func(q Quote) string { return starred(newQuoteView([]Quote{q}, strings.Clone).cells) }
	require.Equal(t, shown(q), shown(cut))
	short := Quote{Text: "a sale", Phrase: "sale", Offset: 2, Words: []string{"other"}}
	cut = short
	cut.Cut(6)
	require.Equal(t, short, cut)
	lost := Quote{Text: words, Offset: -1, Words: []string{"before", "later"}}
	cut = lost
	cut.Cut(20)
	require.Equal(t, []string{"before"}, cut.Words)
	require.Equal(t, []string{"before", "later"}, lost.Words)
}
