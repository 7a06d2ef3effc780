package match

import (
	"slices"
	"strings"
)

// lemma is a folded word as the matcher compares it. It never changes.
type lemma struct {
	*lexeme
	stem   string
	folded string
	place  // in the dictionary; while trackers are compiled, the number of the stem in the reading
}

// token is a word in its text. One word of a text can be two tokens ("don't"
// is "do" and "not") or none (a filler).
type token struct {
	*lemma
	groups []uint16 // of synonyms, those of its expression included
	word   int32    // index in the words of the text
	clause int32    // of the text
	denial denial   // of what the word says
	means  bool     // groups hold what the denied word means: "can't find" means lost
}

// numberGroup is the group that all numbers belong to.
const numberGroup = 0

func (l *lemma) isNumber() bool { return l.stem[0] == numberMark }

// isStrange tells whether the token has other groups than its word has alone.
func (t *token) isStrange() bool { return t.means || len(t.groups) != len(t.lexeme.groups) }

// numberMark begins the stem of a number. No other stem has it.
const numberMark = '#'

// reading takes words apart into tokens. It remembers words, so that it is not
// safe for concurrent use.
type reading struct {
	*language
	dictionary *dictionary       // where words are looked up; nil while trackers are compiled
	known      map[string]*known // by folded word
	stems      *numbers          // of what is read, while trackers are compiled

	words  []word // reused
	tokens []token
}

// known is what a reading remembers of a folded word.
type known struct {
	folded  string
	spelled []*lemma  // what it stands for, if that is fixed
	parts   [2]*lemma // else; nil where there is none
	number  int32     // among the words of literals; noWord if it is in none
}

// mostKnown is how many words a reading remembers.
const mostKnown = 16384

func newReading(l *language, d *dictionary) *reading {
	return &reading{language: l, dictionary: d, known: map[string]*known{}, stems: newNumbers(nil, 0)}
}

// read splits a text. What the reading holds is of this text until the next.
func (l *reading) read(text string) {
	l.words = l.split(text, l.words)
	l.tokens = l.tokensOf(text, l.words, l.tokens)
}

// tokensOf reads the words of a text: contractions and the spelling of chats
// taken apart, fillers and false starts left out, numbers as digits.
func (l *reading) tokensOf(text string, words []word, into []token) []token {
	out, clause := into[:0], int32(0)
	for i := range words {
		w := &words[i]
		if i > 0 && endsClause(text[words[i-1].end:w.start]) {
			clause++
		}
		w.known = l.lookUp(text[w.start:w.end])
		for _, m := range w.spelled {
			out = append(out, token{lemma: m, groups: m.groups, word: int32(i), clause: clause})
		}
		parts := w.parts
		if l.lexicon != nil && w.spelled == nil && strings.HasPrefix(text[w.end:], "%") {
			parts[1] = l.lookUp("percent").parts[0]
		}
		for _, m := range parts {
			switch {
			case m == nil:
			case falseStart(out, m.folded):
				out = dropFalseStart(out, m.folded)
			default:
				out = append(out, token{lemma: m, groups: m.groups, word: int32(i), clause: clause})
			}
		}
	}
	if l.lexicon != nil {
		l.lexicon.deny(out)
		markExpressions(out)
	}
	return out
}

// lookUp remembers a word, or takes it apart.
func (l *reading) lookUp(word string) *known {
	var short [longestStem]byte
	folded := lower(short[:0], word)
	if folded == nil {
		folded = []byte(fold(word))
	}
	if k, ok := l.known[string(folded)]; ok {
		return k
	}
	key := string(folded)
	k := l.takeApart(amount(key))
	if len(l.known) >= mostKnown {
		clear(l.known)
	}
	if len(key) <= longestStem {
		l.known[key] = k
	}
	return k
}

// takeApart reads a folded word.
func (l *reading) takeApart(folded string) *known {
	k := &known{folded: folded, number: noWord}
	if l.dictionary != nil {
		k.number = l.dictionary.words.find(folded)
	}
	if l.lexicon == nil {
		k.spelled = []*lemma{l.lemma(folded)}
		return k
	}
	if spelled, ok := l.lexicon.spellings[folded]; ok {
		for _, part := range spelled {
			k.spelled = append(k.spelled, l.lemma(part))
		}
		return k
	}
	first, second := l.lexicon.takeApart(folded)
	for i, part := range [2]string{first, second} {
		if part != "" {
			k.parts[i] = l.lemma(part)
		}
	}
	return k
}

// lemma makes the lemma of a folded word, and finds its place.
func (l *reading) lemma(folded string) *lemma {
	m := l.language.lemma(folded)
	if l.dictionary != nil {
		m.place = l.dictionary.placeOf(m)
	} else {
		m.number = l.stems.add(m.stem)
	}
	return m
}

