package config_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

var update = flag.Bool("update", false, "write what is generated: docs/configuration.md and the chart's schema of it")

const referenceFile = "../docs/configuration.md"

const intro = `# Configuration

<!-- Written by "make docs" from the types in config/; change the comments there. -->

One YAML file, given by ` + "`--config FILE` or `TRACKERBELL_CONFIG`" + `. Everything has a default: an empty file is valid. ` + "`trackerbell init`" + ` writes one to start from.

- Every key outside of lists can be set by the environment: ` + "`TRACKERBELL_` and the path in upper case, joined by `_`. `symbl.appId` is `TRACKERBELL_SYMBL_APPID`; the items of `TRACKERBELL_MEDIA_ALLOWHOSTS` are joined by commas, the words of `TRACKERBELL_ENGINE_COMMAND` by spaces" + `. The environment wins over the file. An unknown ` + "`TRACKERBELL_…`" + ` variable only warns, because Kubernetes injects some.
- Every secret has a twin that ends in ` + "`File` and names a file to read it from: `slack.tokenFile`" + `. Setting both is an error.
- A relative path is one of the working directory; that of ` + "`trackers`" + ` is looked for beside the configuration file first.
- Unknown keys and bad values are errors. All of them are reported at once, with key, line and fix, and the exit code is 2.
- Durations are written ` + "`30s`, `4h`; sizes `512KiB`, `1MiB`, `2GiB`" + `.
- ` + "`trackerbell config print`" + ` shows what holds, and where each value comes from; secrets are hidden. ` + "`trackerbell config schema`" + ` is a JSON Schema for editors: begin the file with ` + "`# yaml-language-server: $schema=trackerbell.schema.json`" + `.
- A running service takes changes over within seconds, or at once on SIGHUP: sources, routes, destinations, the trackers' file, the tokens of ` + "`admin` and `slack`" + `, and every file with a secret of these. With a mistake in it the old configuration stays, and the log says why; without NATS it waits. Changes of other keys wait for a restart, and the log names them. ` + "`trackerbell_config_last_reload_successful` and `trackerbell_config_hash`" + ` tell from outside.
`

// pages say more about a section than its keys do.
func pages() map[string]string {
	return map[string]string{
		"engine":       "How audio becomes text: [transcription](transcription.md).",
		"slack":        "How to make the app, and what its messages look like: [Slack](slack.md).",
		"destinations": "A list. What they receive: [Slack and other destinations](slack.md#other-destinations).",
		"sources":      "A list. Where to click in each system: [providers](providers/README.md); how to call the generic one: [webhooks](webhooks.md).",
		"noise":        "A list; the first that names a channel holds for it. Nothing is held back by default. What becomes of it: [noise](routes.md#noise).",
		"routes":       "A list, tried in order for each matched tracker; the first that matches decides, unless it says `continue: true`. The trackers of a recording that go to one channel form one alert. Examples: [routes](routes.md).",
	}
}

// markdown writes the reference.
func markdown(root config.Key) string {
	b := &strings.Builder{}
	b.WriteString(intro)
	for _, section := range root.Keys {
		fmt.Fprintf(b, "\n## %s\n\n%s\n", section.Name, section.Text)
		if more := pages()[section.Name]; more != "" {
			fmt.Fprintf(b, "\n%s\n", more)
		}
		if len(section.Keys) == 0 {
			continue
		}
		b.WriteString("\n| key | default | what it is |\n| --- | --- | --- |\n")
		rows(b, section.Name, section.Keys)
	}
	return b.String()
}

// rows writes a row for each key; those of a list are told from its entries on.
func rows(b *strings.Builder, section string, keys []config.Key) {
	for _, k := range keys {
		if k.Twin {
			continue
		}
		name := "`" + strings.TrimPrefix(k.Path, section+"[].") + "`"
		if k.Secret && k.Type.Kind() == reflect.String {
			name += ", `…File`"
		}
		text := strings.ReplaceAll(k.Text, "|", `\|`)
		if len(k.Choices) > 0 {
			text = "`" + strings.Join(k.Choices, "`, `") + "`; " + text
		}
		value := ""
		if k.Default != "" && !strings.Contains(k.Path, "[") {
			value = "`" + k.Default + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, value, text)
		rows(b, section, k.Keys)
	}
}

func TestTheReferenceSaysWhatTheTypesSay(t *testing.T) {
	root, err := config.Reference()
	require.NoError(t, err)
	got := markdown(root)
	if *update {
		require.NoError(t, os.WriteFile(referenceFile, []byte(got), 0o644))
	}
	want, err := os.ReadFile(referenceFile)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), got), "run make docs")
}

// visit calls fn for every key below k.
func visit(k config.Key, fn func(config.Key)) {
	for _, below := range k.Keys {
		fn(below)
		visit(below, fn)
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	root, err := config.Reference()
	require.NoError(t, err)
	n := 0
	visit(root, func(k config.Key) {
		n++
		require.True(t, k.Twin || k.Text != "", "%s: no comment beside it", k.Path)
	})
	require.Greater(t, n, 80)
}

func TestTheChoicesOfTheReferenceAreThoseThatAreAccepted(t *testing.T) {
	root, err := config.Reference()
	require.NoError(t, err)
	found := map[string][]string{}
	visit(root, func(k config.Key) {
		if len(k.Choices) > 0 {
			found[k.Path] = k.Choices
		}
	})
	for path, yaml := range map[string]string{
		"nats.sync":                   "nats: {sync: %s}",
		"engine.transcriber":          "engine: {transcriber: %s, command: [a, '{input}']}",
		"routes[].severity":           "routes: [{channel: a, severity: %s}]",
		"routes[].match.direction":    "routes: [{channel: a, match: {direction: %s}}]",
		"routes[].match.speaker.role": "routes: [{channel: a, match: {speaker: {role: %s}}}]",
		"noise[].pass":                "noise: [{pass: %s}]",
		"destinations[].type":         "destinations: [{name: a, type: %s, url: 'https://h/', secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]",
	} {
		for _, choice := range found[path] {
			require.Empty(t, problems(t, fmt.Sprintf(yaml, choice)), path)
		}
		require.Contains(t, problems(t, fmt.Sprintf(yaml, "other"))[0], strings.Join(found[path], ", "))
		delete(found, path)
	}
	require.Len(t, found, 1, "sources[].take is its provider's to check")
}

func TestKeysKnowTheirVariableAndDefault(t *testing.T) {
	root, err := config.Reference()
	require.NoError(t, err)
	keys := map[string]config.Key{}
	visit(root, func(k config.Key) { keys[k.Path] = k })
	require.Equal(t, "TRACKERBELL_SERVER_SHUTDOWNTIMEOUT", keys["server.shutdownTimeout"].Variable)
	require.Equal(t, "25s", keys["server.shutdownTimeout"].Default)
	require.Equal(t, "168h", keys["nats.maxAge"].Default)
	require.Equal(t, "8GiB", keys["nats.maxBytes"].Default)
	require.Equal(t, "0", keys["engine.maxJobs"].Default)
	require.True(t, keys["slack.token"].Secret)
	require.True(t, keys["slack.tokenFile"].Twin)
	require.True(t, keys["sources[].secrets"].Secret)
	require.Empty(t, keys["sources[].name"].Variable)
	require.Empty(t, keys["routes[].match.all"].Keys, "conditions inside of conditions end")
}
