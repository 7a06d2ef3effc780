package engine

import (
	"strings"
	"time"
	"unicode/utf8"
)

const (
	breath        = 700 * time.Millisecond // a longer pause ends a sentence
	longestSaying = 30 * time.Second
	longestText   = 500 // runes
)

// sentences joins segments that a transcriber cut in the middle of a sentence:
// a tracker's phrase would be missed if its words were in two messages. It
// keeps apart what a full stop or a pause separates.
func sentences(segments []Segment) []Segment {
	var joined []Segment
	for _, s := range segments {
		if last := len(joined) - 1; last >= 0 && goesOn(joined[last], s) {
			joined[last].Text += " " + s.Text
			joined[last].End = max(joined[last].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// goesOn tells whether b is still the sentence of a.
func goesOn(a, b Segment) bool {
	return a.Speaker == b.Speaker &&
		b.Start-a.End <= breath &&
		b.End-a.Start <= longestSaying &&
		utf8.RuneCountInString(a.Text)+utf8.RuneCountInString(b.Text) <= longestText &&
		!strings.ContainsAny(lastRune(strings.TrimRight(a.Text, `"'”’)]`)), ".?!…。？！")
}

func lastRune(text string) string {
	_, size := utf8.DecodeLastRuneInString(text)
	return text[len(text)-size:]
}
