package events

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// handedBack is a message that is only handed back.
type handedBack struct{ jetstream.Msg }

func (handedBack) NakWithDelay(time.Duration) error { return nil }

func TestAStageStopsPullingWhenItsUpstreamAsksForIt(t *testing.T) {
	h := newHouse(t, nil)
	st := h.newStage(StepSubmit, StepSubmit, 1, nil, nil)
	st.settle(t.Context(), handedBack{}, delivery{}, throttled(time.Hour, errors.New("slow down")))
	closed, probe := st.gate.state(h.now())
	require.Greater(t, closed, 50*time.Minute)
	require.False(t, probe, "it works")
}

func TestAStageStopsPullingWhenNothingSucceeds(t *testing.T) {
	h := newHouse(t, nil)
	now := time.Now()
	h.now = func() time.Time { return now }
	st := h.newStage(StepSubmit, StepSubmit, 1, nil, nil)
	fail := func() { st.settle(t.Context(), handedBack{}, delivery{}, errors.New("down")) }
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
