package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/config"
)

func document(t *testing.T, cfg *config.Config) string {
	t.Helper()
	data, err := yaml.Marshal(cfg.Document())
	require.NoError(t, err)
	return string(data)
}

func TestADocumentHidesSecretsAndTellsOrigins(t *testing.T) {
	secret := write(t, "secret", "of-the-file")
	cfg, _, err := load(t, `
slack:
  token: xoxb-hush
nats: {url: "nats://user:hush@h:4222,tls://hush@i:4222"}
engine: {openai: {apiKeyFile: `+secret+`}}
sources:
  - {name: a, provider: p, secret: hush, secrets: [hush, hush-too], credentials: {username: u, password: hush}, labels: {b: x, a: "1"}}
routes:
  - {channel: "#a", thread: false, match: {within: first 60s, all: [{direction: inbound}]}}
`, "TRACKERBELL_ADMIN_VIEWERTOKEN=hush", "TRACKERBELL_SERVER_ADDR=:80")
	require.NoError(t, err)
	got := document(t, cfg)
	require.NotContains(t, got, "hush")
	require.NotContains(t, got, "of-the-file")
	for _, line := range []string{
		"  addr: :80 # TRACKERBELL_SERVER_ADDR\n",
		"  token: '********' # line 3\n",
		"  viewerToken: '********' # TRACKERBELL_ADMIN_VIEWERTOKEN\n",
		"  url: nats://xxxxx@h:4222,tls://xxxxx@i:4222 # line 4\n",
		"    apiKeyFile: " + secret + " # line 5\n",
		"secrets: ['********', '********']\n",
		"labels: {a: \"1\", b: x}\n",
		"  sync: always\n",
	} {
		require.Contains(t, got, line)
	}
	require.NotContains(t, got, "apiKey:")
}

func TestADocumentWithoutSecretsIsReadAsTheSameConfiguration(t *testing.T) {
	cfg, _, err := load(t, `
server: {publicURL: https://calls.example.com, maxBody: 3MB}
admin: {addr: "127.0.0.1:0"}
engine: {transcriber: command, command: [a b, "{input}", "true", "1"]}
media: {allowHosts: [10.0.0.0/8]}
sources: [{name: a, provider: p, insecure: true, labels: {x: "yes"}, agentChannel: 2}]
routes:
  - {channel: "#a", thread: true, mention: S0123456789, match: {within: last 90s, minScore: 0.5, duration: {min: 30s}, any: [{none: [{trackers: [x]}]}]}}
  - {drop: true, match: {labels: {x: "null"}}}
`)
	require.NoError(t, err)
	again, _, err := config.Load(write(t, "again.yaml", document(t, cfg)), nil)
	require.NoError(t, err, document(t, cfg))
	require.Empty(t, cmp.Diff(cfg, again, cmpopts.IgnoreUnexported(config.Config{}), cmpopts.EquateEmpty()))
}

func TestTheDocumentOfTheDefaultsIsValid(t *testing.T) {
	cfg, _, err := load(t, "")
	require.NoError(t, err)
	got := document(t, cfg)
	require.Empty(t, problems(t, got))
	require.NotContains(t, got, "***")
}
