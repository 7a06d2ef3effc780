package match

// How alike two words are, from 0 to 1.
const (
	likeSynonym    = 0.9
	likeMisspelled = 0.85
	likeNumber     = 0.5 // two numbers that differ
)

// What is left of the likeness when one of the words is denied.
const (
	onlyPhraseDenies = 0.4  // "it works" against the phrase "it does not work"
	onlyTextRefuses  = 0.25 // "I don't want to cancel" against the phrase "I want to cancel"
)

// alike compares a word of a phrase with a word of a text.
func alike(phrase, text *token) float64 {
	if phrase.stem == text.stem {
		return polarity(phrase.denial, text.denial)
	}
	if share := sharedGroup(phrase.groups, text.groups); share {
		if phrase.isNumber() {
			return likeNumber
		}
		return likeSynonym * polarity(phrase.meant(), text.meant())
	}
	if text.rare && misspelled(phrase.folded, text.folded) {
		return likeMisspelled * polarity(phrase.denial, text.denial)
	}
	return 0
}

// meant is the denial that is not in the token's groups already.
func (t *token) meant() denial {
	if t.means {
		return affirmed
	}
	return t.denial
}

func polarity(phrase, text denial) float64 {
	switch {
	case phrase != affirmed && text == affirmed:
		return onlyPhraseDenies
	case phrase == affirmed && text == unwanted:
		return onlyTextRefuses
	}
	return 1
}

func sharedGroup(a, b []uint16) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
