package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

func withHook(address string) string {
	return strings.TrimSuffix(says("x"), "}") + `,"webhookUrl":"` + address + `"}`
}

func TestEachChangeOfStatusIsCalledBack(t *testing.T) {
	type call struct {
		JobID  string       `json:"jobId"`
		ID     string       `json:"id"`
		Status symbl.Status `json:"status"`
	}
	var mu sync.Mutex
	heard := map[call]bool{}
	var first atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(false, true) {
			w.WriteHeader(http.StatusBadGateway) // it is tried again
			return
		}
		var c call
		if json.NewDecoder(r.Body).Decode(&c) == nil && r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json" {
			mu.Lock()
			defer mu.Unlock()
			heard[c] = true
		}
	}))
	defer hook.Close()
	a := oneEngine(t, engine.Config{HTTPClient: hook.Client()})
	job := a.submit(withHook(hook.URL + "/hook?secret=s3cr3t"))
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return heard[call{job.JobID, job.JobID, symbl.Scheduled}] &&
			heard[call{job.JobID, job.JobID, symbl.InProgress}] &&
			heard[call{job.JobID, job.JobID, symbl.Completed}]
	}, eventually, tick)
	hook.Client().CloseIdleConnections()
}

func TestACallbackThatFailsHarmsNothingAndLeaksNothing(t *testing.T) {
	hook := httptest.NewServer(http.NotFoundHandler())
	address := hook.URL + "/hook?secret=s3cr3t"
	hook.Close()
	logs, seen := observer.New(zap.DebugLevel)
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{HTTPClient: hook.Client(), Logger: zap.New(logs)})
	stop := start(t, e)
	a := call(t, e)
	job := a.submit(withHook(address))
	a.await(job, symbl.Completed)
	require.Eventually(t, func() bool { return seen.FilterMessageSnippet("callback failed").Len() == 3 }, eventually, tick)
	stop()
	for _, entry := range seen.All() {
		line, err := json.Marshal(entry.ContextMap())
		require.NoError(t, err)
		require.NotContains(t, string(line), "s3cr3t")
	}
}
