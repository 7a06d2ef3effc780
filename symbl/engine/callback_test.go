package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

func withHook(address string) string {
	return strings.TrimSuffix(says("x"), "}") + `,"webhookUrl":"` + address + `"}`
}

// callback is a status callback.
type callback struct {
	JobID  string       `json:"jobId"`
	ID     string       `json:"id"`
	Status symbl.Status `json:"status"`
}

// hook is a server that takes status callbacks, except the first ones.
type hook struct {
	*httptest.Server

	mu      sync.Mutex
	refuses int
	heard   []callback
}

func newHook(tb testing.TB, refuses int) *hook {
	tb.Helper()
	h := &hook{refuses: refuses}
	h.Server = httptest.NewServer(h)
	tb.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuses--; h.refuses >= 0 {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	var c callback
	if json.NewDecoder(r.Body).Decode(&c) == nil && r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json" {
		h.heard = append(h.heard, c)
	}
}

// all gives what was heard.
func (h *hook) all() []callback {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]callback{}, h.heard...)
}

// poster sends callbacks to this machine.
func poster(tb testing.TB) *safehttp.Client {
	tb.Helper()
	c, err := safehttp.New(safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

func normal(job symbl.Job, last symbl.Status) []callback {
	return []callback{{job.JobID, job.JobID, symbl.Scheduled}, {job.JobID, job.JobID, symbl.InProgress}, {job.JobID, job.JobID, last}}
}

func TestEachChangeOfStatusIsCalledBackInOrder(t *testing.T) {
	for name, refuses := range map[string]int{"a receiver that is up": 0, "one that fails at first": 3, "one that is down for longer": 30} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t, refuses)
			js := connect(t, startNATS(t))
			e := newEngine(t, js, engine.Config{Callbacks: poster(t)})
			start(t, e)
			job := call(t, e).submit(withHook(h.URL + "/hook?secret=s3cr3t"))
			require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
			require.Empty(t, cmp.Diff(normal(job, symbl.Completed), h.all()))
		})
	}
}

func TestTheFailureOfAJobIsCalledBack(t *testing.T) {
	h := newHook(t, 0)
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{Callbacks: poster(t)})
	a := call(t, e)
	job := a.submit(withHook(h.URL))
	a.ok(http.MethodDelete, "/v1/conversations/"+job.ConversationID, "")
	start(t, e)
	require.Eventually(t, func() bool { return len(h.all()) == 3 }, eventually, tick)
	require.Empty(t, cmp.Diff(normal(job, symbl.Failed), h.all()))
}

// The job has ended and its engine is gone before the receiver is up again.
func TestACallbackOutlivesItsEngine(t *testing.T) {
	s := startNATS(t)
	h := newHook(t, 1<<30)
	one := newEngine(t, connect(t, s), engine.Config{Callbacks: poster(t)})
	stop := start(t, one)
	a := call(t, one)
	job := a.submit(withHook(h.URL))
	a.await(job, symbl.Completed)
	stop()
	require.Empty(t, h.all())

	h.mu.Lock()
	h.refuses = 0
	h.mu.Unlock()
	js := connect(t, s)
	start(t, newEngine(t, js, engine.Config{Callbacks: poster(t)}))
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	require.Empty(t, cmp.Diff(normal(job, symbl.Completed), h.all()))
}

// stuck is a receiver that takes connections and answers none until it is free.
type stuck struct {
	free chan struct{}

	mu         sync.Mutex
	open, most int
	told       int
}

func (s *stuck) count(open, told int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += open
	s.most = max(s.most, s.open)
	s.told += told
}

func (s *stuck) Post(ctx context.Context, _, _ string, _ []byte) (int, error) {
	s.count(1, 0)
	defer s.count(-1, 0)
	select {
	case <-s.free:
		s.count(0, 1)
		return http.StatusOK, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func TestNoJobWaitsForCallbacksThatHang(t *testing.T) {
	const jobs = 50
	s := &stuck{free: make(chan struct{})}
	js := connect(t, startNATS(t))
	// Those whose turn it is not come again before new ones do: they must leave time for these.
	e := newEngine(t, js, engine.CallBackAgain(engine.Config{Workers: 1, Callbacks: s}, 2*time.Second))
	start(t, e)
	a := call(t, e)
	for range jobs {
		a.submit(withHook("https://hook.example"))
	}
	a.await(a.submit(says("x")), symbl.Completed)
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.open == 16
	}, eventually, tick)
	close(s.free)
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	require.Equal(t, 16, s.most)
	require.GreaterOrEqual(t, s.told, 3*jobs)
}

func TestACallbackThatNobodyTakesIsGivenUpAndLeaksNothing(t *testing.T) {
	const address = "http://127.0.0.1:1/hook?secret=s3cr3t" // a port that nobody else is given meanwhile
	logs, seen := observer.New(zap.DebugLevel)
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{Callbacks: poster(t), Logger: zap.New(logs)})
	var clock clock
	e.SetNow(clock.now)
	stop := start(t, e)
	a := call(t, e)
	job := a.submit(withHook(address))
	a.await(job, symbl.Completed)
	require.Eventually(t, func() bool { return seen.FilterMessageSnippet("is tried again").Len() > 3 }, eventually, tick)
	require.Eventually(t, func() bool { return queued(t, js) == 3 }, eventually, tick, "it waits for each of them")
	clock.put(2 * time.Minute)
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	stop()
	require.Equal(t, 3, seen.FilterMessageSnippet("gives up a status callback").Len())
	for _, entry := range seen.All() {
		line, err := json.Marshal(entry.ContextMap())
		require.NoError(t, err)
		require.NotContains(t, string(line), "s3cr3t")
	}
}
