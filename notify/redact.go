package notify

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/trackerbell/trackerbell/config"
)

// What stands in place of what is redacted.
const (
	cardMark    = "[card]"
	emailMark   = "[e-mail]"
	phoneMark   = "[phone]"
	patternMark = "[redacted]"
)

// joints are what may stand between the digits of one number, as people and
// speech recognition write what is dictated: "4111, 1111".
const joints = ` \x{a0}\x{202f},./‐‑–—-`

var (
	digitGroups = regexp.MustCompile(`[0-9]+(?:[` + joints + `]{0,3}[0-9]+)*`)
	emailWords  = regexp.MustCompile(`(?i)[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}|\b[a-z0-9._-]+ at [a-z0-9-]+(?: dot [a-z]{2,})+\b`)
)

// The lengths of card numbers (ISO/IEC 7812), in digits.
const minCard, maxCard = 13, 19

// Redactor takes out of quotes what must not reach a chat. A nil *Redactor
// takes out nothing. It finds what a transcript writes in figures; numbers
// that it spells in words stay.
type Redactor struct {
	cards, emails, phones bool
	patterns              []*regexp.Regexp
}

// NewRedactor compiles the patterns; an error is a *KeyError relative to the
// source's redact key.
func NewRedactor(c config.Redact) (*Redactor, error) {
	r := &Redactor{cards: c.Cards, emails: c.Emails, phones: c.Phones}
	for i, p := range c.Patterns {
		compiled, err := regexp.Compile(p)
		if err != nil {
			return nil, &KeyError{fmt.Sprintf("patterns[%d]", i), "is not a regular expression (RE2)"}
		}
		r.patterns = append(r.patterns, compiled)
	}
	return r, nil
}

// Strictest takes out whatever any of a list does, and all that is built in:
// cards, e-mail addresses and phone numbers. A nil one adds nothing.
func Strictest(list []*Redactor) *Redactor {
	all := &Redactor{cards: true, emails: true, phones: true}
	for _, r := range list {
		if r != nil {
			all.patterns = append(all.patterns, r.patterns...)
		}
	}
	return all
}

// cut is a part of a text, in bytes, and what stands in its place.
type cut struct {
	from, to int
	mark     string
}

// Trackers gives the trackers with their quotes redacted; what it is given
// stays as it is.
func (r *Redactor) Trackers(list []Tracker) []Tracker {
	if r == nil {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		out[i].Quotes = slices.Clone(out[i].Quotes)
		for j := range out[i].Quotes {
			r.quote(&out[i].Quotes[j])
		}
	}
	return out
}

// Text gives a text redacted, as Trackers does with those of its quotes.
func (r *Redactor) Text(text string) string {
	if r == nil {
		return text
	}
	text, _ = r.redact(text, 0)
	return text
}

// quote redacts what was said and by whom, and moves the offset along.
func (r *Redactor) quote(q *Quote) {
	q.Speaker, _ = r.redact(q.Speaker, 0)
	q.Words = slices.DeleteFunc(slices.Clone(q.Words), func(w string) bool { return r.Text(w) != w })
	text, offset := r.redact(q.Text, max(q.Offset, 0))
	q.Text = text
	if q.Exact() {
		q.Offset = offset
	}
}

// rounds bounds how often a text is looked through: what is cut can lay bare
// what stood beside it, and a pattern may match what stands in its place.
const rounds = 5

// redact gives the text without what is found in it, and where the code point
// at offset is now.
func (r *Redactor) redact(text string, offset int) (string, int) {
	for range rounds {
		cuts := r.find(text)
		if len(cuts) == 0 {
			break
		}
		text, offset = replace(text, cuts, offset)
	}
	return text, offset
}

func replace(text string, cuts []cut, offset int) (string, int) {
	at := bytesOf(text, offset)
	var b strings.Builder
	end, moved := 0, offset
	for _, c := range cuts {
		b.WriteString(text[end:c.from])
		b.WriteString(c.mark)
		switch {
		case c.to <= at:
			moved += utf8.RuneCountInString(c.mark) - utf8.RuneCountInString(text[c.from:c.to])
		case c.from <= at:
			moved -= utf8.RuneCountInString(text[c.from:at])
		}
		end = c.to
	}
	b.WriteString(text[end:])
	return b.String(), moved
}

// bytesOf turns a number of code points into one of bytes.
func bytesOf(text string, points int) int {
	for i := range text {
		if points == 0 {
			return i
		}
		points--
	}
	return len(text)
}

// find lists what is to be cut, in order and without overlaps: of two that
// overlap the one that begins first, and cards before phone numbers.
func (r *Redactor) find(text string) []cut {
	var all []cut
	add := func(found [][]int, mark string) {
		for _, f := range found {
			if f[1] > f[0] {
				all = append(all, cut{f[0], f[1], mark})
			}
		}
	}
	var cards [][]int
	if r.cards {
		cards = cardsIn(text)
		add(cards, cardMark)
	}
	if r.emails {
		add(emailWords.FindAllStringIndex(text, -1), emailMark)
	}
	for _, p := range r.patterns {
		add(p.FindAllStringIndex(text, -1), patternMark)
	}
	if r.phones {
		add(phonesIn(text, cards), phoneMark)
	}
	slices.SortStableFunc(all, func(a, b cut) int { return cmp.Compare(a.from, b.from) })
	var kept []cut
	for _, c := range all {
		if n := len(kept); n > 0 && c.from < kept[n-1].to {
			kept[n-1].to = max(kept[n-1].to, c.to)
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// cardsIn finds runs of whole groups of digits that a card number can be.
func cardsIn(text string) (found [][]int) {
	for _, run := range digitGroups.FindAllStringIndex(text, -1) {
		groups := groupsOf(text, run)
		for i := 0; i < len(groups); i++ {
			for j := min(i+maxCard, len(groups)) - 1; j >= i; j-- { // each group has a digit
				if isCard(digitsOf(text[groups[i][0]:groups[j][1]])) {
					found = append(found, []int{groups[i][0], groups[j][1]})
					i = j
					break
				}
			}
		}
	}
	return found
}

var digitGroup = regexp.MustCompile(`[0-9]+`)

func groupsOf(text string, run []int) [][]int {
	groups := digitGroup.FindAllStringIndex(text[run[0]:run[1]], -1)
	for _, g := range groups {
		g[0], g[1] = g[0]+run[0], g[1]+run[0]
	}
	return groups
}

// isCard checks the length and the check digit (Luhn, ISO/IEC 7812-1).
func isCard(digits string) bool {
	if len(digits) < minCard || len(digits) > maxCard || strings.Trim(digits, "0") == "" {
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
