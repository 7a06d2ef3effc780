package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// told collects what an engine says about finished jobs.
type told struct {
	mu   sync.Mutex
	jobs map[string][]engine.Finished
}

func (c *told) finished(_ context.Context, f engine.Finished) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jobs == nil {
		c.jobs = map[string][]engine.Finished{}
	}
	c.jobs[f.JobID] = append(c.jobs[f.JobID], f)
	return nil
}

func (c *told) of(jobID string) []engine.Finished {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jobs[jobID]
}

func (c *told) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.jobs)
}

func TestFinishedIsToldOfEachJob(t *testing.T) {
	var c told
	a := oneEngine(t, engine.Config{Finished: c.finished})
	named, plain := a.submit(`{"name":"support.CA1",`+says("x")[1:]), a.submit(says("x"))
	gone := a.submit(says("x"))
	for _, job := range []symbl.Job{named, plain} {
		require.Eventually(t, func() bool { return len(c.of(job.JobID)) == 1 }, eventually, tick)
	}
	require.Empty(t, cmp.Diff([]engine.Finished{{JobID: named.JobID, ConversationID: named.ConversationID, Name: "support.CA1", Status: symbl.Completed}}, c.of(named.JobID)))
	require.Equal(t, plain.ConversationID, c.of(plain.JobID)[0].Name)
	a.await(gone, symbl.Completed)
}

func TestAJobStaysQueuedUntilFinishedWasHeard(t *testing.T) {
	s := startNATS(t)
	js := connect(t, s)
	var calls atomic.Int32
	e := newEngine(t, js, engine.Config{Finished: func(context.Context, engine.Finished) error {
		if calls.Add(1) < 4 {
			return errors.New("not now")
		}
		return nil
	}})
	a := call(t, e)
	job := a.submit(says("x"))
	start(t, e)
	a.await(job, symbl.Completed)
	require.Eventually(t, func() bool { return calls.Load() == 4 && queued(t, js) == 0 }, eventually, tick)
}

func TestTwoEnginesShareTheWork(t *testing.T) {
	s := startNATS(t)
	tells := []*told{{}, {}}
	var a *api
	for _, c := range tells {
		e := newEngine(t, connect(t, s), engine.Config{Workers: 1, Finished: func(ctx context.Context, f engine.Finished) error {
			select { // long enough for the other one to get a turn
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
			return c.finished(ctx, f)
		}})
		start(t, e)
		a = call(t, e)
	}
	const jobs = 40
	for i := range jobs {
		a.submit(says(fmt.Sprintf("call %d", i)))
	}
	require.Eventually(t, func() bool { return tells[0].count()+tells[1].count() == jobs }, eventually, tick)
	require.NotZero(t, tells[0].count())
	require.NotZero(t, tells[1].count())
}

func TestWhatOneEngineLeavesAnotherFinishes(t *testing.T) {
	s := startNATS(t)
	begun := make(chan struct{}, 1)
	one := newEngine(t, connect(t, s), engine.Config{Finished: func(ctx context.Context, _ engine.Finished) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}})
	a := call(t, one)
	job := a.submit(says("x"))
	stop := start(t, one)
	<-begun
	stop()

	var c told
	other := newEngine(t, connect(t, s), engine.Config{Finished: c.finished})
	start(t, other)
	require.Eventually(t, func() bool { return len(c.of(job.JobID)) == 1 }, eventually, tick)
	a.await(job, symbl.Completed)
}

// A worker writes four times for a job. Wherever it dies, another engine
// brings the job to its end, and the messages are there once.
func TestAJobSurvivesTheDeathOfItsWorkerAnywhere(t *testing.T) {
	for _, late := range []bool{false, true} {
		for writes := range 5 {
			t.Run(fmt.Sprintf("after %d writes, late=%v", writes, late), func(t *testing.T) {
				s := startNATS(t)
				js := mortal(t, connect(t, s), late)
				dead := newEngine(t, js, engine.Config{Workers: 1})
				a := call(t, dead)
				a.track("Sale", "sale")
				job := a.submit(says("a sale", "no"))
				js.dieAfter(writes)
				stop := start(t, dead)
				require.Eventually(t, func() bool { return js.writes.Load() > int64(writes) || queued(t, js) == 0 }, eventually, time.Millisecond)
				stop()

				var c told
				e := newEngine(t, connect(t, s), engine.Config{Finished: c.finished})
				start(t, e)
				a = call(t, e)
				a.await(job, symbl.Completed)
				require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
				require.Len(t, a.messages(job.ConversationID), 2)
				require.Len(t, a.detected(job.ConversationID)[0].Matches[0].MessageRefs, 1)
			})
		}
	}
}

func TestAJobThatKeepsFailingIsFailed(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	js.only = "conversation."
	var c told
	e := newEngine(t, js, engine.Config{Finished: c.finished})
	a := call(t, e)
	job := a.submit(says("x"))
	js.dieAfter(0)
	start(t, e)
	require.Contains(t, a.await(job, symbl.Failed).Error, "conversation")
	require.Greater(t, js.writes.Load(), int64(5))
	require.Eventually(t, func() bool { return len(c.of(job.JobID)) == 1 && queued(t, js) == 0 }, eventually, tick)
	require.Equal(t, symbl.Failed, c.of(job.JobID)[0].Status)
	require.NotEmpty(t, c.of(job.JobID)[0].Error)
}

func TestAPassingFailureIsForgotten(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	js.only = "conversation."
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	job := a.submit(says("x"))
	js.dieAfter(0)
	start(t, e)
	require.Eventually(t, func() bool { return js.writes.Load() > 2 }, eventually, time.Millisecond)
	js.armed.Store(false)
	require.Empty(t, a.await(job, symbl.Completed).Error)
}

func TestStorageThatFailsIs503(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	a := call(t, newEngine(t, js, engine.Config{}))
	js.dieAfter(0)
	require.NotContains(t, a.refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/manage/trackers", `{"name":"X","vocabulary":["x"]}`), "died")
	a.refused(http.StatusServiceUnavailable, http.MethodPost, "/v1/process/text", says("x"))
}

// A pathological tracker and one long message would keep an engine from ending for
// half a minute.
func TestAnEngineThatReadsALongMessageEndsInTime(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{})
	a := call(t, e)
	var phrases []string
	for i := range 100 {
		phrases = append(phrases, strings.Repeat("a ", 390+i)+"b")
	}
	a.track("Long", phrases...)
	job := a.submit(says(strings.Repeat("a ", 128<<10)))
	stop := start(t, e)
	require.Eventually(t, func() bool { return a.status(job).Status == symbl.InProgress }, eventually, tick)
	before := time.Now()
	stop()
	require.Less(t, time.Since(before), 5*time.Second)
	require.Equal(t, uint64(1), queued(t, js), "it is handed back")
	require.Equal(t, symbl.InProgress, a.status(job).Status)
}
