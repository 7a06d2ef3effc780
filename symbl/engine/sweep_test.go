package engine_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// brokenOff is an engine whose only submission, with the key "k", got as far as its
// input an hour ago.
func brokenOff(t *testing.T, body string) (*dying, *engine.Engine) {
	t.Helper()
	js := mortal(t, connect(t, startNATS(t)), false)
	e := newEngine(t, js, engine.Config{})
	js.only = "conversation."
	js.dieAfter(0)
	call(t, e).refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/process/text", body, keyHeader, "k")
	js.armed.Store(false)
	e.SetNow(func() time.Time { return time.Now().Add(time.Hour) })
	return js, e
}

// The client repeats a submission when the engine is there again, which is when its
// first sweep takes it for one that nobody repeats.
func TestASubmissionIsRepeatedWhileItIsSweptUp(t *testing.T) {
	js, e := brokenOff(t, says("a sale"))
	a := call(t, newEngine(t, js.JetStream, engine.Config{}))
	var job symbl.Job
	var once sync.Once
	js.writing = func(key string) {
		if strings.HasPrefix(key, "input.") {
			once.Do(func() { job = a.submit(says("a sale"), keyHeader, "k") })
		}
	}
	_, err := e.Sweep(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, job.JobID)
	start(t, e)
	a.await(job, symbl.Completed)
	require.Len(t, a.messages(job.ConversationID), 1)
}

// The same when it was swept up before, and is so large that its text is written
// before what refers to it.
func TestASubmissionIsRepeatedAfterItWasSweptUp(t *testing.T) {
	body := says(large("")...)
	js, e := brokenOff(t, body)
	require.Equal(t, 1, blobs(t, js))
	_, err := e.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, blobs(t, js))

	sweeps := newEngine(t, js.JetStream, engine.Config{})
	var once sync.Once
	js.writing = func(key string) {
		if strings.HasPrefix(key, "input.") {
			once.Do(func() {
				_, err := sweeps.Sweep(t.Context())
				require.NoError(t, err)
			})
		}
	}
	a := call(t, e)
	job := a.submit(body, keyHeader, "k")
	start(t, e)
	a.await(job, symbl.Completed)
	require.Len(t, a.messages(job.ConversationID), 2)
}
