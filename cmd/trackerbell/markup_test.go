package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkupReadsOnATerminalAsInSlack(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]string{
		"plain": "plain",
		"> we're having a *sale right now*, &amp; more":                      "> we're having a sale right now, & more",
		"_Anna (agent), 0:13_":                                               "Anna (agent), 0:13",
		"<https://pbx.example/1|the recording>":                              "the recording (https://pbx.example/1)",
		"<https://pbx.example/a_b_c>":                                        "https://pbx.example/a_b_c",
		"<!date^1777629720^{date_short_pretty} {time}|1 May 2026 10:02 UTC>": "1 May 2026 10:02 UTC",
		"<!subteam^S0123456789> <@U1> <!here>":                               "@S0123456789 @U1 @here",
		"a &lt;tag&gt; and 2 * 3 * 4":                                        "a <tag> and 2 * 3 * 4",
		"snake_case_name *":                                                  "snake_case_name *",
	} {
		require.Equal(t, want, readMarkup(markup, false))
	}
	require.Equal(t, "a \x1b[1mb\x1b[22m", readMarkup("a *b*", true))
}
