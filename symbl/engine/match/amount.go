package match

import "strings"

// inNumber tells whether what stands at i, somewhere after a word's first
// character, is a point or a comma that belongs to a number: to the amounts
// 1.5 and 1,000, to the version 1.2.3. In English no decimals follow a comma,
// so that 1,2 is a list.
func (l *language) inNumber(text string, i int) bool {
	if text[i] != '.' && text[i] != ',' {
		return false
	}
	if !digitAt(text, i-1) || !digitAt(text, i+1) {
		return false
	}
	return text[i] == '.' || l.lexicon == nil || digitAt(text, i+2)
}

func digitAt(text string, i int) bool { return i < len(text) && '0' <= text[i] && text[i] <= '9' }

func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// amount makes two spellings of a folded number equal that are one amount:
// 1,000 is 1000, and 500.00 is 500. It leaves other words alone.
func amount(word string) string {
	if !digitAt(word, 0) {
		return word
	}
	if thousands(word) {
		word = strings.ReplaceAll(word, ",", "")
	}
	for _, mark := range [...]string{".", ","} {
		if whole, ok := strings.CutSuffix(word, mark+"00"); ok && !strings.Contains(whole, mark) {
			return whole
		}
	}
	return word
}

// thousands tells whether all commas of a number part it into thousands: one to
// three digits stand before the first, and exactly three after each. In 0,125
// the comma is no such one.
func thousands(number string) bool {
	head, rest, _ := strings.Cut(number, ",")
	if len(head) > 3 || head[0] == '0' || !digits(head) {
		return false
	}
	for len(rest) >= 3 && digits(rest[:3]) && !digitAt(rest, 3) {
		if !strings.Contains(rest, ",") {
			return true
		}
		if rest[3] != ',' {
			return false
		}
		rest = rest[4:]
	}
	return false
}
