package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func sorted(list []string) []string {
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(b, a) })
	return list
}

func TestEverySecretHasAFileTwin(t *testing.T) {
	file := write(t, "secret", "from-file\r\n\n")
	cfg, _, err := load(t, strings.ReplaceAll(`
admin: {tokenFile: FILE}
symbl: {appSecretFile: FILE}
engine: {appSecretFile: FILE, openai: {apiKeyFile: FILE}}
slack: {tokenFile: FILE}
sources:
  - {name: a, provider: p, secretFile: FILE, secrets: [old], credentials: {passwordFile: FILE, tokenFile: FILE}}
`, "FILE", file), "TRACKERBELL_SLACK_SIGNINGSECRETFILE="+file)
	require.NoError(t, err)
	for _, got := range []string{
		cfg.Admin.Token, cfg.Symbl.AppSecret, cfg.Engine.AppSecret, cfg.Engine.OpenAI.APIKey,
		cfg.Slack.Token, cfg.Slack.SigningSecret, cfg.Sources[0].Secret,
		cfg.Sources[0].Credentials.Password, cfg.Sources[0].Credentials.Token,
	} {
		require.Equal(t, "from-file", got)
	}
	require.Equal(t, []string{"from-file", "old"}, cfg.Sources[0].AllSecrets())
}

func TestOnlyNewlinesAtTheEndOfASecretFileAreDropped(t *testing.T) {
	cfg, _, err := load(t, "admin: {viewerTokenFile: "+write(t, "secret", " two\nlines \n")+"}")
	require.NoError(t, err)
	require.Equal(t, " two\nlines ", cfg.Admin.ViewerToken)
}

func TestSecretFilesThatDoNotWorkAreOneProblemEach(t *testing.T) {
	empty, large := write(t, "empty", " \n"), write(t, "large", strings.Repeat("x", 1<<17))
	missing := filepath.Join(t.TempDir(), "missing")
	source := "sources:\n- {name: a, provider: p, secretFile: %}"
	for name, tc := range map[string]struct{ yaml, file, want string }{
		"missing":     {source, missing, "trackerbell.yaml:2: sources[0].secretFile: cannot read the file: no such file or directory"},
		"empty":       {source, empty, "trackerbell.yaml:2: sources[0].secretFile: the file is empty; write the secret into it"},
		"too large":   {source, large, "trackerbell.yaml:2: sources[0].secretFile: cannot read the file: larger than 64KiB"},
		"a directory": {source, t.TempDir(), "trackerbell.yaml:2: sources[0].secretFile: cannot read the file: is a directory"},
		"both": {
			"slack:\n  token: a\n  tokenFile: %", empty,
			"trackerbell.yaml:3: slack.tokenFile: set either token or tokenFile, not both",
		},
		"required elsewhere": {
			"symbl:\n  {baseURL: 'http://a', appId: a, appSecretFile: %}", missing,
			"trackerbell.yaml:2: symbl.appSecretFile: cannot read the file: no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{tc.want}, problems(t, strings.ReplaceAll(tc.yaml, "%", tc.file)))
		})
	}
}

func TestBothASecretAndItsTwinIsAProblemAcrossFileAndEnvironment(t *testing.T) {
	require.Equal(t,
		[]string{"TRACKERBELL_ADMIN_TOKENFILE: admin.tokenFile: set either token or tokenFile, not both"},
		problems(t, "admin: {token: a}", "TRACKERBELL_ADMIN_TOKENFILE="+write(t, "secret", "b")))
}

// Every way to get the configuration wrong that has a secret near it.
func TestNoProblemHoldsASecret(t *testing.T) {
	const canary = "hush-hush-0123456789"
	for name, yaml := range map[string]string{
		"as a file name":        "slack: {tokenFile: X}\nsources: [{name: a, provider: p, secretFile: X}]",
		"both":                  "slack: {token: X, tokenFile: X}",
		"no space":              "slack: {token:X}",
		"no space in a block":   "slack:\n  token:X",
		"no space in a mapping": "slack:\n  apiURL: x\n  token:X",
		"alias":                 "slack:\n  token: *X",
		"anchor":                "slack:\n  token: &X\n  token: *Y",
		"tag":                   "slack:\n  token: !X",
		"tag handle":            "slack:\n  token: !X!a b",
		"quote":                 "slack:\n  token: \"X",
		"escape":                "slack:\n  token: \"\\X\"",
		"list":                  "slack:\n  token: [X]\nsources: [X]\nadmin: X",
		"set twice":             "slack: {token: X, token: X}",
		"in an address":         "server: {publicURL: 'https://u:X@h'}\nslack: {apiURL: 'https://u:X@h/'}",
		"in a broken address":   "server: {publicURL: 'https://u:X@h:port'}\nslack: {apiURL: 'https://u:X@%zz/'}",
		"in nats.url":           "nats: {url: 'http://u:X@h,nats://X@'}",
		"equal tokens":          "admin: {token: X, viewerToken: X}",
		"as another type":       "server: {maxBody: X, shutdownTimeout: X}\nsymbl: {maxJobs: X, allTrackers: X}\nslack: {ratePerChannel: X}",
		"as a choice":           "nats: {sync: X}\nengine: {transcriber: X}",
		"as a host":             "media: {allowHosts: ['X:1']}\nadmin: {addr: X}",
		"as a mapping":          "sources: [{name: a, provider: p, secrets: {X: X}}]",
		"unnamed source":        "sources: [{secret: X, credentials: {token: X}, labels: {'': X}}]",
		"repeated secrets":      "sources: [{name: a, secrets: [X, ''], secret: ' '}]",
		"comment":               "slack: {sync: 1}\nadmin:\n  token: #X",
	} {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := load(t, strings.ReplaceAll(yaml, "X", canary), "TRACKERBELL_TOKEN="+canary,
				"TRACKERBELL_NATS_REPLICAS="+canary, "TRACKERBELL_MEDIA_ALLOWHOSTS="+canary+":1")
			require.Error(t, err)
			require.NotContains(t, err.Error()+strings.Join(warnings, "\n"), "hush")
		})
	}
}

func TestAllSecretsAreDistinctAndNotEmpty(t *testing.T) {
	require.Empty(t, config.Source{Secrets: []string{""}}.AllSecrets())
	require.Equal(t, []string{"old", "new", "a"}, config.Source{Secret: "old\r\n\n \nnew\nold", Secrets: []string{"a"}}.AllSecrets(), "a file's lines")
	require.Equal(t, []string{"b", "a"}, config.Source{Secret: "b", Secrets: []string{"a", "", "b"}}.AllSecrets())
}
