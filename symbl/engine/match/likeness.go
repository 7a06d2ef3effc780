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

// marks are bits of what a word can be like: two words without a common one
// are not alike. The lowest stand for the stem, the highest for the first
// letter of words that are misspelled or may be.
type marks uint64

const (
	stemMarks     = 36
	groupMarks    = 20
	spellingMarks = 64 - stemMarks - groupMarks
)

// phraseMarks are the marks of a word of a phrase.
func (t *token) phraseMarks() marks {
	return t.meaningMarks() | t.spellingMark()
}

// textMarks are the marks of a word of a text.
func (t *token) textMarks() marks {
	if t.rare {
		return t.meaningMarks() | t.spellingMark()
	}
	return t.meaningMarks()
}

func (t *token) meaningMarks() marks {
	hash := uint32(0)
	for i := range len(t.stem) {
		hash = hash*31 + uint32(t.stem[i])
	}
	m := marks(1) << (hash % stemMarks)
	for _, g := range t.groups {
		m |= 1 << (stemMarks + g%groupMarks)
	}
	return m
}

func (t *token) spellingMark() marks {
	if !spellable(t.folded) {
		return 0
	}
	return 1 << (stemMarks + groupMarks + t.folded[0]%spellingMarks)
}
