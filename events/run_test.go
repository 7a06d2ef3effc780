package events

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/trackerbell/trackerbell/notify"
)

// serves tells whether the notify stage of a destination runs.
func (h *house) serves(slug string) func() bool {
	return func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.dests[slug] != nil
	}
}

func TestRoutesThatChangeWhileNATSIsAwayAreTakenOver(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	require.Eventually(t, h.serves("alerts"), soon, tick)
	h.nats.server.stop()
	router, err := notify.NewRouter(nil, "#elsewhere")
	require.NoError(t, err)
	aims := *h.aims()
	aims.Router = router
	h.Aim(aims)
	require.NoError(t, h.nats.server.start())
	require.Eventually(t, h.serves("elsewhere"), 2*soon, tick)
	require.Eventually(t, func() bool { return h.Ready(t.Context()) == nil }, 2*soon, tick)
	h.accept(transcript("a"))
	require.Equal(t, "#elsewhere", h.settled(h.Service, "calls.a", StageDone).Alerts[0].Destination)
}

func TestNATSMayGoAwayBetweenTheOpeningAndTheDestinations(t *testing.T) {
	h := newHouse(t, nil)
	core, log := observer.New(zap.WarnLevel)
	h.dep.Log = zap.New(core)
	h.open()
	h.nats.server.stop()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.runStages(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	require.Eventually(t, func() bool { return log.FilterMessage("not every destination is served; trying on").Len() > 0 }, soon, tick)
	require.NoError(t, h.nats.server.start())
	require.Eventually(t, h.serves("alerts"), 2*soon, tick)
	require.Eventually(t, func() bool { return h.Ready(t.Context()) == nil }, 2*soon, tick)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
}

// TestADestinationThatAnotherReplicaBeganIsServed leaves what a replica does that
// had newer routes and died: a consumer.
func TestADestinationThatAnotherReplicaBeganIsServed(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	require.Eventually(t, h.serves("alerts"), soon, tick)
	set, err := h.streams()
	require.NoError(t, err)
	_, err = ensureConsumer(t.Context(), set.alerts, notifyConsumer+"newer", 1, subjectAlerts+"newer")
	require.NoError(t, err)
	h.aimed <- struct{}{} // rather than waiting for destinationsEvery
	require.Eventually(t, h.serves("newer"), soon, tick)
}
