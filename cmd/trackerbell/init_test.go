package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
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
	require.Contains(t, r.stdout, "trackerbell.yaml: 1 source, 0 routes")
	p := launch(t, dir, env, "serve")
	require.Eventually(t, func() bool {
		return command(t, dir, env, "send", "calls", "--transcript", writeCall(t, dir)).code == 0
	}, soon, tick)
	require.Eventually(t, func() bool { return strings.Contains(p.stdout.String(), "Promotion Mention") }, soon, tick)
	p.stop()

	r = command(t, dir, env, "init")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "trackerbell.yaml is there already; --force replaces it")
	require.Equal(t, 2, command(t, dir, env, "init", "--force", "--provider", "acme").code)
	require.Equal(t, 0, command(t, dir, env, "check").code, "what was there stays until something better is written")
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
		"--slack-token-file", "slack-token", "--channel", "#sales", "--public-url", "https://calls.example.com", "--transcriber-url", "http://127.0.0.1:8000/v1")
	require.Equal(t, 0, r.code, r.stderr)
	shown := command(t, dir, nil, "config", "print", "--output", "json")
	require.Equal(t, 0, shown.code, shown.stderr)
	got := printed[struct {
		Server struct{ PublicURL string }
		Slack  struct{ TokenFile, DefaultChannel string }
		Engine struct {
			Transcriber string
			OpenAI      struct{ BaseURL string }
		}
		Sources []struct{ Name, Provider, SecretFile string }
	}](t, shown.stdout)
	require.Equal(t, "https://calls.example.com", got.Server.PublicURL)
	require.Equal(t, "slack-token", got.Slack.TokenFile)
	require.Equal(t, "#sales", got.Slack.DefaultChannel)
	require.Equal(t, []string{"openai", "http://127.0.0.1:8000/v1"}, []string{got.Engine.Transcriber, got.Engine.OpenAI.BaseURL})
	require.Equal(t, "support", got.Sources[0].Name)
	require.Equal(t, "auth-token", got.Sources[0].SecretFile)
}

func TestInitWritesNothingThatWouldNotStart(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"sources[0].provider: \"acme\" is none of generic": {"--provider", "acme"},
		"sources[0].secret: missing":                       {"--provider", "twilio"},
		"sources[0].secret":                                {"--provider", "telnyx", "--secret", "no key"},
		"sources[0].name":                                  {"--source", "a/b"},
		"server.publicURL":                                 {"--public-url", "calls.example.com"},
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

// interviewed gives what init knows after the answers, and what it said.
func interviewed(ctx context.Context, c initCmd, answers io.Reader) (initCmd, string) {
	var out bytes.Buffer
	i := interview{initCmd: &c, g: &globals{ctx: ctx, out: &out}, in: bufio.NewScanner(answers)}
	i.run(ctx)
	return c, out.String()
}

func TestWhatInitNamesAsNextWorks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte(strings.Repeat("a", 32)), 0o600))
	r := command(t, dir, nil, "init", "--provider", "twilio", "--secret-file", "token", "--dir", "sub")
	require.Equal(t, 0, r.code, r.stderr)
	r = command(t, filepath.Join(dir, "sub"), nil, "config", "print")
	require.Equal(t, 0, r.code, r.stderr)

	r = command(t, dir, []string{"TRACKERBELL_CONFIG=other.yaml"}, "init")
	require.Equal(t, 2, r.code, "the next command would look for the other file")
	require.Contains(t, r.stderr, "TRACKERBELL_CONFIG")
	require.NoFileExists(t, filepath.Join(dir, "trackerbell.yaml"))
}

func TestInitAsksForWhatNoFlagGives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, said := interviewed(t.Context(), initCmd{Source: "support", Dir: dir}, strings.NewReader("plivo\n\n0123456789abcdef\nxoxb-1\n\n\n"))
	require.Equal(t, initCmd{Provider: "plivo", Source: "support", Secret: "0123456789abcdef", SlackToken: "xoxb-1", Channel: "#call-alerts", Dir: dir}, c)
	require.NotContains(t, said, "Name of the source")
	require.Equal(t, 6, strings.Count(said, ": "), said)
}

func TestInitAsksAgainWhereAnAnswerWillNotDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	answers := []string{"twillio", "twilio", "sup port", "support", "calls.example.com", "https://calls.example.com", "", "short", "0123456789abcdef0123456789abcdef", "", "#sales", "127.0.0.1:8000", "http://127.0.0.1:8000/v1", "large"}
	c, said := interviewed(t.Context(), initCmd{Dir: dir}, strings.NewReader(strings.Join(answers, "\n")+"\n"))
	require.Equal(t, initCmd{
		Provider: "twilio", Source: "support", PublicURL: "https://calls.example.com", Secret: "0123456789abcdef0123456789abcdef",
		Channel: "#sales", TranscriberURL: "http://127.0.0.1:8000/v1", TranscriberModel: "large", Dir: dir,
	}, c)
	for _, why := range []string{"is none of generic, twilio", "must be 1 to 64 letters", "missing: without one anybody could send", "must have at least 16 bytes"} {
		require.Contains(t, said, why)
	}
	require.Equal(t, 2, strings.Count(said, "must be an absolute http or https URL"), said)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files, "what was tried is gone")
}

func TestInitStopsAskingWhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	c, _ := interviewed(t.Context(), initCmd{Dir: t.TempDir()}, strings.NewReader("zoom\n"))
	require.Equal(t, "zoom", c.Provider)
	require.Empty(t, c.Secret)

	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	answers, hold := io.Pipe()
	defer func() { _ = hold.Close() }()
	c, _ = interviewed(ctx, initCmd{Dir: t.TempDir()}, answers)
	require.Equal(t, genericProvider, c.Provider, "a terminal that says nothing holds nobody up")
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

func TestWrongUseNamesTheHelpOfItsCommand(t *testing.T) {
	t.Parallel()
	for args, help := range map[string]string{
		"--bogus": "trackerbell --help", "bogus": "trackerbell --help", "send calls --bogus": "trackerbell send --help",
		"trackers": "trackerbell trackers --help", "trackers test --bogus": "trackerbell trackers test --help", "dead show": "trackerbell dead show --help",
	} {
		r := command(t, t.TempDir(), nil, strings.Fields(args)...)
		require.Equal(t, 2, r.code, args)
		require.Contains(t, r.stderr, "(see "+help+")", args)
	}
}