// lemma makes the lemma of a folded word that stands alone.
func (l *language) lemma(folded string) *lemma {
	if digits := numeral(folded); digits != "" {
		number := &lexeme{kind: grammar, weight: numberWeight, groups: []uint16{numberGroup}}
		return &lemma{lexeme: number, stem: digits, folded: folded}
	}
	stem := l.stem(folded)
	return &lemma{lexeme: l.lexeme(folded, stem), stem: stem, folded: folded}
}

// endsClause tells whether what stands between two words ends a clause.
func endsClause(between string) bool {
	return between != " " && strings.ContainsAny(between, ".!?;,:\n")
}

// takeApart gives what a word stands for: a negation is two words, the end of
// a contraction another word, a filler none.
func (x *lexicon) takeApart(folded string) (first, second string) {
	switch folded {
	case "um", "umm", "uh", "uhm", "er", "erm", "ah", "eh", "hm", "hmm", "mm", "mhm", "huh", "oh", "s", "t":
		return "", ""
	case "m":
		return "am", ""
	case "re":
		return "are", ""
	case "ve":
		return "have", ""
	case "ll":
		return "will", ""
	case "d":
		return "would", ""
	case "can't":
		return "can", "not"
	case "won't":
		return "will", "not"
	}
	if verb, ok := strings.CutSuffix(folded, "n't"); ok {
		return verb, "not"
	}
	return x.unstretch(folded), ""
}

// unstretch undoes drawn-out spelling of a word that is not known otherwise:
// "hiii", "byee", "sooo".
func (x *lexicon) unstretch(word string) string {
	if len(word) < 3 || !drawnOut(word) {
		return word
	}
	if _, known := x.words[stemEnglish(word)]; known {
		return word
	}
	short := make([]byte, 0, len(word))
	for i := 0; i < len(word); {
		run := i
		for run < len(word) && word[run] == word[i] {
			run++
		}
		if short = append(short, word[i]); run-i == 2 && run < len(word) {
			short = append(short, word[i])
		}
		i = run
	}
	if _, known := x.words[stemEnglish(string(short))]; known {
		return string(short)
	}
	return word
}

// drawnOut tells whether a letter stands twice at the end or thrice anywhere.
func drawnOut(word string) bool {
	for i := 1; i < len(word); i++ {
		if word[i] == word[i-1] && (i == len(word)-1 || i > 1 && word[i] == word[i-2]) {
			return true
		}
	}
	return false
}

// falseStart tells whether a word repeats what was just said: "I I", or the
// second half of "I want I want".
func falseStart(said []token, word string) bool {
	n := len(said)
	if n > 0 && said[n-1].folded == word {
		return true
	}
	return n > 2 && said[n-3].folded == said[n-1].folded && said[n-2].folded == word
}

// dropFalseStart takes back the first word of a repeated pair.
func dropFalseStart(said []token, word string) []token {
	if n := len(said); said[n-1].folded != word {
		return said[:n-1]
	}
	return said
}

// markExpressions adds the group of each expression to the heaviest of its
// words.
func markExpressions(tokens []token) {
	for i := range tokens {
		n, group := 0, uint16(0)
		for _, e := range tokens[i].expressions {
			if len(e.rest) > n && follow(tokens[i+1:], e.rest) {
				n, group = len(e.rest), e.group
			}
		}
		if n == 0 {
			continue
		}
		heavy := i
		for j := i + 1; j <= i+n; j++ {
			if tokens[j].weight > tokens[heavy].weight {
				heavy = j
			}
		}
		t := &tokens[heavy]
		t.groups = append(slices.Clip(t.groups), group)
	}
}

// follow tells whether the tokens begin with the stems.
func follow(tokens []token, stems []string) bool {
	if len(tokens) < len(stems) {
		return false
	}
	for i, s := range stems {
		if tokens[i].stem != s {
			return false
		}
	}
	return true
}

// numeral gives a number's digits after the mark, "" for other words. "One" is
// too often a pronoun to be a number.
func numeral(word string) string {
	if word[0] >= '0' && word[0] <= '9' {
		if strings.Trim(word, "0123456789.,") == "" {
			return string(numberMark) + word
		}
		return ""
	}
	for _, n := range [...][2]string{
		{"zero", "0"}, {"two", "2"}, {"three", "3"}, {"four", "4"}, {"five", "5"}, {"six", "6"}, {"seven", "7"},
		{"eight", "8"}, {"nine", "9"}, {"ten", "10"}, {"eleven", "11"}, {"twelve", "12"}, {"thirteen", "13"},
		{"fourteen", "14"}, {"fifteen", "15"}, {"sixteen", "16"}, {"seventeen", "17"}, {"eighteen", "18"},
		{"nineteen", "19"}, {"twenty", "20"}, {"thirty", "30"}, {"forty", "40"}, {"fifty", "50"}, {"sixty", "60"},
		{"seventy", "70"}, {"eighty", "80"}, {"ninety", "90"}, {"hundred", "100"}, {"thousand", "1000"},
	} {
		if n[0] == word {
			return string(numberMark) + n[1]
		}
	}
	return ""
}
