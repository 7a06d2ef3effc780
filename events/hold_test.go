package events

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
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

// A process was killed between "the alert is held" and "the digest has it", or just
// after that; then its destination was gone for a while.
func TestAHeldAlertThatBecameADeadLetterIsToldOnce(t *testing.T) {
	for _, has := range []bool{false, true} {
		h, slack := noisy(t, time.Now(), nightly())
		clock := standing(morning().Add(-time.Second))
		h.now = clock.now
		with, without := *h.aims(), *h.aims()
		to := with.Notifiers.For("#alerts")
		with.Notifiers = notify.NewSwitchboard(to, map[string]notify.Notifier{"crm": to})

		h.Aim(with)
		h.open()
		rec := talk("a", 1)
		a := notify.Alert{ID: notify.AlertID(rec.Key, "crm", 0), Recording: rec.Key, Destination: "crm"}
		e, err := h.mutate(t.Context(), rec.Key, func(e *Entry) error {
			*e = firstEntry(rec, 1, 0)
			e.Stage, e.Routed = StageProcessed, true
			e.Alerts = []AlertRecord{{AlertID: a.ID, Destination: "crm", Named: true, Trackers: []string{"Sale"}}}
			return nil
		})
		require.NoError(t, err)
		_, err = h.sendAlert(t.Context(), e, a) // the first in ALERTS
		require.NoError(t, err)
		until, ok := with.Noise.For("crm").Until(h.now())
		require.True(t, ok)
		why := heldBack{reason: notify.HeldQuietHours, until: until, seq: 1}
		why.digest, err = h.openDigestKey(t.Context(), "crm", why)
		require.NoError(t, err)
		require.NoError(t, h.holdBack(t.Context(), a, &e, why))
		if has {
			_, err := h.intoDigest(t.Context(), a, &e, 1)
			require.NoError(t, err)
		}

		// Whoever sees the letter may replay it at once.
		seen := make(chan bool, 1)
		letters, err := h.dep.Conn.Subscribe(subjectDead+">", func(*nats.Msg) {
			e, err := h.entry(t.Context(), rec.Key)
			seen <- err == nil && e.Alerts[0].Held != ""
		})
		require.NoError(t, err)
		require.NoError(t, h.dep.Conn.Flush())
		h.Aim(without)
		h.run(h.Service)
		require.NoError(t, h.ensureDestination(t.Context(), "crm"))
		e = h.settled(h.Service, rec.Key, StageDead)
		require.Equal(t, has, e.Alerts[0].Held != "")
		require.NoError(t, letters.Unsubscribe())
		require.Equal(t, has, <-seen)
		h.Aim(with)
		require.NoError(t, h.ReplayDead(t.Context(), e.DeadLetters[0]))
		h.settled(h.Service, rec.Key, StageDone)
		clock.set(morning().Add(time.Minute))
		told := func() int { return len(slack.Messages("crm")) }
		require.Eventually(t, func() bool { return told() > 0 }, soon, tick, "has=%t", has)
		require.Never(t, func() bool { return told() > 1 }, time.Second, 10*tick)
		require.Contains(t, fmt.Sprint(slack.Messages("crm")), rec.Key)
	}
}

// A process was paused between "the alert is held" and its digest, longer than its
// message was its own: another has made a dead letter of that, which was replayed.
func TestAnAlertThatAnotherHasReleasedIsNotWrittenIntoADigest(t *testing.T) {
	h, _ := noisy(t, morning().Add(-time.Hour), nightly())
	h.open()
	alert := notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}
	key := digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1)
	paused := Entry{Key: "calls.a", Stage: StageProcessed, Alerts: []AlertRecord{{AlertID: "a1", Destination: "#alerts"}}}
	h.write(paused)
	require.NoError(t, h.holdBack(t.Context(), alert, &paused, heldBack{reason: notify.HeldQuietHours, until: morning(), digest: key, seq: 7}))
	now := paused
	now.Alerts = slices.Clone(paused.Alerts)
	require.NoError(t, h.letGo(t.Context(), alert, &now))
	for _, seq := range []uint64{0, 9} { // released, and held again by the replay
		if seq > 0 {
			require.NoError(t, h.holdBack(t.Context(), alert, &now, heldBack{reason: notify.HeldQuietHours, until: morning(), digest: key, seq: seq}))
		}
		_, err := h.hold(t.Context(), alert, &paused, 7)
		var later *waitError
		require.ErrorAs(t, err, &later)
		_, err = h.Entry(t.Context(), key)
		require.ErrorIs(t, err, ErrNotFound)
	}
	held, err := h.hold(t.Context(), alert, &now, 9)
	require.NoError(t, err)
	require.True(t, held)
	digest, err := h.Entry(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, 1, digest.Digest.Count)
}
