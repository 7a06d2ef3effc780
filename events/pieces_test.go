package events

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestALongUtteranceIsSubmittedInPieces(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	rec := transcript("long")
	rec.Transcript[0].Text = strings.Repeat("hello ", 100_000) + "a sale"
	h.run(h.Service)
	h.accept(rec)
	h.settled(h.Service, rec.Key, StageDone)
	messages := h.symbl.messages["conversation-1"]
	require.Len(t, messages, 3)
	words := ""
	for i, m := range messages {
		require.LessOrEqual(t, len(m.Payload.Content), longestMessage)
		require.Equal(t, "Anna", m.From.Name)
		require.True(t, i == 0 || m.Duration.StartTime.Equal(messages[i-1].Duration.EndTime))
		words += " " + m.Payload.Content
	}
	require.Equal(t, strings.Fields(rec.Transcript[0].Text), strings.Fields(words))
}

func TestPiecesHoldWholeCharacters(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("語", longestMessage)
	joined := ""
	for u := range inPieces([]Utterance{{Text: text, End: 10}}) {
		require.True(t, utf8.ValidString(u.Text))
		require.LessOrEqual(t, len(u.Text), longestMessage)
		joined += u.Text
	}
	require.Equal(t, text, joined)
	broken := strings.Repeat("\x80", 2*longestMessage+1)
	require.Len(t, slices.Collect(inPieces([]Utterance{{Text: broken}})), 3)
}

func TestAShortUtteranceStaysAsItIs(t *testing.T) {
	t.Parallel()
	said := []Utterance{{Text: "a sale", Start: 1, End: 2}, {Text: " b ", Start: 2, End: 3}}
	require.Equal(t, said, slices.Collect(inPieces(said)))
}
