package notify

import (
	"slices"
	"strings"
	"unicode"
)

const maxBold = 8 // pieces of a quote

// markQuote gives the text of a quote with its matched words bold.
func markQuote(q Quote) []cell {
	cells := cellsOf(q.Text)
	if q.Exact() {
		from, to := phraseSpan(cells, q.Offset, q.Phrase)
		embolden(cells, from, to)
		return cells
	}
	from := 0
	for _, w := range q.Words {
		start, end, ok := findWord(cells, w, from)
		if !ok { // said earlier than the word before it
			start, end, ok = findWord(cells, w, 0)
		}
		if ok {
			embolden(cells, start, end)
			from = end
		}
	}
	return cells
}

// Piece is a part of a text that was matched as a whole or not at all.
type Piece struct {
	Text    string
	Matched bool
}

// Marked parts the text that all of the quotes are of where their phrases
// begin and end. Nothing is left out or cleaned.
func Marked(text string, quotes []Quote) []Piece {
	cells := cellsOf(text)
	for _, q := range quotes {
		q.Text = text
		for i, c := range markQuote(q) {
			cells[i].bold = cells[i].bold || c.bold
		}
	}
	for i := range cells {
		if cells[i].r == ' ' && i > 0 && i+1 < len(cells) && cells[i-1].bold && cells[i+1].bold {
			cells[i].bold = true
		}
	}
	var out []Piece
	for _, s := range spansOf(cells) {
		out = append(out, Piece{s.text, s.bold})
	}
	return out
}

func embolden(cells []cell, from, to int) {
	for i := from; i < to; i++ {
		cells[i].bold = true
	}
}

// phraseSpan is where the phrase stands: at its offset; or else anywhere, as
// not everybody counts characters alike; or else, where punctuation parts the
// words, as many words from the offset on as the phrase has. It is empty when
// the offset is outside of the text.
func phraseSpan(cells []cell, offset int, phrase string) (from, to int) {
	n := len([]rune(phrase))
	if n == 0 {
		return 0, 0
	}
	if to = offset + n; to <= len(cells) && strings.EqualFold(textOf(cells[offset:to]), phrase) {
		return offset, to
	}
	if start, end, ok := findWord(cells, phrase, 0); ok {
		return start, end
	}
	from = min(offset, len(cells))
	for from > 0 && from < len(cells) && wordRune(cells[from-1].r) {
		from--
	}
	to = from
	for range strings.Fields(phrase) {
		if _, end, ok := nextWord(cells, to); ok {
			to = end
		}
	}
	return from, to
}

// nextWord is the next run of letters and digits at or after from; a number goes
// on after a point or a comma.
func nextWord(cells []cell, from int) (start, end int, ok bool) {
	for start = from; start < len(cells) && !wordRune(cells[start].r); start++ {
	}
	for end = start; end < len(cells) && (wordRune(cells[end].r) || end > start && inNumber(cells, end)); end++ {
	}
	return start, end, end > start
}

// inNumber tells whether a point or a comma stands between two digits.
func inNumber(cells []cell, at int) bool {
	r := cells[at].r
	return (r == '.' || r == ',') && at+1 < len(cells) && unicode.IsDigit(cells[at-1].r) && unicode.IsDigit(cells[at+1].r)
}

func wordRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M) || r == '\'' || r == '’' || r == '-'
}

// findWord finds a whole word, in any case, at or after from. The word may
// itself hold punctuation or spaces.
func findWord(cells []cell, word string, from int) (start, end int, ok bool) {
	runes := []rune(word)
	if len(runes) == 0 {
		return 0, 0, false
	}
	first := unicode.ToLower(runes[0])
	for start = from; start+len(runes) <= len(cells); start++ {
		if unicode.ToLower(cells[start].r) != first {
			continue
		}
		end = start + len(runes)
		inside := start > 0 && wordRune(cells[start-1].r) || end < len(cells) && wordRune(cells[end].r)
		if !inside && strings.EqualFold(textOf(cells[start:end]), word) {
			return start, end, true
		}
	}
	return 0, 0, false
}

// window keeps at most limit characters around the first bold one, cut at
// words, with an ellipsis where something is missing.
func window(cells []cell, limit int) []cell {
	if len(cells) <= limit {
		return cells
	}
	if start := windowStart(cells, limit); start > 0 {
		cells = append([]cell{{r: ellipsis}}, cells[start:]...)
	}
	return cutAtWord(cells, limit)
}

// Cut shortens the text of a quote to at most limit characters around the first
// match, as it is shown, and moves the offset along.
func (q *Quote) Cut(limit int) {
	cells := markQuote(*q)
	if len(cells) <= limit {
		return
	}
	cells = window(cells, limit)
	if first := slices.IndexFunc(cells, func(c cell) bool { return c.bold }); first >= 0 && q.Exact() {
		q.Offset = first
	}
	q.Text = textOf(cells)
	q.Words = slices.DeleteFunc(slices.Clone(q.Words), func(word string) bool {
		_, _, ok := findWord(cells, word, 0)
		return !ok
	})
}

// windowStart leaves a third of the window to what was said before.
func windowStart(cells []cell, limit int) int {
	first := 0
	for first < len(cells) && !cells[first].bold {
		first++
	}
	if first == len(cells) || first < limit*2/3 {
		return 0
	}
	start := first - limit/3
	for i := start; i < first; i++ {
		if cells[i].r == ' ' {
			return i + 1
		}
	}
	return start
}

// cutAtWord is cutCells that rather ends with a whole word.
func cutAtWord(cells []cell, limit int) []cell {
	if len(cells) <= limit {
		return cells
	}
	for end := limit - 1; end > limit*2/3; end-- {
		if cells[end].r == ' ' {
			return cutCells(cells, end+1)
		}
	}
	return cutCells(cells, limit)
}

// tidyBold joins matched words that only a space parts, and lets no more than
// maxBold pieces be bold: each is an element of its own in Slack.
func tidyBold(cells []cell) []cell {
	pieces := 0
	for i := range cells {
		if cells[i].r == ' ' {
			cells[i].bold = i > 0 && i+1 < len(cells) && cells[i-1].bold && cells[i+1].bold
		}
		if cells[i].bold && (i == 0 || !cells[i-1].bold) {
			pieces++
		}
		cells[i].bold = cells[i].bold && pieces <= maxBold
	}
	return cells
}

// span is a piece of text that is bold as a whole or not at all.
type span struct {
	text string
	bold bool
}

func spansOf(cells []cell) []span {
	var out []span
	for start := 0; start < len(cells); {
		end := start
		for end < len(cells) && cells[end].bold == cells[start].bold {
			end++
		}
		out = append(out, span{textOf(cells[start:end]), cells[start].bold})
		start = end
	}
	return out
}
