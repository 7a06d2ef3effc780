package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInitCheckAndServeWorkFromAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []string{"TRACKERBELL_SERVER_ADDR=" + freeAddr(t), "TRACKERBELL_ADMIN_ADDR=" + freeAddr(t)}
	r := command(t, dir, env, "init")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "trackerbell check && trackerbell serve")
	info, err := os.Stat(filepath.Join(dir, "trackerbell.yaml"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds a secret")

	r = command(t, dir, env, "check")
	require.Equal(t, 0, r.code, r.stdout+r.stderr)
	require.Contains(t, r.stdout, "trackerbell.yaml: 1 sources")
	p := launch(t, dir, env, "serve")
	require.Eventually(t, func() bool {
		return command(t, dir, env, "send", "calls", "--transcript", writeCall(t, dir)).code == 0
	}, soon, tick)
	require.Eventually(t, func() bool { return strings.Contains(p.stdout.String(), "Promotion Mention") }, soon, tick)
	p.stop()

	r = command(t, dir, env, "init")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "trackerbell.yaml is there already; --force replaces it")
	require.Equal(t, 0, command(t, dir, env, "init", "--force").code)
}

func writeCall(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "call.json")
	require.NoError(t, os.WriteFile(path, []byte(`[{"speaker":"Anna","text":"We have a sale right now on shoes.","start":1,"end":2}]`), 0o600))
	return path
}

func TestInitWritesWhatItsFlagsSay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "auth-token"), []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "slack-token"), []byte("xoxb-1\n"), 0o600))
	r := command(t, dir, nil, "init", "--provider", "twilio", "--source", "support", "--secret-file", "auth-token",
		"--slack-token-file", "slack-token", "--channel", "#sales", "--public-url", "https://calls.example.com")
	require.Equal(t, 0, r.code, r.stderr)
	shown := command(t, dir, nil, "config", "print", "--output", "json")
	require.Equal(t, 0, shown.code, shown.stderr)
	got := printed[struct {
		Server  struct{ PublicURL string }
		Slack   struct{ TokenFile, DefaultChannel string }
		Sources []struct{ Name, Provider, SecretFile string }
	}](t, shown.stdout)
	require.Equal(t, "https://calls.example.com", got.Server.PublicURL)
	require.Equal(t, "slack-token", got.Slack.TokenFile)
	require.Equal(t, "#sales", got.Slack.DefaultChannel)
	require.Equal(t, "support", got.Sources[0].Name)
	require.Equal(t, "auth-token", got.Sources[0].SecretFile)
}

func TestInitWritesNothingThatWouldNotStart(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"--provider: must be one of: generic": {"--provider", "acme"},
		"--secret: twilio signs":              {"--provider", "twilio"},
		"sources[0].secret":                   {"--provider", "telnyx", "--secret", "no key"},
		"sources[0].name":                     {"--source", "a/b"},
		"server.publicURL":                    {"--public-url", "calls.example.com"},
	} {
		dir := t.TempDir()
		r := command(t, dir, nil, append([]string{"init"}, args...)...)
		require.Equal(t, 2, r.code, says)
		require.Contains(t, r.stderr, says)
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, files, says)
	}
}

func TestInitAsksForWhatNoFlagGives(t *testing.T) {
	t.Parallel()
	c := initCmd{Source: "support"}
	var out bytes.Buffer
	c.ask(bufio.NewScanner(strings.NewReader("plivo\n\nauth-token\nxoxb-1\n\n")), &out)
	require.Equal(t, initCmd{Provider: "plivo", Source: "support", Secret: "auth-token", SlackToken: "xoxb-1", Channel: "#call-alerts"}, c)
	require.NotContains(t, out.String(), "Name of the source")
	require.Equal(t, 5, strings.Count(out.String(), ": "), out.String())
}

func TestTheSchemaIsPrintedForEditors(t *testing.T) {
	t.Parallel()
	r := command(t, t.TempDir(), nil, "config", "schema")
	require.Equal(t, 0, r.code, r.stderr)
	require.True(t, json.Valid([]byte(r.stdout)))
	require.Contains(t, r.stdout, `"publicURL"`)
}

func TestConfigPrintHidesSecrets(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	for _, output := range []string{"yaml", "json"} {
		out := s.must("config", "print", "--output", output)
		for i := 0; i < len(s.vars); i += 2 {
			if strings.HasPrefix(s.vars[i], "SECRET") {
				require.NotContains(t, out, s.vars[i+1], s.vars[i])
			}
		}
	}
}
