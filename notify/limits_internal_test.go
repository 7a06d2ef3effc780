package notify

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

func requireFits(t *testing.T, blocks []slack.Block) []slack.Block {
	t.Helper()
	fitted := fitTo(&budget{blocks: maxBlocks, chars: maxBlocksJSON}, blocks)
	raw, err := json.Marshal(fitted)
	require.NoError(t, err)
	require.NoError(t, slacktest.CheckBlocks(raw))
	return fitted
}

func as[T slack.Block](t *testing.T, block slack.Block) T {
	t.Helper()
	b, ok := block.(T)
	require.True(t, ok, "%T", block)
	return b
}

func object(kind string, n int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(kind, strings.Repeat("x", n), false, false)
}

func TestEveryLimitOfABlockIsKept(t *testing.T) {
	many := make([]*slack.TextBlockObject, 12)
	mixed := make([]slack.MixedElement, 12)
	for i := range many {
		many[i], mixed[i] = object(slack.MarkdownType, 20), object(slack.MarkdownType, 20)
	}
	got := requireFits(t, []slack.Block{
		slack.NewHeaderBlock(object(slack.PlainTextType, 151)),
		slack.NewSectionBlock(object(slack.MarkdownType, 3001), nil, nil),
		slack.NewSectionBlock(nil, many, nil),
		slack.NewSectionBlock(nil, []*slack.TextBlockObject{object(slack.PlainTextType, 2001), object(slack.PlainTextType, 0)}, nil),
		slack.NewContextBlock("", mixed...),
		slack.NewContextBlock("", object(slack.MarkdownType, 0)),
		slack.NewHeaderBlock(object(slack.PlainTextType, 0)),
		slack.NewSectionBlock(object(slack.PlainTextType, 0), nil, nil),
		slack.NewDividerBlock(),
	})
	require.Len(t, got, 6, "what is empty is left out")
	require.Len(t, as[*slack.SectionBlock](t, got[2]).Fields, 10)
	require.Len(t, as[*slack.ContextBlock](t, got[4]).ContextElements.Elements, 10)
	require.True(t, strings.HasSuffix(as[*slack.HeaderBlock](t, got[0]).Text.Text, "x…"))
}

func TestNoMoreThanFiftyBlocksAreSent(t *testing.T) {
	var blocks []slack.Block
	for range 60 {
		blocks = append(blocks, slack.NewDividerBlock())
	}
	require.Len(t, requireFits(t, blocks), 50)
}

func TestAllBlocksTogetherStayBelowWhatSlackTakes(t *testing.T) {
	var blocks []slack.Block
	for range 10 {
		blocks = append(blocks, slack.NewSectionBlock(object(slack.MarkdownType, 2900), nil, nil))
	}
	require.Len(t, requireFits(t, blocks), 3)
}

func TestMarkupIsNeverCutInTwo(t *testing.T) {
	for text, want := range map[string]string{
		"short":                  "short",
		"exactly 10":             "exactly 10",
		"more than ten":          "more than…",
		"fish &amp; chips":       "fish …",
		"a &amp; b &amp; c":      "a &amp; b…",
		"see <https://x.y|here>": "see …",
		"<a|b> and <c|d>":        "<a|b> and…",
		"🔔🔔🔔🔔🔔🔔":                 "🔔🔔🔔🔔…",
	} {
		require.Equal(t, want, fitMarkup(text, 10))
	}
}

func TestQuotesGiveWayWhereATrackerIsTooMuch(t *testing.T) {
	tracker := newTrackerView(Tracker{Name: "x", Quotes: []Quote{
		{Text: strings.Repeat("long ", 50)}, {Text: strings.Repeat("more ", 50)}, {Text: strings.Repeat("most ", 50)},
	}}, Mask)
	left := budget{blocks: 2, chars: 700}
	raw, err := json.Marshal(tracker.blockWithin(&left))
	require.NoError(t, err)
	require.Contains(t, string(raw), "long long")
	require.NotContains(t, string(raw), "more more")
	require.Contains(t, string(raw), "and 2 more")
	require.Equal(t, 1, left.blocks)
	require.Nil(t, tracker.blockWithin(&budget{blocks: 1, chars: 50}))
	require.Nil(t, tracker.blockWithin(&budget{blocks: 0, chars: 5000}))
}
