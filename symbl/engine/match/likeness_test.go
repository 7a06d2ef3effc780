package match

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Inside the package: the marks only save work, so that no hit shows them.
func TestWordsThatAreAlikeHaveACommonMark(t *testing.T) {
	l, like := newReading(languageOf("en-US"), nil), 0
	l.read(strings.ReplaceAll(englishSynonyms, "!", " not ") + " acount paymant broked 10 ten twenty")
	for i := range l.tokens {
		for j := range l.tokens {
			phrase, text := &l.tokens[i], &l.tokens[j]
			if alike(phrase, text) > 0 {
				like++
				require.NotZero(t, phrase.phraseMarks()&text.textMarks(), "%s and %s", phrase.folded, text.folded)
			}
		}
	}
	require.Greater(t, like, len(l.tokens))
}
