package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	twilio "github.com/twilio/twilio-go/client"
	"go.uber.org/goleak"
)

const (
	soon = 20 * time.Second
	tick = 5 * time.Millisecond
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestPartsAreChosenByName(t *testing.T) {
	all, err := choose("")
	require.NoError(t, err)
	for _, p := range all {
		require.False(t, p.large, p.name)
	}
	some, err := choose("idle,growth100k")
	require.NoError(t, err)
	require.Len(t, some, 2)
	require.Equal(t, "growth100k", some[1].name)
	_, err = choose("idle,nothing")
	require.ErrorContains(t, err, `"nothing"`)
}

func TestAMissingProgramIsSaid(t *testing.T) {
	err := run(t.Context(), []string{"-binary", "/nowhere/trackerbell", "-only", "idle"}, io.Discard)
	require.ErrorContains(t, err, "build the program first")
}

func TestProcessorTimeIsReadBehindAnyName(t *testing.T) {
	used, err := cpuOf("7 (a) b (c)) S 1 7 7 0 -1 4194560 900 0 0 0 12 30 0 0 20 0 9 0 100 0 0")
	require.NoError(t, err)
	require.Equal(t, 420*time.Millisecond, used)
	for _, bad := range []string{"", "7 (a) S 1", "7 (a) S 1 7 7 0 -1 4194560 900 0 0 0 x y 0 0"} {
		_, err := cpuOf(bad)
		require.Error(t, err, bad)
	}
}

func TestThisProcessHasMemoryAndUsesTime(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the bench measures by proc(5)")
	}
	l := &lab{dir: t.TempDir()}
	end := filepath.Join(l.dir, "end")
	p, err := l.start(t.Context(), "sh", "/bin/sh", "-c", `echo said; until [ -e "$0" ]; do sleep 0.1; done`, end)
	require.NoError(t, err)
	_, err = p.cpu()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(end, nil, 0o600))
	require.Error(t, p.until(t.Context(), soon, func() bool { return false }), "it has ended")
	require.Contains(t, p.tail(), "said")
}

func TestAServiceIsWatchedUntilItIsEnough(t *testing.T) {
	var s *service // the look does without
	looks := make(chan struct{}, 1)
	watched := s.watch(t.Context(), time.Millisecond, func(context.Context) (vitals, error) {
		looks <- struct{}{}
		return vitals{memory: 7}, nil
	})
	for range 3 {
		<-looks
	}
	go func() {
		for range looks { // it may be about to look once more
		}
	}()
	seen, err := watched()
	close(looks)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(seen), 3)
	require.InDelta(t, 7, seen[0].memory, 0)

	failed := make(chan struct{})
	watched = s.watch(t.Context(), time.Millisecond, func(context.Context) (vitals, error) {
		close(failed)
		return vitals{}, io.ErrUnexpectedEOF
	})
	<-failed
	_, err = watched()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestALargeRecordingIsServedAndCountedButNotHeld(t *testing.T) {
	upstream, err := newStandIn(t.Context())
	require.NoError(t, err)
	defer upstream.close()
	client := &http.Client{Timeout: soon}
	defer client.CloseIdleConnections()
	res, err := client.Get(upstream.url + streamPath)
	require.NoError(t, err)
	require.EqualValues(t, streamBytes, res.ContentLength)
	head := make([]byte, 1<<20)
	_, err = io.ReadFull(res.Body, head)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "RIFF", string(head[:4]))
	require.Equal(t, 1, bytes.Count(head, []byte("RIFF")))

	chunked := io.MultiReader(bytes.NewReader(head)) // of no known length
	res, err = client.Post(upstream.url+"/v1/process/audio?name=calls."+streamID, "audio/wav", chunked)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusCreated, res.StatusCode)
	seen := upstream.look()
	require.EqualValues(t, len(head), seen.bytes)
	require.Equal(t, streamID, seen.jobs[0].recording)
}

func TestGoroutinesAreReadFromTheMetrics(t *testing.T) {
	n, err := goroutinesIn([]byte("# TYPE go_goroutines gauge\ngo_goroutines 77\ngo_info 1\n"))
	require.NoError(t, err)
	require.InDelta(t, 77, n, 0)
	_, err = goroutinesIn([]byte("up 1\n"))
	require.Error(t, err)
}

func TestEveryRequestOfTheLoadIsNewAndSigned(t *testing.T) {
	seen := make(chan string, 100)
	validator := twilio.NewRequestValidator(twilioKey)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		params := map[string]string{}
		if r.ParseForm() == nil {
			for name := range r.PostForm {
				params[name] = r.PostForm.Get(name)
			}
		}
		if !validator.Validate("http://"+r.Host+r.RequestURI, params, r.Header.Get("X-Twilio-Signature")) || plainSignature(body) != r.Header.Get("X-Signature") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		seen <- r.URL.Query().Get("line") + params["RecordingSid"]
	}))
	defer srv.Close()
	out, err := load{url: srv.URL + "/hook", media: "http://127.0.0.1/", lines: 3, connections: 4, count: 30}.send(t.Context())
	require.NoError(t, err)
	require.Equal(t, 30, out.sent)
	close(seen)
	lines, ids := map[byte]int{}, map[string]bool{}
	for s := range seen {
		lines[s[0]]++
		ids[s[1:]] = true
	}
	require.Len(t, ids, 30)
	require.Equal(t, map[byte]int{'0': 10, '1': 10, '2': 10}, lines)
}

