package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// oldStore is the data directory that a service of version 0.1.0 left behind
// when it was killed with work in every stage. To make one of another version,
// run its TestWriteOldStore with TRACKERBELL_WRITE_STORE set to a path.
const oldStore = "testdata/store-0.1.0.tar.gz"

// oldCalls are the recordings in it, in the order in which they were submitted
// to the stand-in; the last two never were.
func oldCalls() []string {
	return []string{"done", "job", "processed", "alert", "ready", "refused"}
}

// TestAStoreOfAnEarlierVersionIsFinished opens the store of an earlier build:
// what was unfinished is finished, and what was done is not done again.
func TestAStoreOfAnEarlierVersionIsFinished(t *testing.T) {
	t.Parallel()
	const ages = "87600h" // the store is as old as the day is far from the one on which it was written
	h := newHosted(t)
	for _, id := range oldCalls()[:4] { // it remembers the jobs of then
		j := h.take(submission{name: "calls." + id, body: map[string]any{"messages": []any{
			map[string]any{"payload": map[string]any{"content": saleQuote}},
		}}})
		h.finish(j.id, "completed")
	}
	s, slack := newHostedService(t, h, often, false)
	slack.AddChannel(slacktest.Channel{Name: "alerts"})
	unpack(t, oldStore, filepath.Join(s.dir, "data"))
	s.write("trackerbell.yaml", strings.Replace(hostedConfig, "provider: generic", "provider: generic, retention: "+ages, 1))
	p := s.start("TRACKERBELL_SYMBL_JOBTIMEOUT="+ages, "TRACKERBELL_NATS_MAXAGE="+ages)
	for _, id := range oldCalls()[:5] {
		s.waitFor("calls."+id, 3*soon, isDone)
	}
	letters := printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead
	require.Len(t, letters, 1)
	require.Equal(t, events.ReasonRefused, letters[0].Reason)
	s.must("dead", "replay", "--all")
	s.waitStage("calls.refused", events.StageDone)
	for _, id := range oldCalls() {
		want := 1
		if id == "done" {
			want = 0
		}
		require.Len(t, alertsOf(slack, "#alerts", "calls."+id), want, id)
		body := saleCall(id).json(t)
		a := s.do(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now()))
		require.Contains(t, string(a.body), `"duplicate":true`, "it is known by its key")
	}
	require.Len(t, h.submissions(), len(oldCalls()))
	p.stop()
}

// TestWriteOldStore makes the store of this version.
func TestWriteOldStore(t *testing.T) {
	to := os.Getenv("TRACKERBELL_WRITE_STORE")
	if to == "" {
		t.Skip("set TRACKERBELL_WRITE_STORE=PATH to write a store of this version")
	}
	h := newHosted(t)
	s, slack := newHostedService(t, h, often, false)
	refuse := func(status int) {
		h.change(func(h *hostedSymbl) {
			h.refuse = func(int, string) *hostedFault { return &hostedFault{status: status} }
		})
	}
	p := s.start()
	s.waitStage(s.accept("calls", saleCall("done")), events.StageDone)
	h.change(func(h *hostedSymbl) { h.manual = true })
	s.waitStage(s.accept("calls", saleCall("job")), events.StageSubmitted)
	s.waitStage(s.accept("calls", saleCall("processed")), events.StageSubmitted)
	h.change(func(h *hostedSymbl) { h.manual = false })
	slack.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Status: http.StatusServiceUnavailable} })
	s.waitStage(s.accept("calls", saleCall("alert")), events.StageProcessed)
	refuse(http.StatusBadRequest)
	s.waitStage(s.accept("calls", saleCall("refused")), events.StageDead)
	refuse(http.StatusInternalServerError)
	s.waitFor(s.accept("calls", saleCall("ready")), soon, func(r api.RecordingView) bool { return r.Attempts["submit"] > 0 })
	p.kill()
	p = s.launch("TRACKERBELL_CRASH=processed is stored")
	for _, j := range h.unfinished() {
		if j.name == "calls.processed" {
			h.finish(j.id, "completed")
		}
	}
	require.Eventually(t, p.done, soon, tick)
	pack(t, filepath.Join(s.dir, "data"), to)
}

// pack writes the files of a directory into a tar.gz.
func pack(t *testing.T, dir, to string) {
	t.Helper()
	file, err := os.Create(to)
	require.NoError(t, err)
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	require.NoError(t, err)
	out := tar.NewWriter(zip)
	require.NoError(t, out.AddFS(os.DirFS(dir)))
	require.NoError(t, out.Close())
	require.NoError(t, zip.Close())
	require.NoError(t, file.Close())
}

// unpack writes what pack has packed into a new directory.
func unpack(t *testing.T, from, dir string) {
	t.Helper()
	file, err := os.Open(from)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	zip, err := gzip.NewReader(file)
	require.NoError(t, err)
	for in := tar.NewReader(zip); ; {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		require.True(t, filepath.IsLocal(head.Name))
		path := filepath.Join(dir, head.Name)
		if head.FileInfo().IsDir() {
			require.NoError(t, os.MkdirAll(path, 0o700))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		raw, err := io.ReadAll(in)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, raw, 0o600))
	}
}
