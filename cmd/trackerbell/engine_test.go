package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// engineVars are the credentials of the engines of these tests.
func engineVars() []string {
	return []string{"TRACKERBELL_ENGINE_APPID=app", "TRACKERBELL_ENGINE_APPSECRET=not-secret"}
}

// startEngine runs the engine alone, and gives a client of it.
func startEngine(t *testing.T, dir string, args ...string) (*program, *symbl.Client) {
	t.Helper()
	addr := freeAddr(t)
	p := launch(t, dir, engineVars(), append([]string{"engine", "--addr", addr}, args...)...)
	require.Eventually(t, func() bool {
		require.False(t, p.done(), p.stderr.String())
		return strings.Contains(p.stdout.String(), "http://"+addr)
	}, soon, tick)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := symbl.New(symbl.Config{
		BaseURL: "http://" + addr, AppID: "app", AppSecret: "not-secret", HTTPClient: &http.Client{Transport: transport},
	})
	require.NoError(t, err)
	return p, c
}

// startNATS runs a NATS server with JetStream on loopback.
func startNATS(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(soon))
	return s.ClientURL()
}

func all(name string) symbl.Options { return symbl.Options{Name: name, EnableAllTrackers: true} }

func sentences(texts ...string) []symbl.TextMessage {
	messages := make([]symbl.TextMessage, len(texts))
	for i, text := range texts {
		messages[i].Payload.Content = text
	}
	return messages
}

// ends waits until a job has ended and gives how.
func ends(t *testing.T, c *symbl.Client, job symbl.Job) symbl.Status {
	t.Helper()
	var got symbl.JobStatus
	require.Eventually(t, func() bool {
		var err error
		got, err = c.Job(t.Context(), job.JobID)
		return err == nil && (got.Status == symbl.Completed || got.Status == symbl.Failed)
	}, soon, tick)
	return got.Status
}

func TestTheEngineKeepsItsStateInItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, c := startEngine(t, dir, "--data", "state")
	tracker, err := c.CreateTracker(t.Context(), symbl.Tracker{Name: "Sale", Vocabulary: []string{"sale"}})
	require.NoError(t, err)
	job, err := c.SubmitText(t.Context(), symbl.TextRequest{Messages: sentences("We're running a sale right now"), Options: all("call")})
	require.NoError(t, err)
	require.Equal(t, symbl.Completed, ends(t, c, job))

	taken := command(t, dir, engineVars(), "engine", "--data", "state", "--addr", "127.0.0.1:0")
	require.Equal(t, 1, taken.code)
	require.Contains(t, taken.stderr, "in use by process "+strconv.Itoa(p.cmd.Process.Pid))
	p.stop()
	require.DirExists(t, filepath.Join(dir, "state"))

	_, c = startEngine(t, dir, "--data", "state")
	found, err := c.TrackerResults(t.Context(), job.ConversationID)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, tracker.ID, found[0].ID)
}

// Two engines share one NATS; one of them is killed at work. What it was told
// is done by the other.
func TestKillOneOfTwoEnginesLosesNothing(t *testing.T) {
	t.Parallel()
	url, dir := startNATS(t), t.TempDir()
	first, one := startEngine(t, dir, "--nats", url)
	_, two := startEngine(t, dir, "--nats", url)
	_, err := one.CreateTracker(t.Context(), symbl.Tracker{Name: "Sale", Vocabulary: []string{"sale"}})
	require.NoError(t, err)
	long := strings.Repeat("there is nothing to be found in this part of a long sentence ", 2000)
	jobs := make([]symbl.Job, 60)
	for i := range jobs {
		c := []*symbl.Client{one, two}[i%2]
		jobs[i], err = c.SubmitText(t.Context(), symbl.TextRequest{Messages: sentences(long, "a sale"), Options: all(fmt.Sprint(i))})
		require.NoError(t, err)
	}
	first.kill()
	for _, job := range jobs {
		require.Equal(t, symbl.Completed, ends(t, two, job))
		messages, err := two.Messages(t.Context(), job.ConversationID)
		require.NoError(t, err)
		require.Len(t, messages, 2)
		found, err := two.TrackerResults(t.Context(), job.ConversationID)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Len(t, found[0].Matches[0].MessageRefs, 1)
	}
}

// An engine is killed while it has a recording transcribed, which was put aside
// on NATS: another has it transcribed anew.
func TestKillAnEngineThatTranscribesLosesNothing(t *testing.T) {
	t.Parallel()
	url, dir := startNATS(t), t.TempDir()
	hearing := func(script string) (*program, *symbl.Client) {
		config := filepath.Join(t.TempDir(), "trackerbell.yaml")
		require.NoError(t, os.WriteFile(config, []byte(`engine: {transcriber: command, command: [/bin/sh, -c, '`+script+`', sh, "{input}"]}`), 0o600))
		return startEngine(t, dir, "--nats", url, "--config", config)
	}
	first, one := hearing("touch asked; exec sleep 600")
	recording := stereo()
	job, err := one.SubmitFile(t.Context(), symbl.FileRequest{Options: all("call"), Size: int64(len(recording))}, bytes.NewReader(recording))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "asked"))
		return err == nil
	}, soon, tick)
	first.kill()

	_, two := hearing(`printf "WEBVTT\n\n00:01.000 --> 00:02.000\nAt last."`)
	require.Equal(t, symbl.Completed, ends(t, two, job))
	messages, err := two.Messages(t.Context(), job.ConversationID)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	require.Equal(t, "At last.", messages[0].Text)
}

func TestTheEngineTellsItsGeneratedCredentials(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir(), nil, "engine", "--addr", freeAddr(t))
	require.Eventually(t, func() bool { return strings.Contains(p.stdout.String(), "appSecret ") }, soon, tick)
	found := regexp.MustCompile(`(http://\S+)\nappId (\S+) .*\nappSecret (\S+) `).FindStringSubmatch(p.stdout.String())
	require.Len(t, found, 4)
	c, err := symbl.New(symbl.Config{
		BaseURL: found[1], AppID: found[2], AppSecret: found[3],
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	require.NoError(t, err)
	trackers, err := c.Trackers(t.Context())
	require.NoError(t, err)
	require.Empty(t, trackers)
	p.stop()
}

func TestWrongUseOfTheEngineCommand(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	busy, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = busy.Close() }()
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"two stores":      {[]string{"--data", "a", "--nats", "nats://127.0.0.1"}, 2, "--data and --nats"},
		"no address":      {[]string{"--addr", "8090"}, 2, "--addr"},
		"an unknown flag": {[]string{"--port", "1"}, 2, "--port"},
		"an argument":     {[]string{"x"}, 2, "unexpected argument x"},
		"a busy address":  {[]string{"--addr", busy.Addr().String()}, 1, "--addr"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := command(t, t.TempDir(), nil, append([]string{"engine"}, tt.args...)...)
			require.Equal(t, tt.code, got.code, got.stderr)
			require.Contains(t, got.stderr, tt.says)
		})
	}
}
