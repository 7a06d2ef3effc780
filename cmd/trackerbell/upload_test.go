package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

const pbxConfig = `
server: {addr: "${PUBLIC}", publicURL: "https://calls.example.com"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
media: {maxBytes: 1MiB}
sources:
  - {name: pbx, provider: generic, secret: "${SECRET_PBX}"}
  - {name: rc, provider: ringcentral, secret: "${SECRET_RC}"}
`

func newPBX(t *testing.T) *service {
	t.Helper()
	s := newService(t, pbxConfig, "SECRET_PBX", plainSecret, "SECRET_RC", "verification-token")
	s.start()
	return s
}

// wav is a file of sound.
func (s *service) wav(name string, bytes int) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	sound := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + strings.Repeat("\x01\x02", bytes/2)
	require.NoError(s.t, os.WriteFile(path, []byte(sound), 0o600))
	return path
}

func TestTheUploadRecipeSendsARecordingOnce(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "openssl", "od"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the recipe needs %s, which is not here", tool)
		}
	}
	s := newPBX(t)
	script, err := filepath.Abs("../../examples/pbx/upload.sh")
	require.NoError(t, err)
	secret := s.write("secret", plainSecret)
	try := func(secret string, args ...string) (string, error) {
		cmd := exec.Command("sh", append([]string{script}, args...)...)
		cmd.Env = append(os.Environ(), "BELL_SOURCE="+s.public+"/webhooks/pbx", "BELL_SECRET_FILE="+secret)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	send := func(args ...string) string {
		out, err := try(secret, args...)
		require.NoError(t, err, out)
		return out
	}
	call := s.wav("[Bo] & co_1001.wav", 100_000)
	for _, duplicate := range []bool{false, true} {
		var got api.Accepted
		require.NoError(t, json.Unmarshal([]byte(send(call, "1732400000.17/a b", "from="+callerNumber, "to=", "agent=Bo & Co=1", "direction=inbound")), &got))
		require.Equal(t, api.Accepted{Recording: events.Key("pbx", "1732400000.17/a b"), Duplicate: duplicate}, got)
	}
	var r api.RecordingView
	require.NoError(t, json.Unmarshal([]byte(s.must("recordings", "show", events.Key("pbx", "1732400000.17/a b"), "--output", "json")), &r))
	require.Equal(t, callerNumber, r.Call.From)
	require.Equal(t, "inbound", r.Call.Direction)
	require.Equal(t, "Bo & Co=1", r.Call.Agent)
	require.Empty(t, r.Call.To)
	require.Contains(t, send(os.DevNull, "none"), "nothing was recorded")

	const final = "exit status 22"
	out, err := try(s.write("wrong", "another pass phrase"), call, "forged")
	require.EqualError(t, err, final)
	require.Contains(t, out, "Unauthorized")
	out, err = try(secret, call, "odd", "direction=up")
	require.EqualError(t, err, final)
	require.Contains(t, out, "direction")
	out, err = try(secret, call)
	require.Error(t, err)
	require.Contains(t, out, "usage: ")

	// What may pass is tried again, as soon as the pause is over.
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway} {
		var asked atomic.Int32
		busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if n := asked.Add(1); n <= 2 {
				w.WriteHeader(status)
				return
			}
			_, _ = w.Write([]byte("taken"))
		}))
		t.Cleanup(busy.Close)
		cmd := exec.Command("sh", script, call, "later")
		cmd.Env = append(os.Environ(), "BELL_SOURCE="+busy.URL, "BELL_SECRET_FILE="+secret, "PATH="+hasty(t)+":"+os.Getenv("PATH"))
		out, err := cmd.Output()
		require.NoError(t, err)
		require.Equal(t, "taken", string(out))
	}
}

// hasty is a directory with a curl that does not try again itself, and a sleep that
// takes no time.
func hasty(t *testing.T) string {
	t.Helper()
	curl, err := exec.LookPath("curl")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sleep"), []byte("#!/bin/sh\n"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "curl"), []byte("#!/bin/sh\nexec "+curl+" \"$@\" --retry 0\n"), 0o700))
	return dir
}

func TestOneOfManyUploadsIsTheFirst(t *testing.T) {
	t.Parallel()
	s := newPBX(t)
	sound, err := os.ReadFile(s.wav("call.wav", 200_000))
	require.NoError(t, err)
	const many = 12
	answers := make(chan api.Accepted, many)
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			status, body := s.put("/webhooks/pbx/same/media", string(sound), "Bearer "+plainSecret)
			var got api.Accepted
			if status == http.StatusAccepted && json.Unmarshal([]byte(body), &got) == nil {
				answers <- got
			}
		})
	}
	all.Wait()
	close(answers)
	firsts, total := 0, 0
	for got := range answers {
		total++
		if !got.Duplicate {
			firsts++
		}
	}
	require.Equal(t, many, total)
	require.Equal(t, 1, firsts)
	status, _ := s.put("/webhooks/pbx/large/media", strings.Repeat("x", 1<<20+1), "Bearer "+plainSecret)
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	status, _ = s.put("/webhooks/pbx/forged/media", "x", "Bearer guess")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = s.put("/webhooks/rc/1/media", "x", "Bearer "+plainSecret)
	require.Equal(t, http.StatusNotFound, status)
}

// put uploads; the status is 0 where nobody answers.
func (s *service) put(path, body, authorization string) (int, string) {
	got, err := s.try(http.MethodPut, s.public+path, []byte(body), http.Header{"Authorization": {authorization}})
	if err != nil {
		return 0, err.Error()
	}
	return got.status, string(got.body)
}
