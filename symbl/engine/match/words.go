package match

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// word is one word of a text.
type word struct {
	*known          // once it is read
	start, end int  // bytes of the text
	offset     int  // code points of the text before it
	dense      bool // one character of a script that has no spaces between words
}

// split finds the words of a text: runs of letters, digits and the marks on
// them. An apostrophe ends a word ("sale's" holds "sale", "l'offre" holds
// "offre") except in "n't", so that "can't" does not hold "can". A character
// of a script without spaces is a word of its own. A point or a comma between
// two digits ends no word; see inNumber. Bytes that are not UTF-8 stand between
// words. Where a word ends depends on nothing before it.
func (l *language) split(text string, into []word) []word {
	words := into[:0]
	offset := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !starts(r) {
			i += size
			offset++
			continue
		}
		w := word{start: i, end: l.wordEnd(text, i), offset: offset, dense: dense(r)}
		words = append(words, w)
		offset += utf8.RuneCountInString(text[w.start:w.end])
		i = w.end
	}
	return words
}

// wordEnd is where the word that begins at start ends.
func (l *language) wordEnd(text string, start int) int {
	i := start
	for i < len(text) && text[i] < utf8.RuneSelf && (starts(rune(text[i])) || l.inNumber(text, i)) {
		i++
	}
	if i == len(text) || text[i] < utf8.RuneSelf && !apostrophe(rune(text[i])) {
		return i
	}
	return l.wordEndOf(text, start) // it may go on
}

// wordEndOf does so for any word.
func (l *language) wordEndOf(text string, start int) int {
	first, size := utf8.DecodeRuneInString(text[start:])
	alone := dense(first)
	end, last := start+size, first
	for i := end; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.Is(unicode.M, r), !alone && (starts(r) || l.inNumber(text, i)) && !dense(r):
			end, last = i+size, r
		case joiner(r): // counts only if the word goes on after it
		case !alone && apostrophe(r) && unicode.ToLower(last) == 'n' && endsInT(text[i+size:]):
			return i + size + 1
		default:
			return end
		}
		i += size
	}
	return end
}

// endsInT tells whether a text begins with a t that is not followed by more of
// a word.
func endsInT(text string) bool {
	if text == "" || text[0] != 't' && text[0] != 'T' {
		return false
	}
	r, _ := utf8.DecodeRuneInString(text[1:])
	return !starts(r) && !unicode.Is(unicode.M, r)
}

// starts tells whether a word can begin with the rune.
func starts(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && !apostrophe(r) && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

// joiner tells whether the rune is invisible inside a word: soft hyphen, word
// joiner, zero width joiner and non-joiner.
func joiner(r rune) bool {
	return r == '\u00ad' || r == '\u2060' || r == '\u200c' || r == '\u200d'
}

func apostrophe(r rune) bool {
	switch r {
	case '\'', '`', '\u00b4', '\u02bc', '\u2018', '\u2019', '\u201b', '\uff07':
		return true
	}
	return false
}

// dense tells whether the rune belongs to a script that is written without
// spaces between words.
func dense(r rune) bool {
	return r >= 0x0e00 && (soundMark(r) || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

// soundMark tells whether the rune is one of the letters that belong to kana
// and, for Unicode, to no script: the prolonged sound, and the three marks of
// half width.
func soundMark(r rune) bool {
	return r == '\u30fc' || r == '\uff70' || r == '\uff9e' || r == '\uff9f'
}

// lower is fold of a short word of ASCII letters and digits, appended to a
// slice; nil for other words.
func lower(to []byte, word string) []byte {
	if len(word) > cap(to) {
		return nil
	}
	for i := range len(word) {
		c := word[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c >= utf8.RuneSelf || apostrophe(rune(c)):
			return nil
		}
		to = append(to, c)
	}
	return to
}

// fold makes the two spellings of a word equal that differ in case, in the
// composition of accents, in the form of the apostrophe, or in invisible
// joiners.
func fold(word string) string {
	word = straight(word)
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return foldUnicode(word)
		}
	}
	return strings.ToLower(word)
}

// Normal is the same for phrases that differ only in what a literal match does
// not see: case, spaces, the form of apostrophes, the composition of accents.
func Normal(phrase string) string {
	return strings.Join(strings.Fields(fold(phrase)), " ")
}

func foldUnicode(word string) string {
	word = strings.Map(func(r rune) rune {
		if joiner(r) {
			return -1
		}
		return r
	}, word)
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(word)))
}

// straight writes every apostrophe the same way. It keeps the number of code
// points.
func straight(text string) string {
	return strings.Map(func(r rune) rune {
		if apostrophe(r) {
			return '\''
		}
		return r
	}, text)
}