func TestTheLoadKeepsItsRateAndEndsInTime(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer srv.Close()
	out, err := load{url: srv.URL + "/hook", connections: 4, rate: 100, duration: 200 * time.Millisecond}.send(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, n.Load(), out.sent)
	require.LessOrEqual(t, out.sent, 20)
	require.Positive(t, out.sent)
}

func TestALoadThatIsRefusedFails(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "full", http.StatusServiceUnavailable) }))
	defer srv.Close()
	_, err := load{url: srv.URL + "/hook", connections: 4, count: 100}.send(t.Context())
	require.ErrorContains(t, err, "503")
	require.ErrorContains(t, err, "full")
}

func TestAnswersAreReadToTheirEnd(t *testing.T) {
	ok := []string{
		"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n",
	}
	reader := bufio.NewReader(strings.NewReader(strings.Join(ok, "")))
	for range ok {
		require.NoError(t, readAnswer(reader))
	}
	require.ErrorIs(t, readAnswer(reader), io.EOF, "nothing is left of them")
	for answer, want := range map[string]string{
		"HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n": "429 Slow: abc",
		"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n":                              "many",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}":                               "EOF",
		"no\r\n": "no answer of HTTP",
	} {
		require.ErrorContains(t, readAnswer(bufio.NewReader(strings.NewReader(answer))), want)
	}
}

// TestTheReferencesCarryTheLoad runs nats-server, both references and the
// stand-in as the bench does, in one process.
func TestTheReferencesCarryTheLoad(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	upstream, err := newStandIn(ctx)
	require.NoError(t, err)
	defer upstream.close()
	upstream.reset(plan{delay: 20 * time.Millisecond})
	broker := play(ctx, t, serveNATS, "-sd", t.TempDir())
	pipe := play(ctx, t, servePipe, "-nats", "nats://"+broker, "-wait", "poll", "-up", upstream.url)

	_, err = load{url: "http://" + pipe + "/hook", media: upstream.url + "/recordings/", connections: 4, count: 20}.send(ctx)
	require.NoError(t, err)
	require.Eventually(t, func() bool { _, posted, _ := upstream.counts(); return posted == 20 }, soon, tick)
	jobs, _, twice := upstream.counts()
	require.Equal(t, 20, jobs)
	require.Zero(t, twice)
	for _, late := range upstream.beyondJobs() {
		require.Positive(t, late, "nothing is posted before its job ended")
	}
	server := &natsServer{url: "nats://" + broker}
	require.Eventually(t, func() bool { n, err := server.undone(ctx); return err == nil && n == 0 }, soon, tick)
	stored, err := server.stored(ctx, "BARE", bareSubject)
	require.NoError(t, err)
	require.Equal(t, 20, stored)
	require.NoError(t, upstream.judge())
	l, side := &lab{}, &contender{nats: server}
	require.NoError(t, l.allStored(ctx, side, 20))
	require.ErrorContains(t, l.allStored(ctx, side, 21), "21 webhooks were answered 2xx, and 20 are stored")
	seen := upstream.look()
	require.Positive(t, seen.most)
	require.Zero(t, seen.running, "all jobs have ended")
	require.False(t, seen.firstEnd.IsZero())
	size, err := storeBytes(ctx, "nats://"+broker)
	require.NoError(t, err)
	require.Greater(t, size, uint64(20*300))
	cancel()
}

func TestCeilRefusesWhatIsNotSigned(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	broker := play(ctx, t, serveNATS, "-sd", t.TempDir())
	ceil := play(ctx, t, serveCeil, "-nats", "nats://"+broker, "-mode", "sync")
	out, err := load{url: "http://" + ceil + "/hook", connections: 2, count: 10}.send(ctx)
	require.NoError(t, err)
	require.Equal(t, 10, out.sent)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+ceil+"/hook", strings.NewReader("RecordingSid=RE1"))
	require.NoError(t, err)
	client := &http.Client{Timeout: soon}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	cancel()
}

// play runs a role until the context ends, and gives its address.
func play(ctx context.Context, t *testing.T, role func(context.Context, []string) error, args ...string) string {
	t.Helper()
	addr, err := freeAddr(ctx)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- role(ctx, append([]string{"-addr", addr}, args...)) }()
	t.Cleanup(func() { require.NoError(t, <-ended) })
	require.Eventually(t, func() bool { return listens(ctx, addr) }, soon, tick)
	return addr
}
