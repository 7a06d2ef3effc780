package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

const (
	maxMarks   = 4  // combining marks in a row; more are stacked to deface
	maxWord    = 60 // characters of a word; a longer one is cut
	keepWord   = 40 // of a word that is cut
	ellipsis   = '…'
	joiner     = '\u200d' // emoji sequences need it
	nonJoiner  = '\u200c' // Persian and Indic scripts need it
	wordJoiner = "\u2060" // invisible, breaks markup apart
	leftMark   = '\u200e' // invisible, counts as a letter that is written from the left
)

// cell is one character of foreign text and whether it is a matched word's.
type cell struct {
	r    rune
	bold bool
}

func cellsOf(s string) []cell {
	out := make([]cell, 0, len(s))
	for _, r := range s {
		out = append(out, cell{r: r})
	}
	return out
}

func textOf(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteRune(c.r)
	}
	return b.String()
}

// clean makes foreign text fit to show: one line of visible characters, at
// most limit of them.
func clean(s string, limit int) string {
	return textOf(cutCells(cleanCells(cellsOf(s)), limit))
}

// leftToRight is foreign text that ours follows on the same line. Where it ends in
// a script that is written from the right, a mark keeps what follows in its place:
// a count behind a Hebrew name would be shown in front of it.
func leftToRight(s string) string {
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL, bidi.AN:
			return s + string(leftMark)
		case bidi.L:
			return s
		}
		i -= size
	}
	return s
}

// cleanCells keeps what is visible and cuts endless words. What is bold stays
// bold.
func cleanCells(cells []cell) []cell { return cutWords(visible(cells)) }

// visible drops what is invisible or reorders text (control, format and
// private characters, among them bidirectional overrides and terminal
// escapes) and stacked marks, and makes every run of white space one space.
func visible(cells []cell) []cell {
	out := make([]cell, 0, len(cells))
	marks := 0
	for _, c := range cells {
		switch {
		case unicode.IsSpace(c.r):
			marks = 0
			if len(out) > 0 && out[len(out)-1].r != ' ' {
				out = append(out, cell{' ', c.bold})
			}
			continue
		case c.r == unicode.ReplacementChar, !unicode.IsGraphic(c.r) && c.r != joiner && c.r != nonJoiner:
			continue
		case stacks(c.r):
			marks++
		default:
			marks = 0
		}
		if marks <= maxMarks {
			out = append(out, c)
		}
	}
	if n := len(out); n > 0 && out[n-1].r == ' ' {
		out = out[:n-1]
	}
	return out
}

func stacks(r rune) bool {
	return r == joiner || r == nonJoiner || unicode.In(r, unicode.Mn, unicode.Me)
}

// cutWords shortens words that no layout could break.
func cutWords(cells []cell) []cell {
	out := make([]cell, 0, len(cells))
	for start := 0; start < len(cells); {
		end := start
		for end < len(cells) && cells[end].r != ' ' && !spaceless(cells[end].r) {
			end++
		}
		word := cells[start:end]
		if len(word) > maxWord {
			out = append(append(out, word[:keepWord]...), cell{ellipsis, word[keepWord].bold})
		} else {
			out = append(out, word...)
		}
		if end < len(cells) {
			out = append(out, cells[end])
			end++
		}
		start = end
	}
	return out
}

// spaceless tells the letters of scripts that write without spaces: a line may
// be broken after any of them.
func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// cutCells keeps the first limit characters, the last of them an ellipsis when
// something was cut.
func cutCells(cells []cell, limit int) []cell {
	if len(cells) <= limit {
		return cells
	}
	kept := append(make([]cell, 0, limit), cells[:max(limit-1, 0)]...)
	for len(kept) > 0 && (kept[len(kept)-1].r == ' ' || stacks(kept[len(kept)-1].r)) {
		kept = kept[:len(kept)-1]
	}
	return append(kept, cell{r: ellipsis})
}

// escape makes text safe in Slack's text objects and top-level text, where
// these three start all markup: links, mentions, <!channel>. See
// docs.slack.dev/messaging/formatting-message-text#escaping.
func escape(s string) string {
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// inert is for rich text, which Slack shows as it is and must not be escaped.
// Should anyone copy it into a place with markup, it must not ring a channel.
func inert(s string) string {
	for _, sigil := range []string{"!", "@", "#"} {
		s = strings.ReplaceAll(s, "<"+sigil, "<"+wordJoiner+sigil)
	}
	return s
}
