package notify

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

const (
	textWidth = 80 // columns
	boldStart = "\x1b[1m"
	boldEnd   = "\x1b[22m"
	indent    = "  "
	noBreak   = "\u00a0"
)

// Text is an alert as it would read in Slack, for a terminal: plain text of
// about 80 columns that ends in a new line, with ANSI bold only where color is
// set. No control character of foreign text gets through.
func Text(a Alert, color bool) string {
	w := &writer{color: color}
	if a.Digest != nil {
		textDigest(w, a)
		return w.String()
	}
	v := newView(a)
	w.paragraph("", []span{{a.Style.bell() + v.title, true}, {"  → " + clean(a.Destination, maxName), false}})
	if note := clean(a.Note, maxQuoteLength); note != "" {
		w.paragraph(indent, []span{{note, false}})
	}
	for _, t := range v.trackers {
		w.tracker(t)
	}
	w.blank()
	for _, line := range [][]string{v.summary, append(present(v.when), v.rest...)} {
		if len(line) > 0 {
			w.paragraph(indent, []span{{unbroken(line), false}})
		}
	}
	return w.String()
}

// writer lays out text for a terminal.
type writer struct {
	strings.Builder
	color bool
}

func (w *writer) tracker(t trackerView) {
	w.blank()
	w.paragraph(indent, t.heading())
	for _, q := range t.quotes {
		w.paragraph(indent+indent, q.quoted())
		if by := strings.Join(present(q.who, q.at, q.why()), " · "); by != "" {
			w.paragraph(indent+indent+indent+"— ", []span{{by, false}})
		}
	}
	if more := t.more(); more != "" {
		w.paragraph(indent, []span{{more, false}})
	}
}

// unbroken joins parts so that lines only break between them. Foreign text
// holds no such space: visible makes all of them plain ones.
func unbroken(parts []string) string {
	line := strings.Join(parts, "\n")
	return strings.ReplaceAll(strings.ReplaceAll(line, " ", noBreak), "\n", noBreak+"· ")
}

func (q quoteView) quoted() []span {
	spans := append([]span{{"“", false}}, spansOf(q.cells)...)
	return append(spans, span{"”", false})
}

func (w *writer) blank() { w.WriteByte('\n') }

// paragraph wraps text; its first line starts with lead, the others with as
// many spaces as lead is wide.
func (w *writer) paragraph(lead string, spans []span) {
	w.WriteString(lead)
	room := textWidth - columns(lead)
	used := 0
	for _, word := range wordsOf(spans) {
		size := columns(textOf(word.cells))
		switch {
		case used > 0 && used+word.gap+size > room:
			w.WriteString("\n" + strings.Repeat(" ", columns(lead)))
			used = 0
		case used > 0:
			w.WriteString(strings.Repeat(" ", word.gap))
			used += word.gap
		}
		w.word(word.cells)
		used += size
	}
	w.blank()
}

// word is what stands on one line, and how many spaces part it from the word
// before.
type word struct {
	cells []cell
	gap   int
}

// wordsOf splits at spaces, and before each letter of scripts that write
// without them.
func wordsOf(spans []span) []word {
	var out []word
	next := word{}
	flush := func() {
		if len(next.cells) > 0 {
			out, next = append(out, next), word{}
		}
	}
	for _, s := range spans {
		for _, r := range s.text {
			if r == ' ' {
				flush()
				next.gap++
				continue
			}
			if spaceless(r) { // but not before the punctuation that follows
				flush()
			}
			next.cells = append(next.cells, cell{r, s.bold})
		}
	}
	flush()
	return out
}

func (w *writer) word(cells []cell) {
	for _, s := range spansOf(cells) {
		s.text = strings.ReplaceAll(s.text, noBreak, " ")
		if s.bold && w.color {
			w.WriteString(boldStart + s.text + boldEnd)
			continue
		}
		w.WriteString(s.text)
	}
}

// columns is how wide a terminal shows text.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me), r == joiner, r == nonJoiner, r == leftMark:
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
