package match

// denial is how far a word's meaning is denied by what stands before it.
type denial uint8

const (
	affirmed denial = iota
	denied          // "I can't find", "it did not arrive": the topic stays
	unwanted        // "I don't want to cancel", "do not cancel": the topic is refused
)

// How many words after a negation it reaches, unless the clause ends before.
const (
	deniedReach   = 4
	unwantedReach = 8
)

// deny marks the words that negations reach, and gives a denied word the
// groups of what it then means.
func (x *lexicon) deny(tokens []token) {
	left, how := 0, affirmed
	for i := range tokens {
		t := &tokens[i]
		if i > 0 && t.clause != tokens[i-1].clause {
			left = 0
		}
		switch t.folded {
		case "not", "never", "without", "no", "nor":
			how, left = negation(tokens, i)
			continue
		case "but", "and", "so", "because", "just":
			left = 0
		}
		if left == 0 {
			continue
		}
		left--
		t.denial = how
		if len(t.denied) > 0 {
			t.groups, t.means = t.denied, true
		}
	}
}

// negation tells what the negation at i does, and how many words it reaches.
func negation(tokens []token, i int) (denial, int) {
	rest := tokens[i+1:]
	if tokens[i].folded == "no" && len(rest) > 0 && rest[0].stem == "thank" {
		return unwanted, 1 // "no, thanks" is no thanks
	}
	for _, next := range rest[:min(2, len(rest))] {
		if next.clause == tokens[i].clause && volition(next.stem) {
			return unwanted, unwantedReach
		}
	}
	if tokens[i].folded == "not" && imperative(tokens[:i]) {
		return unwanted, unwantedReach
	}
	return denied, deniedReach
}

// volition tells whether a stem speaks of what somebody wants to do.
func volition(stem string) bool {
	switch stem {
	case "want", "need", "wish", "plan", "intend", "like", "go", "look", "tri", "call", "interest", "mean", "ask":
		return true
	}
	return false
}

// imperative tells whether what stands before a "not" makes it an order:
// "(please) do not".
func imperative(before []token) bool {
	n := len(before)
	if n == 0 || before[n-1].folded != "do" {
		return false
	}
	if n == 1 || before[n-2].clause != before[n-1].clause {
		return true
	}
	switch before[n-2].folded {
	case "please", "just", "so", "but", "and":
		return true
	}
	return false
}
