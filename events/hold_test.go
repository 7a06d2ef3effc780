package events

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

// TestWhatTakesLongIsInOneHandOnly has a post take longer than the server waits
// for its message.
func TestWhatTakesLongIsInOneHandOnly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as ackWait")
	}
	h := newHouse(t, nil)
	began, answer := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(answer) })
	defer release() // the service ends after it
	h.slack.post = func(n int, _ notify.Alert) error {
		if n == 1 {
			close(began)
			<-answer
		}
		return nil
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	<-began
	h.run(h.another(nil)) // which is free to take it
	stream, err := h.js.Stream(t.Context(), StreamAlerts)
	require.NoError(t, err)
	consumer, err := stream.Consumer(t.Context(), notifyConsumer+notify.Slug("#alerts"))
	require.NoError(t, err)
	require.Never(t, func() bool {
		info, err := consumer.Info(t.Context())
		return err == nil && (info.NumRedelivered > 0 || info.NumAckPending != 1)
	}, ackWait+2*time.Second, 50*tick, "another may have it")
	release()
	h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
}

func TestAnAlertThatAnotherHasTakenIsNotIntendedAgain(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.write(Entry{Key: "calls.a", Stage: StageProcessed, Alerts: []AlertRecord{{AlertID: "a1", Destination: "#alerts"}}})
	alert := notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}
	first, second := time.Now().UTC(), time.Now().UTC().Add(time.Second)
	_, err := h.setIntent(t.Context(), alert, time.Time{}, first)
	require.NoError(t, err)
	_, err = h.setIntent(t.Context(), alert, time.Time{}, second)
	require.ErrorIs(t, err, errMoved, "it read the ledger before the other wrote")
	_, err = h.setIntent(t.Context(), alert, first, second)
	require.NoError(t, err, "it knows of the other")
}
