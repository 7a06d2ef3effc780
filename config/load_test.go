package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

// write puts text into a file called name and gives its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// load loads a file with that content and this environment.
func load(t *testing.T, yaml string, environ ...string) (*config.Config, []string, error) {
	t.Helper()
	return config.Load(write(t, "trackerbell.yaml", yaml), environ)
}

// problems gives what is wrong with the configuration, one line each, without
// the directory of the file.
func problems(t *testing.T, yaml string, environ ...string) []string {
	t.Helper()
	_, _, err := load(t, yaml, environ...)
	if err == nil {
		return nil
	}
	var ps config.Problems
	require.ErrorAs(t, err, &ps)
	lines := make([]string, len(ps))
	for i, p := range ps {
		p.Origin = filepath.Base(p.Origin)
		if p.Origin == "." {
			p.Origin = ""
		}
		lines[i] = p.Error()
	}
	return lines
}

func sameConfig(t *testing.T, want, got config.Config) {
	t.Helper()
	require.Empty(t, cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Config{}), cmpopts.EquateEmpty()))
}

func TestDefaultsAreValid(t *testing.T) {
	cfg, warnings, err := config.Load("", nil)
	require.NoError(t, err)
	require.Empty(t, warnings)
	sameConfig(t, config.Default(), *cfg)
}

func TestDefaultsAreThoseOfTheDocumentation(t *testing.T) {
	cfg, _, err := load(t, `
server: {addr: 127.0.0.1:8080, publicURL: "", maxBody: 1MiB, shutdownTimeout: 25s}
admin: {addr: 127.0.0.1:8081, token: "", viewerToken: ""}
nats: {url: "", credsFile: "", dataDir: ./data, replicas: 1, maxAge: 168h, maxBytes: 8GiB, sync: always}
symbl:
  {baseURL: "", appId: "", appSecret: "", generation: 2, allTrackers: true, maxJobs: 50,
   jobTimeout: 4h, pollInterval: 5s, pollMax: 60s}
engine:
  appId: ""
  appSecret: ""
  maxJobs: 0
  maxTrackers: 500
  transcriber: none
  openai: {baseURL: http://127.0.0.1:8000/v1, model: whisper-1, apiKey: ""}
  command: []
slack: {token: "", apiURL: https://slack.com/api/, signingSecret: "", defaultChannel: "#call-alerts", ratePerChannel: 1}
media: {allowHosts: [], maxBytes: 2GiB}
sources: []
routes: []
trackers: ""
`)
	require.NoError(t, err)
	sameConfig(t, config.Default(), *cfg)
}

