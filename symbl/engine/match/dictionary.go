package match

// dictionary numbers the words of trackers. One can continue another, which it
// leaves as it is: words that are in both have the same number.
type dictionary struct {
	before    *dictionary // nil for the first
	words     *numbers    // of literals
	stems     *numbers    // of terms
	spelled   *numbers    // words of terms as they are spelled
	stemOf    []int32     // of those that are not in the one before
	spellings spellings   // the same
}

// place is where a word is found in a dictionary.
type place struct {
	number  int32      // of the stem; noWord if no term has it
	similar []spelling // words of which it may be a misspelling
}

// noWord stands for the number of a word that is not in the dictionary.
const noWord = -1

// newDictionary makes a dictionary, which may continue another, with room for
// about so many words.
func newDictionary(before *dictionary, room int) *dictionary {
	if before == nil {
		return &dictionary{
			words: newNumbers(nil, room), stems: newNumbers(nil, room), spelled: newNumbers(nil, room), spellings: newSpellings(),
		}
	}
	return &dictionary{
		before: before, spellings: newSpellings(),
		words: newNumbers(before.words, room), stems: newNumbers(before.stems, room), spelled: newNumbers(before.spelled, room),
	}
}

// placeOf finds the place of a word.
func (d *dictionary) placeOf(m *lemma) place {
	p := place{number: d.stems.find(m.stem)}
	if m.rare {
		for ; d != nil; d = d.before {
			p.similar = d.spellings.find(m.folded, p.similar)
		}
	}
	return p
}

// add gives the numbers of a term's stem and of its spelling.
func (d *dictionary) add(m *lemma) (stem, spelled int32) {
	if stem, spelled = d.find(m.folded); spelled != noWord {
		return stem, spelled
	}
	stem, spelled = d.stems.add(m.stem), d.spelled.add(m.folded)
	d.stemOf = append(d.stemOf, stem)
	d.spellings.add(spelling{m.folded, spelled, stem})
	return stem, spelled
}

// find gives the numbers of a word that is spelled so, and of its stem.
func (d *dictionary) find(folded string) (stem, spelled int32) {
	for ; d != nil; d = d.before {
		if i, ok := d.spelled.of[folded]; ok {
			return d.stemOf[i-d.spelled.start()], i
		}
	}
	return noWord, noWord
}

// numbers are those of words, from 0 on.
type numbers struct {
	before *numbers // that these continue; nil for the first
	of     map[string]int32
	next   int32
}

func newNumbers(before *numbers, room int) *numbers {
	n := &numbers{before: before, of: make(map[string]int32, room)}
	if before != nil {
		n.next = before.next
	}
	return n
}

// start is the first number that these do not have from those before.
func (n *numbers) start() int32 {
	if n.before == nil {
		return 0
	}
	return n.before.next
}

// find is the number of a word, noWord if it has none.
func (n *numbers) find(word string) int32 {
	for ; n != nil; n = n.before {
		if i, ok := n.of[word]; ok {
			return i
		}
	}
	return noWord
}

// add is the number of a word, a new one if it has none.
func (n *numbers) add(word string) int32 {
	i := n.find(word)
	if i == noWord {
		i = n.next
		n.of[word] = i
		n.next++
	}
	return i
}
