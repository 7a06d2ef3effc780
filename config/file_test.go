package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMistakesInTheFileNameKeyAndLine(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, want string }{
		"unknown key at the top":  {"servers: {}", "trackerbell.yaml:1: servers: unknown key; did you mean server?"},
		"nothing is close":        {"\nfrobnicate: 1", "trackerbell.yaml:2: frobnicate: unknown key"},
		"snake case":              {"server: {public_url: x}", "trackerbell.yaml:1: server.public_url: unknown key; did you mean publicURL?"},
		"unknown key in a list":   {"routes:\n- channel: x\n- chanel: y", "trackerbell.yaml:3: routes[1].chanel: unknown key; did you mean channel?"},
		"dotted key":              {"server.addr: x", "trackerbell.yaml:1: server…: unknown key"},
		"swapped letters":         {"tracekrs: x", "trackerbell.yaml:1: tracekrs: unknown key; did you mean trackers?"},
		"empty key":               {"'': x", `trackerbell.yaml:1: "": unknown key`},
		"long key":                {"a123456789012345678901234567890123456789z: x", "trackerbell.yaml:1: a123456789012345678901234567890123456789…: unknown key"},
		"duplicate key":           {"trackers: a\nserver: {}\ntrackers: b", "trackerbell.yaml:3: trackers: set twice; keep one"},
		"duplicate label":         {"sources:\n- {name: a, provider: p, secret: s, labels: {x: 1, x: 2}}", "trackerbell.yaml:2: sources[0].labels.x: set twice; keep one"},
		"duration":                {"server:\n  shutdownTimeout: 25", "trackerbell.yaml:2: server.shutdownTimeout: must be a duration such as 30s"},
		"size":                    {"server:\n  maxBody: 1 potato", "trackerbell.yaml:2: server.maxBody: must be a size such as 512KiB, 1MiB or 2GiB"},
		"bool":                    {"symbl: {allTrackers: maybe}", "trackerbell.yaml:1: symbl.allTrackers: must be true or false"},
		"number":                  {"slack: {ratePerChannel: .nan}", "trackerbell.yaml:1: slack.ratePerChannel: must be a number"},
		"not a number":            {"slack: {ratePerChannel: NaN}", "trackerbell.yaml:1: slack.ratePerChannel: must be a number"},
		"list for text":           {"trackers: [a]", "trackerbell.yaml:1: trackers: must be text"},
		"binary for text":         {"trackers: !!binary aGk=", "trackerbell.yaml:1: trackers: must be text"},
		"foreign tag":             {"slack: {token: !vault abc}", "trackerbell.yaml:1: slack.token: must be text"},
		"text for a list":         {"media: {allowHosts: a}", "trackerbell.yaml:1: media.allowHosts: must be a list such as [a, b]"},
		"null in a list":          {"media:\n  allowHosts:\n  - a\n  - #b", "trackerbell.yaml:4: media.allowHosts[1]: must be text"},
		"text for a mapping":      {"slack:\n  token:abc", "trackerbell.yaml:1: slack: must be a mapping of keys to values"},
		"list for labels":         {"sources:\n- {name: a, provider: p, secret: s, labels: [x]}", "trackerbell.yaml:2: sources[0].labels: must be a mapping of names to text"},
		"mapping for sources":     {"sources: {name: a}", "trackerbell.yaml:1: sources: must be a list of mappings, each starting with -"},
		"text for a source":       {"sources:\n- twilio", "trackerbell.yaml:2: sources[0]: must be a mapping of keys to values"},
		"null for a source":       {"sources:\n-", "trackerbell.yaml:2: sources[0]: must be a mapping of keys to values"},
		"list for everything":     {"- a", "trackerbell.yaml:1: the configuration must be a mapping of keys to values"},
		"a mapping as key":        {"? {a: b}\n: c", "trackerbell.yaml:1: a key must be text"},
		"two documents":           {"trackers: a\n---\ntrackers: b", "trackerbell.yaml:2: a second YAML document starts here; the configuration is one document"},
		"broken second document":  {"trackers: a\n---\n\"", "trackerbell.yaml:3: not valid YAML: found unexpected end of stream"},
		"alias in the second":     {"trackers: a\n---\n*abc", "trackerbell.yaml:3: not valid YAML: an alias (*) without its anchor (&); put quotes around text that starts with *"},
		"merge of text":           {"server:\n  <<: x", "trackerbell.yaml:2: server: << must name a mapping or a list of mappings"},
		"alias without an anchor": {"slack:\n  token: *abc", "trackerbell.yaml:2: not valid YAML: an alias (*) without its anchor (&); put quotes around text that starts with *"},
		"broken on line 1":        {"\"", "trackerbell.yaml:1: not valid YAML: found unexpected end of stream"},
		"tabs":                    {"server:\n\taddr: x", "trackerbell.yaml:2: not valid YAML: found character that cannot start any token"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{tc.want}, problems(t, tc.yaml))
		})
	}
}

func TestAnchorsAliasesAndMergesWork(t *testing.T) {
	cfg, _, err := load(t, `
sources:
  - &base
    name: one
    provider: twilio
    secret: s
    credentials: &creds {username: u, password: p}
    labels: &labels {team: a, tier: gold}
  - <<: *base
    name: two
    labels: {<<: *labels, team: b}
  - <<: [{name: three}, *base]
    credentials: *creds
`)
	require.NoError(t, err)
	require.Len(t, cfg.Sources, 3)
	one, two, three := cfg.Sources[0], cfg.Sources[1], cfg.Sources[2]
	require.Equal(t, "two", two.Name)
	require.Equal(t, "s", two.Secret)
	require.Equal(t, map[string]string{"team": "b", "tier": "gold"}, two.Labels)
	require.Equal(t, map[string]string{"team": "a", "tier": "gold"}, one.Labels)
	require.Equal(t, "three", three.Name)
	require.Equal(t, one.Credentials, three.Credentials)
}

func TestAMergeThatContainsItselfEnds(t *testing.T) {
	cfg, _, err := load(t, "server: &s\n  <<: [*s, *s]\n  addr: 127.0.0.1:9\n")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9", cfg.Server.Addr)
}

func TestAChannelThatIsACommentIsAWarning(t *testing.T) {
	_, warnings, err := load(t, "slack:\n  token: # set me\n  defaultChannel: #sales\n")
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], "trackerbell.yaml:3: slack.defaultChannel: has no value, as # begins a comment")
}
