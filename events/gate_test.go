package events

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// handedBack is a message that is only handed back, and notes for how long.
type handedBack struct {
	jetstream.Msg
	after *time.Duration
}

func (m handedBack) NakWithDelay(d time.Duration) error {
	*m.after = d
	return nil
}

func (handedBack) TermWithReason(string) error { return nil }
func (handedBack) Subject() string             { return subjectReady + "calls" }

func TestAStageStopsPullingWhenItsUpstreamAsksForIt(t *testing.T) {
	h := newHouse(t, nil)
	st := h.newStage(StepSubmit, StepSubmit, 1, nil, nil)
	st.settle(t.Context(), handedBack{after: new(time.Duration)}, delivery{}, throttled(time.Hour, errors.New("slow down")))
	closed, probe := st.gate.state(h.now())
	require.Greater(t, closed, 50*time.Minute)
	require.False(t, probe, "it works")
}

func TestAStageStopsPullingWhenNothingSucceeds(t *testing.T) {
	h := newHouse(t, nil)
	now := time.Now()
	h.now = func() time.Time { return now }
	st := h.newStage(StepSubmit, StepSubmit, 1, nil, nil)
	fail := func() { st.settle(t.Context(), handedBack{after: new(time.Duration)}, delivery{}, errors.New("down")) }
	for range gateTrips {
		closed, _ := st.gate.state(now)
		require.Zero(t, max(closed, 0))
		fail()
	}
	for range 20 {
		closed, probe := st.gate.state(now)
		require.True(t, probe, "one message is to find out")
		require.Positive(t, closed)
		require.LessOrEqual(t, closed, firstHourMax)
		now = now.Add(closed)
		fail()
	}
}

// TestAJobThatStillRunsShowsThatItsUpstreamWorks has polls fail now and then.
func TestAJobThatStillRunsShowsThatItsUpstreamWorks(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.symbl.status = symbl.InProgress
	h.accept(transcript("a"))
	h.write(Entry{Key: "calls.a", Source: "calls", Stage: StageSubmitted, JobID: "job-1", ConversationID: "conversation-1", SubmittedAt: time.Now()})
	st := h.newStage(StepAwait, StepAwait, 1, nil, nil)
	ev := Event{Type: TypeSubmitted, Subject: "calls.a", Data: json.RawMessage(`{}`)}
	settle := func(err error) { st.settle(t.Context(), handedBack{after: new(time.Duration)}, delivery{}, err) }
	for range 2 * gateTrips {
		settle(errors.New("502"))
		settle(h.await(t.Context(), delivery{event: ev, delivered: 2}))
		closed, probe := st.gate.state(h.now())
		require.False(t, probe)
		require.LessOrEqual(t, closed, time.Duration(0))
	}
	for range gateTrips {
		settle(errors.New("502"))
		settle(h.await(t.Context(), delivery{event: ev, delivered: 1}))
	}
	_, probe := st.gate.state(h.now())
	require.True(t, probe, "what is only begun to be waited for shows nothing")
}

// An hour without Symbl, told by a false clock: a recording is tried every 15 s at
// most, and no attempt of that hour counts when Symbl is back and stumbles.
func TestAnHourWithoutSymblCostsNoRecordingAnything(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	now := time.Now()
	h.now = func() time.Time { return now }
	_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		*e = firstEntry(transcript("a"), 1, e.revision)
		return nil
	})
	require.NoError(t, err)
	st := h.newStage(StepSubmit, StepSubmit, 1, nil, nil)
	msg := handedBack{after: new(time.Duration)}
	d := delivery{event: Event{ID: "ready", Type: TypeReady, Subject: "calls.a"}, seq: 1, delivered: 1}
	fail := func() { st.settle(t.Context(), msg, d, errors.New("connection refused")) }
	other := func() { st.gate.ok(now) }
	dead := func() int {
		n, err := h.DeadCount(t.Context())
		require.NoError(t, err)
		return n
	}

	other()
	for begin := now; now.Sub(begin) < time.Hour; now = now.Add(*msg.after) {
		fail()
		require.LessOrEqual(t, *msg.after, firstHourMax)
	}
	e, err := h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Greater(t, e.Attempts[StepSubmit], 200)
	for range poisonTries - 1 {
		require.Zero(t, dead())
		now = now.Add(time.Minute)
		other()
		fail()
	}
	require.Zero(t, dead())
	now = now.Add(time.Minute)
	other()
	fail()
	require.Equal(t, 1, dead(), "what fails while others succeed is given up in the end")
}
