package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

const (
	soon = 20 * time.Second // for what takes milliseconds on a machine with nothing else to do
	tick = 10 * time.Millisecond
)

// service is a configured trackerbell in a directory of its own. It can be
// started, killed and started again on the same data.
type service struct {
	t      *testing.T
	dir    string
	config string // path of the file
	public string // URL of the listener
	admin  string
	token  string   // of the admin API
	vars   []string // names and values that the configuration refers to
	runs   []*program
	client *http.Client
}

// newService writes the configuration: yaml, in which ${PUBLIC}, ${ADMIN} and
// ${DATA} and the names in vars are replaced. The values of vars whose names
// start with SECRET must never stand in a log.
func newService(t *testing.T, yaml string, vars ...string) *service {
	t.Helper()
	dir := t.TempDir()
	public, admin := freeAddr(t), freeAddr(t)
	s := &service{
		t: t, dir: dir, config: filepath.Join(dir, "trackerbell.yaml"), public: "http://" + public, admin: "http://" + admin,
		vars:   append([]string{"PUBLIC", public, "ADMIN", admin, "DATA", filepath.Join(dir, "data"), "DIR", dir}, vars...),
		client: &http.Client{Timeout: soon, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	s.write("trackerbell.yaml", yaml)
	t.Cleanup(s.client.CloseIdleConnections)
	t.Cleanup(s.checkLogs)
	return s
}

// write writes a file into the service's directory and gives its path.
func (s *service) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	text = os.Expand(text, func(name string) string {
		value, ok := s.lookup(name)
		require.True(s.t, ok, "the file refers to %s", name)
		return value
	})
	require.NoError(s.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (s *service) lookup(name string) (string, bool) {
	for i := 0; i < len(s.vars); i += 2 {
		if s.vars[i] == name {
			return s.vars[i+1], true
		}
	}
	return "", false
}

// launch starts the service and does not wait for it.
func (s *service) launch(env ...string) *program {
	s.t.Helper()
	p := launch(s.t, s.dir, env, "serve", "--config", s.config)
	s.runs = append(s.runs, p)
	return p
}

// start starts the service and waits until it is ready.
func (s *service) start(env ...string) *program {
	s.t.Helper()
	p := s.launch(env...)
	s.waitReady(p)
	return p
}

func (s *service) waitReady(p *program) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return p.done() || s.status(s.admin+"/readyz") == http.StatusOK
	}, soon, tick, "the service does not become ready")
	require.False(s.t, p.done(), "the service ended: %s", p.stderr)
}

// status is that of a GET without a token; 0 when nobody answers.
func (s *service) status(address string) int {
	resp, err := s.client.Get(address)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// checkLogs looks for secrets in what the runs of the service wrote.
func (s *service) checkLogs() {
	for _, p := range s.runs {
		for i := 0; i < len(s.vars); i += 2 {
			if strings.HasPrefix(s.vars[i], "SECRET") {
				require.NotContains(s.t, p.stdout.String(), s.vars[i+1], "%s stands on standard output", s.vars[i])
				require.NotContains(s.t, p.stderr.String(), s.vars[i+1], "%s stands in the log", s.vars[i])
			}
		}
	}
}

// command runs a command with the service's configuration.
func (s *service) command(args ...string) result {
	s.t.Helper()
	return command(s.t, s.dir, []string{"TRACKERBELL_CONFIG=" + s.config}, args...)
}

// must runs a command that must succeed, and gives its standard output.
func (s *service) must(args ...string) string {
	s.t.Helper()
	r := s.command(args...)
	require.Equal(s.t, 0, r.code, "%q: %s", args, r.stderr)
	return r.stdout
}

// answer is an HTTP answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// decode reads the body into out.
func (a answer) decode(t *testing.T, out any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, out), "%d %s", a.status, a.body)
}

// do sends a request to one of the listeners.
func (s *service) do(method, address string, body []byte, header http.Header) answer {
	s.t.Helper()
	a, err := s.try(method, address, body, header)
	require.NoError(s.t, err)
	return a
}

// try is do for where nobody may answer, and for other goroutines.
func (s *service) try(method, address string, body []byte, header http.Header) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, got}, err
}

// bearer is the header of a token; none when it is empty.
func bearer(token string) http.Header {
	if token == "" {
		return nil
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// ask calls the admin API with the service's token.
func (s *service) ask(method, path string) answer {
	s.t.Helper()
	return s.do(method, s.admin+path, nil, bearer(s.token))
}

// read gets what the admin API has, once its NATS answers: a cluster that lost a
// node may be electing.
func (s *service) read(path string) (a answer) {
	s.t.Helper()
	wait := time.NewTicker(10 * tick)
	defer wait.Stop()
	for until := time.Now().Add(soon); ; <-wait.C {
		a = s.ask(http.MethodGet, path)
		if a.status != http.StatusServiceUnavailable || time.Now().After(until) {
			return a
		}
	}
}

// recording reads a recording; ok is false when there is none of that key.
func (s *service) recording(key string) (r api.RecordingView, ok bool) {
	s.t.Helper()
	a := s.read("/api/recordings/" + url.PathEscape(key))
	if a.status == http.StatusNotFound {
		return r, false
	}
	require.Equal(s.t, http.StatusOK, a.status, "%s", a.body)
	a.decode(s.t, &r)
	return r, true
}

// waitStage waits until a recording has come to a stage.
func (s *service) waitStage(key string, stage events.Stage) api.RecordingView {
	s.t.Helper()
	return s.waitFor(key, soon, func(r api.RecordingView) bool { return r.Stage == stage })
}

// waitFor waits until a recording is as it should be.
func (s *service) waitFor(key string, limit time.Duration, as func(api.RecordingView) bool) (r api.RecordingView) {
	s.t.Helper()
	until := time.Now().Add(limit)
	wait := time.NewTicker(tick)
	defer wait.Stop()
	for {
		got, ok := s.recording(key)
		if ok && as(got) {
			return got
		}
		require.True(s.t, time.Now().Before(until), "after %s %s is %+v", limit, key, got)
		<-wait.C
	}
}

// recordings reads the whole ledger, page by page.
func (s *service) recordings(pageSize string) []api.RecordingView {
	s.t.Helper()
	var all []api.RecordingView
	for cursor := ""; ; {
		a := s.read("/api/recordings?limit=" + pageSize + "&cursor=" + cursor)
		require.Equal(s.t, http.StatusOK, a.status, "%s", a.body)
		var page api.RecordingList
		a.decode(s.t, &page)
		all = append(all, page.Recordings...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}