func TestEveryPartOfAFileIsRead(t *testing.T) {
	cfg, warnings, err := load(t, `
server:
  publicURL: https://calls.example.com/hooks/
  maxBody: 512KiB
nats: {url: "nats://a:4222, tls://b:4222", replicas: 3}
symbl: {baseURL: https://api.example.com/, appId: 12345, appSecret: 0123e4, allTrackers: False, pollMax: 1m30s}
engine: {transcriber: command, command: [whisper, -f, "{input}"]}
slack: {ratePerChannel: 0.5}
media: {allowHosts: [127.0.0.1, 10.0.0.0/8, "::1", media.internal]}
sources:
  - name: support
    provider: twilio
    secrets: [old, new]
    credentials: {username: u, password: p}
    labels: {team: support, tier: 1}
    labelsFromQuery: [agent]
  - {name: sales, provider: generic, insecure: true}
routes:
  - match: {sources: [support], trackers: ["Promotion Mention"], labels: {team: support}}
    channel: "#promotions"
    continue: true
  - channels: ["#a", "#b"]
trackers: trackers.yaml
`)
	require.NoError(t, err)
	require.Empty(t, warnings)

	want := config.Default()
	want.Server.PublicURL = "https://calls.example.com/hooks"
	want.Server.MaxBody = 512 << 10
	want.NATS.URL, want.NATS.Replicas = "nats://a:4222, tls://b:4222", 3
	want.Symbl.BaseURL, want.Symbl.AppID, want.Symbl.AppSecret = "https://api.example.com", "12345", "0123e4"
	want.Symbl.AllTrackers, want.Symbl.PollMax = false, 90*time.Second
	want.Engine.Transcriber, want.Engine.Command = "command", []string{"whisper", "-f", "{input}"}
	want.Slack.RatePerChannel = 0.5
	want.Media.AllowHosts = []string{"127.0.0.1", "10.0.0.0/8", "::1", "media.internal"}
	want.Sources = []config.Source{
		{
			Name: "support", Provider: "twilio", Secrets: []string{"old", "new"},
			Credentials:     config.Credentials{Username: "u", Password: "p"},
			Labels:          map[string]string{"team": "support", "tier": "1"},
			LabelsFromQuery: []string{"agent"},
		},
		{Name: "sales", Provider: "generic", Insecure: true},
	}
	want.Routes = []config.Route{
		{
			Match: config.Match{
				Sources: []string{"support"}, Trackers: []string{"Promotion Mention"},
				Labels: map[string]string{"team": "support"},
			},
			Channel: "#promotions", Continue: true,
		},
		{Channels: []string{"#a", "#b"}},
	}
	want.Trackers = "trackers.yaml"
	sameConfig(t, want, *cfg)
}

func TestFilesThatSetNothingKeepTheDefaults(t *testing.T) {
	for name, yaml := range map[string]string{
		"empty":                  "",
		"only comments":          "# nothing here\n",
		"only white space":       "\n  \n",
		"a document mark":        "---\n",
		"null":                   "~",
		"an empty mapping":       "{}",
		"keys without values":    "server:\nslack:\n  token:\nmedia: {maxBytes: ~}\nsources:\n",
		"a mark before the keys": "---\nnats: {}\n...\n",
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _, err := load(t, yaml)
			require.NoError(t, err)
			sameConfig(t, config.Default(), *cfg)
		})
	}
}

func TestAFileThatCannotBeReadIsOneProblem(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	cfg, _, err := config.Load(missing, []string{"TRACKERBELL_NATS_SYNC=never"})
	require.EqualError(t, err, missing+": cannot read the configuration: no such file or directory")
	require.Nil(t, cfg)

	_, _, err = config.Load(t.TempDir(), nil)
	require.ErrorContains(t, err, "is a directory")

	_, _, err = load(t, strings.Repeat("# filler\n", 1<<19))
	require.ErrorContains(t, err, "larger than 4MiB")
}

func TestAllProblemsAreToldAtOnceInTheOrderOfTheirLines(t *testing.T) {
	require.Equal(t, []string{
		"trackerbell.yaml:2: server.adr: unknown key; did you mean addr?",
		"trackerbell.yaml:5: nats.sync: must be one of: always, interval",
		"trackerbell.yaml:7: sources[0].secrett: unknown key; did you mean secret?",
		"trackerbell.yaml:9: symbl.maxJobs: must be a whole number",
		"TRACKERBELL_SLACK_DEFAULTCHANNEL: slack.defaultChannel: " +
			`must name a channel, such as "#call-alerts" (in quotes, as # begins a comment)`,
	}, problems(t, `server:
  adr: x
nats:
  replicas: 1
  sync: never
sources:
  - {name: a, provider: generic, secrett: s}
symbl:
  maxJobs: many
`, "TRACKERBELL_SLACK_DEFAULTCHANNEL="))
}

func TestWithProblemsTheRestIsStillRead(t *testing.T) {
	cfg, _, err := load(t, "nats: {sync: never}\nslack: {defaultChannel: '#x'}\nserver: {maxBody: lots}")
	require.Error(t, err)
	require.Equal(t, "#x", cfg.Slack.DefaultChannel)
	require.Equal(t, config.Default().Server.MaxBody, cfg.Server.MaxBody)
}
