package slacktest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

func text(kind string, n int) string {
	return fmt.Sprintf(`{"type":%q,"text":%q}`, kind, strings.Repeat("é", n))
}

func list(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

func TestBlocksWithinSlacksLimitsPass(t *testing.T) {
	for name, blocks := range map[string]string{
		"none":                  `[]`,
		"fifty dividers":        list(50, `{"type":"divider","block_id":"x"}`),
		"full header":           `[{"type":"header","text":` + text("plain_text", 150) + `}]`,
		"full section":          `[{"type":"section","text":` + text("mrkdwn", 3000) + `}]`,
		"section of fields":     `[{"type":"section","fields":` + list(4, text("mrkdwn", 2000)) + `}]`,
		"context":               `[{"type":"context","elements":` + list(10, text("plain_text", 9)) + `}]`,
		"buttons":               `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":` + text("plain_text", 75) + `}]}]`,
		"rich text":             rich(`{"type":"rich_text_quote","elements":[{"type":"text","text":"a","style":{"bold":true}},{"type":"link","url":"https://x.example"}]}`),
		"list in rich text":     rich(`{"type":"rich_text_list","style":"bullet","indent":0,"border":0,"offset":0,"elements":[{"type":"rich_text_section","elements":[{"type":"emoji","name":"bell"}]}]}`),
		"all the text it takes": `[` + strings.Repeat(`{"type":"section","text":`+text("mrkdwn", 2500)+`},`, 3) + `{"type":"section","text":` + text("mrkdwn", 2500) + `}]`,
	} {
		t.Run(name, func(t *testing.T) { require.NoError(t, slacktest.CheckBlocks([]byte(blocks))) })
	}
}

func rich(element string) string { return `[{"type":"rich_text","elements":[` + element + `]}]` }

func TestBlocksThatSlackRefusesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ blocks, want string }{
		"not an array":           {`{}`, "not a JSON array"},
		"fifty-one":              {list(51, `{"type":"divider"}`), "no more than 50 items"},
		"unknown block":          {`[{"type":"banner"}]`, `unsupported block type "banner" [json-pointer:/blocks/0]`},
		"unknown field":          {`[{"type":"divider","colour":"red"}]`, "unknown field"},
		"long header":            {`[{"type":"header","text":` + text("plain_text", 151) + `}]`, "must be less than 151 characters"},
		"empty header":           {`[{"type":"header","text":` + text("plain_text", 0) + `}]`, "more than 0"},
		"header without text":    {`[{"type":"header"}]`, "missing text"},
		"mrkdwn header":          {`[{"type":"header","text":` + text("mrkdwn", 1) + `}]`, `unsupported text type "mrkdwn"`},
		"long section":           {`[{"type":"section","text":` + text("mrkdwn", 3001) + `}]`, "must be less than 3001"},
		"eleven fields":          {`[{"type":"section","fields":` + list(11, text("mrkdwn", 1)) + `}]`, "too many fields"},
		"long field":             {`[{"type":"section","fields":` + list(1, text("mrkdwn", 2001)) + `}]`, "must be less than 2001"},
		"eleven context items":   {`[{"type":"context","elements":` + list(11, text("mrkdwn", 1)) + `}]`, "1 to 10 elements"},
		"empty context":          {`[{"type":"context","elements":[]}]`, "1 to 10 elements"},
		"emoji in mrkdwn":        {`[{"type":"context","elements":[{"type":"mrkdwn","text":"x","emoji":true}]}]`, "plain_text only"},
		"verbatim in plain text": {`[{"type":"context","elements":[{"type":"plain_text","text":"x","verbatim":true}]}]`, "mrkdwn only"},
		"long block id":          {`[{"type":"divider","block_id":"` + strings.Repeat("x", 256) + `"}]`, "block_id"},
		"no buttons":             {`[{"type":"actions","elements":[]}]`, "1 to 25"},
		"no button":              {`[{"type":"actions","elements":[{"type":"slider"}]}]`, "slider"},
		"empty rich text":        {`[{"type":"rich_text","elements":[]}]`, "without elements"},
		"empty quote":            {rich(`{"type":"rich_text_quote","elements":[]}`), "without elements"},
		"empty rich word":        {rich(`{"type":"rich_text_quote","elements":[{"type":"text","text":""}]}`), "more than 0"},
		"unknown rich group":     {rich(`{"type":"rich_text_poem","elements":[]}`), "rich_text_poem"},
		"unknown rich word":      {rich(`{"type":"rich_text_section","elements":[{"type":"song"}]}`), "song"},
		"too much altogether":    {list(4, `{"type":"section","text":`+text("mrkdwn", 2501)+`}`), "too much text"},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorContains(t, slacktest.CheckBlocks([]byte(c.blocks)), c.want) })
	}
}
