package events

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestMessage is how many bytes of what somebody said are submitted as one message:
// our engine takes no more. A webhook admits more, and a transcript without turns is a
// single utterance.
const longestMessage = 256 << 10

// inPieces gives what was said, that which is too long for one message in several.
func inPieces(said []Utterance) iter.Seq[Utterance] {
	return func(yield func(Utterance) bool) {
		for _, u := range said {
			for len(u.Text) > longestMessage {
				var first Utterance
				if first, u = cutUtterance(u, longestMessage); !yield(first) {
					return
				}
			}
			if strings.TrimSpace(u.Text) != "" && !yield(u) {
				return
			}
		}
	}
}

// cutUtterance cuts after a word if it can, and shares the time out by length. The
// first piece has at most so many bytes.
func cutUtterance(u Utterance, most int) (first, rest Utterance) {
	at := most
	for at > 0 && !utf8.RuneStart(u.Text[at]) {
		at--
	}
	if space := strings.LastIndexFunc(u.Text[:at], unicode.IsSpace); space > 0 {
		at = space
	}
	if at == 0 { // no text, but it must come to an end
		at = most
	}
	first, rest = u, u
	first.Text, rest.Text = u.Text[:at], u.Text[at:]
	first.End = u.Start + (u.End-u.Start)*float64(at)/float64(len(u.Text))
	rest.Start = first.End
	return first, rest
}
