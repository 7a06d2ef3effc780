package engine_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

func TestTooManyJobsAtOnceAreTheDocumented429(t *testing.T) {
	s := startNATS(t)
	one := newEngine(t, connect(t, s), engine.Config{MaxJobs: 2})
	a := call(t, one)
	first, second := a.submit(says("x"), keyHeader, "k"), a.submit(says("x"))
	status, answer := a.do(http.MethodPost, "/v1/process/text", says("x"))
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, 429, field[int](t, answer, "statusCode"))
	require.Contains(t, answer, "This API has a limit of maximum of `2` number of concurrent jobs per account.")

	require.Equal(t, first, a.submit(says("x"), keyHeader, "k"), "it is one of the two")
	a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text", `{}`)
	other := call(t, newEngine(t, connect(t, s), engine.Config{MaxJobs: 2}))
	other.refused(http.StatusTooManyRequests, http.MethodPut, "/v1/process/text/"+first.ConversationID, says("x"))
	require.Len(t, a.listed(""), 2, "a refused submission leaves nothing behind")

	start(t, one)
	a.await(first, symbl.Completed)
	a.await(second, symbl.Completed)
	a.submit(says("x"))
}

// The limit is exact within an engine, and each further one that takes jobs in
// at the same instant may exceed it by one.
func TestEnginesThatTakeInAtOnceKeepTheLimitButForOneEach(t *testing.T) {
	s := startNATS(t)
	const engines, limit = 2, 3
	var taken atomic.Int32
	var all sync.WaitGroup
	for range engines {
		a := call(t, newEngine(t, connect(t, s), engine.Config{MaxJobs: limit}))
		for range 2 * limit {
			all.Go(func() {
				if status, _ := a.do(http.MethodPost, "/v1/process/text", says("x")); status == http.StatusCreated {
					taken.Add(1)
				}
			})
		}
	}
	all.Wait()
	require.GreaterOrEqual(t, taken.Load(), int32(limit))
	require.Less(t, taken.Load(), int32(limit+engines))
}

// Who sees that a job has ended may submit the next one at once, although the
// callback is still to be sent.
func TestAJobThatHasEndedDoesNotCount(t *testing.T) {
	h := newHook(t, 1<<30)
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{MaxJobs: 1, Callbacks: poster(t)})
	start(t, e)
	a := call(t, e)
	for range 5 {
		a.await(a.submit(withHook(h.URL)), symbl.Completed)
	}
}
