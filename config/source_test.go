package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestMistakesInSources(t *testing.T) {
	const good = "{name: good, provider: generic, secret: s}"
	for name, tc := range map[string]struct{ source, want string }{
		"no name":             {"{provider: generic, secret: s}", "sources[1].name: must be 1 to 64 letters"},
		"odd name":            {"{name: a.b, provider: generic, secret: s}", "sources[1].name: must be 1 to 64 letters"},
		"newline in the name": {`{name: "a\n", provider: generic, secret: s}`, "sources[1].name: must be 1 to 64 letters"},
		"long name":           {"{name: " + strings.Repeat("a", 65) + ", provider: generic, secret: s}", "sources[1].name: must be 1 to 64 letters"},
		"name taken":          {"{name: good, provider: generic, secret: s}", "sources[1].name: already the name of sources[0]"},
		"no provider":         {"{name: a, secret: s}", "sources[1].provider: missing"},
		"no secret":           {"{name: a, provider: twilio}", "sources[1].secret: missing: without one"},
		"empty secret":        {"{name: a, provider: twilio, secret: '', secrets: []}", "sources[1].secret: missing: without one"},
		"blank secret":        {"{name: a, provider: twilio, secret: ' '}", "sources[1].secret: must not be white space"},
		"empty among secrets": {"{name: a, provider: twilio, secrets: [s, '']}", "sources[1].secrets[1]: must not be empty"},
		"secrets as text":     {"{name: a, provider: twilio, secrets: s}", "sources[1].secrets: must be a list"},
		"nameless label":      {"{name: a, provider: twilio, secret: s, labels: {'': x}}", "sources[1].labels: a label needs a name"},
		"blank parameter":     {"{name: a, provider: twilio, secret: s, labelsFromQuery: ['']}", "sources[1].labelsFromQuery[0]: must name"},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, "sources:\n- "+good+"\n- "+tc.source)
			require.Len(t, got, 1, got)
			require.True(t, strings.HasPrefix(got[0], "trackerbell.yaml:3: "+tc.want), got[0])
		})
	}
}

func TestASourceIsAcceptedWithAnyKindOfSecret(t *testing.T) {
	for _, secret := range []string{
		"secret: s", "secrets: [s]", "insecure: true", "secret: s, insecure: true", "secret: a, secrets: [b]",
		"secretFile: " + write(t, "secret", "s"),
	} {
		require.Empty(t, problems(t, "sources: [{name: a_B-1, provider: p, "+secret+"}]"), secret)
	}
}

func TestMistakesInRoutes(t *testing.T) {
	for name, tc := range map[string]struct{ route, want string }{
		"no channel":       {"{continue: true}", "routes[0].channel: missing"},
		"both":             {"{channel: a, channels: [b]}", "routes[0].channels: set either channel or channels"},
		"blank channel":    {"{channel: ' '}", "routes[0].channel: must name a channel"},
		"comment channel":  {"{channel: ~}", "routes[0].channel: missing"},
		"empty channel":    {"{channels: [a, '']}", "routes[0].channels[1]: must name a channel"},
		"channels as text": {"{channels: a}", "routes[0].channels: must be a list"},
		"empty tracker":    {"{channel: a, match: {trackers: ['']}}", "routes[0].match.trackers[0]: must name a tracker"},
		"unknown source":   {"{channel: a, match: {sources: [support, supprt]}}", "routes[0].match.sources[1]: no source has this name; did you mean support?"},
		"strange source":   {"{channel: a, match: {sources: [calls]}}", "routes[0].match.sources[0]: no source has this name"},
		"nameless label":   {"{channel: a, match: {labels: {' ': x}}}", "routes[0].match.labels: a label needs a name"},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, "sources: [{name: support, provider: p, secret: s}]\nroutes:\n- "+tc.route)
			require.Len(t, got, 1, got)
			require.True(t, strings.HasPrefix(got[0], "trackerbell.yaml:3: "+tc.want), got[0])
		})
	}
}

func TestWithoutSourcesARouteMayNameTheDefaultSource(t *testing.T) {
	require.Empty(t, problems(t, "routes: [{match: {sources: ["+config.DefaultSource+"]}, channel: a}]"))
	require.Len(t, problems(t, "routes: [{match: {sources: [support]}, channel: a}]"), 1)
}

func TestARouteIsNotBlamedForABrokenSource(t *testing.T) {
	const routes = "\nroutes: [{match: {sources: [support]}, channel: a}]"
	require.Len(t, problems(t, "sources: x"+routes), 1)
	require.Len(t, problems(t, "sources: [{naem: support, provider: p, secret: s}]"+routes), 1)
}

func TestDestinationsAreDistinctAndNotEmpty(t *testing.T) {
	require.Empty(t, config.Route{}.Destinations())
	require.Equal(t, []string{"#a"}, config.Route{Channel: "#a"}.Destinations())
	require.Equal(t, []string{"#b", "#a"}, config.Route{Channels: []string{"#b", "#a", "", "#b"}}.Destinations())
}
