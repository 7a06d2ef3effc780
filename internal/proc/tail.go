package proc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxTail = 500 // bytes

// tail is a writer that keeps the end of what is written.
type tail struct{ kept []byte }

// Write never fails: a full pipe would stop the program.
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-maxTail):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-maxTail):]...)
	return len(p), nil
}

// text is what was kept, in one line.
func (t *tail) text() string {
	kept := t.kept
	for len(kept) > 0 && !utf8.RuneStart(kept[0]) { // the rest of a character that was cut
		kept = kept[1:]
	}
	return OneLine(string(kept))
}

// OneLine makes what a program or a server says fit for an error: white space
// becomes single spaces, and what cannot be printed is left out.
func OneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(clean), " ")
}
