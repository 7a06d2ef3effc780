package match

import (
	_ "embed"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	snowball "github.com/kljensen/snowball/english"
)

//go:embed english/background.txt
var englishBackground string

//go:embed english/plain.txt
var englishPlain string

//go:embed english/spellings.txt
var englishSpellings string

//go:embed english/synonyms.txt
var englishSynonyms string

// kind is how much of a text's meaning a word can carry.
type kind uint8

const (
	content kind = iota
	frame        // wraps what is said: "I would like to know"
	grammar      // articles, pronouns, auxiliaries
)

// How much a word tells is the logarithm of how rare it is in the background,
// up to heaviest; a word of a group of synonyms counts as at least groupShare
// as frequent as the most frequent of them. Frames and grammar tell less.
const (
	heaviest      = 8.0
	lightest      = 0.3
	groupShare    = 0.3
	frameFactor   = 0.6
	grammarFactor = 0.3
	numberWeight  = 1.0
)

// lexeme is what a lexicon knows of a stem.
type lexeme struct {
	kind   kind
	weight float64
	groups []uint16 // of synonyms
	denied []uint16 // groups of the stem when it is denied
	rare   bool     // not in the background: perhaps misspelled

	expressions []expression // that begin with the stem
}

// expression is several words that belong to groups of synonyms together.
type expression struct {
	rest  []string // stems after the first
	group uint16
}

// lexicon is what we know of the words of one language.
type lexicon struct {
	words     map[string]*lexeme  // by stem
	spellings map[string][]string // by folded word
	groups    int                 // of synonyms, that of numbers included
}

// english is the lexicon of English. It is read once, when it is first needed,
// and never changes.
var english = sync.OnceValue(readEnglish) //nolint:gochecknoglobals // constant data, too large to read again for each set

func readEnglish() *lexicon {
	x := &lexicon{words: map[string]*lexeme{}, spellings: map[string][]string{}}
	frequency, messages := background(englishBackground)
	kinds := plainWords(englishPlain)
	groupFrequency := x.readSynonyms(englishSynonyms, frequency)
	x.groups = len(groupFrequency)
	for _, line := range dataLines(englishSpellings) {
		x.spellings[line[0]] = line[1:]
	}
	for _, known := range [...]iter.Seq[string]{maps.Keys(frequency), maps.Keys(kinds)} {
		for stem := range known {
			if _, ok := x.words[stem]; !ok {
				x.words[stem] = &lexeme{}
			}
		}
	}
	for stem, l := range x.words {
		n := frequency[stem]
		l.rare = n == 0
		for _, g := range l.groups {
			n = max(n, groupShare*groupFrequency[g])
		}
		l.kind = kinds[stem]
		l.weight = weigh(n, messages, l.kind)
	}
	return x
}

// weigh gives the weight of a word that n of so many messages have.
func weigh(n, messages float64, k kind) float64 {
	w := min(heaviest, max(lightest, math.Log((messages+1)/(n+1))))
	switch k {
	case frame:
		return w * frameFactor
	case grammar:
		return w * grammarFactor
	}
	return w
}

// dataLines splits embedded data into the fields of its lines, without blank
// lines and comments.
func dataLines(data string) [][]string {
	var lines [][]string
	for line := range strings.Lines(data) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0][0] != '#' {
			lines = append(lines, fields)
		}
	}
	return lines
}

// background reads in how many messages each stem stands. Its first line has
// the number of messages.
func background(data string) (frequency map[string]float64, messages float64) {
	frequency = map[string]float64{}
	for i, line := range dataLines(data) {
		n, _ := strconv.ParseFloat(line[1], 64) // a test sees that each is a number
		if i == 0 {
			messages = n
		} else {
			frequency[line[0]] = n
		}
	}
	return frequency, messages
}

func plainWords(data string) map[string]kind {
	kinds := map[string]kind{}
	for _, line := range dataLines(data) {
		k := frame
		if line[0] == "grammar:" {
			k = grammar
		}
		for _, word := range line[1:] {
			kinds[stemEnglish(word)] = k
		}
	}
	return kinds
}

// readSynonyms files the groups, and gives for each how frequent the most
// frequent of its words is.
func (x *lexicon) readSynonyms(data string, frequency map[string]float64) []float64 {
	lines := dataLines(data)
	most := make([]float64, 1+len(lines)) // group 0 is that of numbers
	for i, line := range lines {
		group := uint16(1 + i)
		for _, entry := range line {
			word, isDenied := strings.CutPrefix(entry, "!")
			var stems []string
			for part := range strings.SplitSeq(word, "_") {
				stems = append(stems, stemEnglish(part))
			}
			first := stems[0]
			l := x.words[first]
			if l == nil {
				l = &lexeme{}
				x.words[first] = l
			}
			switch {
			case len(stems) > 1:
				l.expressions = append(l.expressions, expression{stems[1:], group})
			case isDenied:
				l.denied = append(l.denied, group)
			case !slices.Contains(l.groups, group):
				l.groups = append(l.groups, group)
				most[group] = max(most[group], frequency[first])
			}
		}
	}
	return most
}

func stemEnglish(word string) string { return snowball.Stem(word, true) }
