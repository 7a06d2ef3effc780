package engine_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

const keyHeader = "Idempotency-Key"

func TestTheSameKeyAndBodyGetTheFirstAnswer(t *testing.T) {
	s := startNATS(t)
	e := newEngine(t, connect(t, s), engine.Config{})
	stop := start(t, e)
	a := call(t, e)
	body := says("a sale")
	first := a.submit(body, keyHeader, "support.CA1")
	require.Equal(t, first, a.submit(body, keyHeader, "support.CA1"))
	a.await(first, symbl.Completed)
	require.Equal(t, first, a.submit(body, keyHeader, "support.CA1"))

	require.NotEqual(t, first, a.submit(body, keyHeader, "support.CA2"))
	require.NotEqual(t, first, a.submit(body))
	stop()

	again := newEngine(t, connect(t, s), engine.Config{})
	start(t, again)
	a = call(t, again)
	require.Equal(t, first, a.submit(body, keyHeader, "support.CA1"))
	a.await(first, symbl.Completed)
	require.Len(t, a.messages(first.ConversationID), 1)
}

func TestTheSameKeyForAnotherRequestIs422(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	first := a.submit(says("a"), keyHeader, "k")
	a.refused(http.StatusUnprocessableEntity, http.MethodPost, "/v1/process/text", says("b"), keyHeader, "k")
	a.refused(http.StatusUnprocessableEntity, http.MethodPost, "/v1/process/text?name=n", says("a"), keyHeader, "k")
	a.refused(http.StatusUnprocessableEntity, http.MethodPut, "/v1/process/text/"+first.ConversationID, says("a"), keyHeader, "k")
}

func TestAnAppendWithAKeyIsAppendedOnce(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	first := a.submit(says("a"))
	path := "/v1/process/text/" + first.ConversationID
	one := decode[symbl.Job](t, a.ok(http.MethodPut, path, says("b"), keyHeader, "k"))
	other := decode[symbl.Job](t, a.ok(http.MethodPut, path, says("b"), keyHeader, "k"))
	require.Equal(t, one, other)
	a.await(first, symbl.Completed)
	a.await(one, symbl.Completed)
	require.Len(t, a.messages(first.ConversationID), 2)
}

func TestARefusedSubmissionDoesNotUseItsKeyUp(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text", `{"messages":[]}`, keyHeader, "k")
	a.refused(http.StatusNotFound, http.MethodPut, "/v1/process/text/123", says("a"), keyHeader, "k")
	a.submit(says("a"), keyHeader, "k")
}

func TestADeletedConversationDoesNotComeBackByItsKey(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	first := a.submit(says("a"), keyHeader, "k")
	a.await(first, symbl.Completed)
	a.ok(http.MethodDelete, "/v1/conversations/"+first.ConversationID, "")
	require.Equal(t, first, a.submit(says("a"), keyHeader, "k"))
	a.refused(http.StatusNotFound, http.MethodGet, "/v1/conversations/"+first.ConversationID, "")
}

func TestConcurrentRequestsWithOneKeyAreOneSubmission(t *testing.T) {
	s := startNATS(t)
	var engines []*api
	for range 2 {
		e := newEngine(t, connect(t, s), engine.Config{})
		start(t, e)
		engines = append(engines, call(t, e))
	}
	jobs := make([]symbl.Job, 12)
	var all sync.WaitGroup
	for i := range jobs {
		all.Go(func() { jobs[i] = engines[i%2].submit(says("a sale"), keyHeader, "k") })
	}
	all.Wait()
	for _, job := range jobs {
		require.Equal(t, jobs[0], job)
	}
	engines[0].await(jobs[0], symbl.Completed)
	require.Len(t, engines[0].messages(jobs[0].ConversationID), 1)
}

// A submission writes six times. Whichever write is the last one of a process
// that is killed, whether or not its outcome was seen, the client's repetition
// completes the submission, and there is one of it.
func TestASubmissionSurvivesACrashBetweenAnyTwoWrites(t *testing.T) {
	for _, late := range []bool{false, true} {
		for writes := range 7 {
			t.Run(fmt.Sprintf("after %d writes, late=%v", writes, late), func(t *testing.T) {
				s := startNATS(t)
				js := mortal(t, connect(t, s), late)
				dead := call(t, newEngine(t, js, engine.Config{}))
				dead.track("Sale", "sale")
				js.dieAfter(writes)
				status, _ := dead.do(http.MethodPost, "/v1/process/text", says("a sale"), keyHeader, "k")
				require.Equal(t, writes >= 6, status == http.StatusCreated)

				e := newEngine(t, connect(t, s), engine.Config{})
				start(t, e)
				a := call(t, e)
				job := a.submit(says("a sale"), keyHeader, "k")
				require.Equal(t, job, a.submit(says("a sale"), keyHeader, "k"))
				a.await(job, symbl.Completed)
				require.Len(t, a.messages(job.ConversationID), 1)
				require.Len(t, a.detected(job.ConversationID), 1)
			})
		}
	}
}

func TestAnAppendSurvivesACrashBetweenAnyTwoWrites(t *testing.T) {
	for _, late := range []bool{false, true} {
		for writes := range 6 {
			t.Run(fmt.Sprintf("after %d writes, late=%v", writes, late), func(t *testing.T) {
				s := startNATS(t)
				js := mortal(t, connect(t, s), late)
				dead := call(t, newEngine(t, js, engine.Config{}))
				first := dead.submit(says("a"))
				js.dieAfter(writes)
				path := "/v1/process/text/" + first.ConversationID
				status, _ := dead.do(http.MethodPut, path, says("b"), keyHeader, "k")
				require.Equal(t, writes >= 5, status == http.StatusCreated)

				e := newEngine(t, connect(t, s), engine.Config{})
				start(t, e)
				a := call(t, e)
				job := decode[symbl.Job](t, a.ok(http.MethodPut, path, says("b"), keyHeader, "k"))
				a.await(first, symbl.Completed)
				a.await(job, symbl.Completed)
				require.Len(t, a.messages(first.ConversationID), 2)
			})
		}
	}
}
