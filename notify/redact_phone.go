package notify

import "regexp"

// The lengths of phone numbers, in digits (ITU-T E.164; from 7 on where they are
// dialled locally).
const minPhone, maxPhone = 7, 15

// minBroken is how many digits beside a card number are cut with it: it may
// have run into a phone number. Fewer are left: they can be its expiry date.
const minBroken = 5

var phoneRuns = regexp.MustCompile(`\+?\(?[0-9](?:[()` + joints + `]*[0-9])*`)

// stretch is a row of groups of digits, as byte offsets in the text, that may be
// a phone number or several.
type stretch struct {
	groups [][]int
	broken bool // a card number stands before or behind it
}

// phonesIn finds what phone numbers can be, whichever of the groups in a row
// belong together; cards are those found, in order.
func phonesIn(text string, cards [][]int) (found [][]int) {
	for _, run := range phoneRuns.FindAllStringIndex(text, -1) {
		var all []stretch
		all, cards = stretchesOf(text, groupsOf(text, run), cards)
		for _, s := range all {
			for _, f := range s.phones() {
				for f[0] > run[0] && (text[f[0]-1] == '(' || text[f[0]-1] == '+') {
					f[0]--
				}
				found = append(found, f)
			}
		}
	}
	return found
}

// stretchesOf divides a run at card numbers and at amounts such as 1,000,000,
// and gives the cards that are not in it.
func stretchesOf(text string, groups, cards [][]int) (all []stretch, rest [][]int) {
	var s stretch
	end := func(broken bool) {
		s.broken = s.broken || broken
		all, s = append(all, s), stretch{broken: broken}
	}
	for i := 0; i < len(groups); i++ {
		g := groups[i]
		for len(cards) > 0 && cards[0][1] <= g[0] {
			cards = cards[1:]
		}
		n := 0
		if i == 0 || text[groups[i-1][1]:g[0]] != "," { // else it has been looked at
			n = amount(text, groups[i:])
		}
		switch {
		case len(cards) > 0 && cards[0][0] <= g[0]:
			end(true)
		case n > 0:
			end(false)
			i += n - 1
		default:
			s.groups = append(s.groups, g)
		}
	}
	end(false)
	return all, cards
}

// amount is of how many groups the number that is written with a comma before
// each three digits consists; 0 where they begin with none.
func amount(text string, groups [][]int) int {
	size := func(i int) int { return groups[i][1] - groups[i][0] }
	if size(0) > 3 || text[groups[0][0]] == '0' {
		return 0
	}
	n := 1
	for n < len(groups) && text[groups[n-1][1]:groups[n][0]] == "," {
		if size(n) != 3 {
			return 0
		}
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

// phones are the parts of a stretch whose groups have, with some of those beside
// them, as many digits as a phone number.
func (s stretch) phones() (found [][]int) {
	least := minPhone
	if s.broken {
		least = minBroken
	}
	to, digits := 0, 0 // groups[from:to] are the most that are not too long
	for from, first := range s.groups {
		for to < len(s.groups) && digits+s.groups[to][1]-s.groups[to][0] <= maxPhone {
			digits += s.groups[to][1] - s.groups[to][0]
			to++
		}
		if to == from { // it alone is too long
			to++
			continue
		}
		last := s.groups[to-1]
		switch n := len(found); {
		case digits < least:
		case n > 0 && found[n-1][1] > first[0]:
			found[n-1][1] = last[1]
		default:
			found = append(found, []int{first[0], last[1]})
		}
		digits -= first[1] - first[0]
	}
	return found
}
