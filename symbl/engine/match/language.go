package match

import (
	"strings"
	"unicode/utf8"

	snowball "github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/french"
	"github.com/kljensen/snowball/hungarian"
	"github.com/kljensen/snowball/norwegian"
	"github.com/kljensen/snowball/russian"
	"github.com/kljensen/snowball/spanish"
	"github.com/kljensen/snowball/swedish"
)

// language knows the inflections and the words of a language. The zero value
// knows neither.
type language struct {
	stemmer func(word string, stemTrivial bool) string
	stop    func(word string) bool
	lexicon *lexicon // nil but for English
}

// languageOf picks the language of a BCP-47 tag.
func languageOf(tag string) *language {
	base, _ := parts(tag)
	switch base {
	case "en":
		return &language{snowball.Stem, nil, english()}
	case "fr":
		return &language{french.Stem, french.IsStopWord, nil}
	case "es":
		return &language{spanish.Stem, spanish.IsStopWord, nil}
	case "sv":
		return &language{swedish.Stem, swedish.IsStopWord, nil}
	case "ru":
		return &language{russian.Stem, russian.IsStopWord, nil}
	case "no", "nb", "nn":
		return &language{norwegian.Stem, norwegian.IsStopWord, nil}
	case "hu":
		return &language{hungarian.Stem, hungarian.IsStopWord, nil}
	}
	return &language{}
}

// groups is how many groups of synonyms there are, that of numbers included.
func (l *language) groups() int {
	if l.lexicon == nil {
		return 1
	}
	return l.lexicon.groups
}

// longestStem is the length in bytes above which a word is its own stem: no
// language has such words.
const longestStem = 64

// stem is what a folded word has in common with its inflections.
func (l *language) stem(word string) string {
	if l.stemmer == nil || len(word) > longestStem {
		return word
	}
	return l.stemmer(word, true)
}

// usualWeight is the weight of a word in a language without a background.
const usualWeight = 6

// lexeme is what is known of a folded word with that stem.
func (l *language) lexeme(word, stem string) *lexeme {
	switch {
	case l.lexicon != nil:
		if known, ok := l.lexicon.words[stem]; ok {
			return known
		}
		return &lexeme{weight: heaviest, rare: true}
	case l.stop != nil && l.stop(word):
		return &lexeme{kind: grammar, weight: usualWeight * grammarFactor}
	}
	return &lexeme{weight: usualWeight}
}

// applies tells whether a tracker with the languages applies to a conversation
// in the language. Tags compare without case; one without a region stands for
// all of its regions.
func applies(languages []string, conversation string) bool {
	if len(languages) == 0 || conversation == "" {
		return true
	}
	base, region := parts(conversation)
	for _, tag := range languages {
		b, r := parts(tag)
		if b == base && (r == region || r == "" || region == "") {
			return true
		}
	}
	return false
}

// parts gives the language and the region of a BCP-47 tag, in lower case.
func parts(tag string) (base, region string) {
	subtags := strings.FieldsFunc(strings.ToLower(tag), func(r rune) bool { return r == '-' || r == '_' })
	if len(subtags) == 0 {
		return "", ""
	}
	for _, s := range subtags[1:] {
		if n := utf8.RuneCountInString(s); n == 1 {
			break // extensions and private use follow
		} else if n == 2 || n == 3 && s[0] <= '9' {
			return subtags[0], s
		}
	}
	return subtags[0], ""
}
