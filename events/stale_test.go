package events

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// What a process remembers, or read before it had to wait, may have changed since.

func TestADigestIsPostedAsItIsWhenItsTurnComes(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, morning(), nightly())
	h.open()
	key := digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1)
	e, err := h.mutate(t.Context(), key, func(e *Entry) error {
		h.openDigest(e, "#alerts", false)
		e.Digest.add(notify.Alert{Recording: "calls.gone"}, 1, h.now())
		e.Digest.add(notify.Alert{Recording: "calls.kept"}, 2, h.now())
		e.closeDigest(h.now())
		return nil
	})
	require.NoError(t, err)
	alert := notify.Alert{ID: e.Alerts[0].AlertID, Recording: key, Destination: "#alerts", Parts: 1}
	e.tell(&alert)
	forget := func(recording string) {
		_, err := h.mutate(t.Context(), key, func(e *Entry) error {
			require.True(t, e.untell(recording))
			return nil
		})
		require.NoError(t, err)
	}
	forget("calls.gone") // while it waits for the channel's rate
	require.NoError(t, h.deliverPart(t.Context(), posting{alert, 3}, Post{}, limiter(0)))
	require.Contains(t, slack.Messages("#alerts")[0].Text, "calls.kept")
	require.NotContains(t, slack.Messages("#alerts")[0].Text, "calls.gone")
}

func TestADigestOfNothingIsNotBegun(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	h.write(Entry{Key: "calls.a", Stage: StageProcessed, Alerts: []AlertRecord{{AlertID: "a1", Destination: "#alerts", Dropped: true}}})
	_, err := h.setIntent(t.Context(), notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}, time.Time{}, time.Now())
	require.ErrorIs(t, err, errMoved)
}

// Another posted it just before the quiet hours, and died before its ack.
func TestWhatAnotherHasPostedIsNotHeld(t *testing.T) {
	t.Parallel()
	h, _ := noisy(t, morning().Add(-time.Hour), nightly())
	h.open()
	remembered := Entry{Key: "calls.a", Stage: StageProcessed, Alerts: []AlertRecord{{AlertID: "a1", Destination: "#alerts"}}}
	posted := remembered
	posted.Alerts = []AlertRecord{{AlertID: "a1", Destination: "#alerts", Post: Post{Intent: h.now(), PostedAt: h.now()}}}
	h.write(posted)
	_, err := h.hold(t.Context(), notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}, &remembered, 7)
	var later *waitError
	require.ErrorAs(t, err, &later)
	_, err = h.Entry(t.Context(), digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1))
	require.ErrorIs(t, err, ErrNotFound)
}

// The answer to a post is lost and its channel cannot be read; meanwhile another
// alert of the recording begins a thread there.
func TestAnAlertThatIsOlderThanItsThreadIsFound(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, []config.Route{{Channels: []string{"#ops", "#old"}}}, func(o *Options) { o.FallbackChannel = "#ops" },
		slacktest.WithChannels(slacktest.Channel{Name: "ops"}, slacktest.Channel{Name: "old", Archived: true}))
	var mended, first atomic.Bool
	slack.Fail(func(method, channel string) *slacktest.Fault {
		switch {
		case mended.Load():
			return nil
		case method == "chat.postMessage" && channel == "#ops" && !first.Swap(true):
			return &slacktest.Fault{Accept: true, Drop: true}
		case method == "conversations.history":
			return &slacktest.Fault{Code: "not_in_channel"}
		}
		return nil
	})
	h.run(h.Service)
	h.accept(talk("a", 1))
	var e Entry
	require.Eventually(t, func() bool {
		var err error
		e, err = h.Entry(t.Context(), "calls.a")
		return err == nil && len(e.DeadLetters) == 2 && len(e.Alerts) == 3 && !e.Alerts[2].PostedAt.IsZero()
	}, 2*soon, tick)
	require.NotEmpty(t, e.Threads)
	mended.Store(true)
	for _, id := range e.DeadLetters {
		letter, err := h.DeadLetter(t.Context(), id)
		require.NoError(t, err)
		if letter.Reason == ReasonOutcomeUnknown {
			require.NoError(t, h.ReplayDead(t.Context(), id))
		}
	}
	require.Eventually(t, func() bool {
		var err error
		e, err = h.Entry(t.Context(), "calls.a")
		return err == nil && !e.Alerts[0].PostedAt.IsZero()
	}, 2*soon, tick)
	require.Len(t, slack.Messages("#ops"), 2, "it, and the other in the fallback channel")
	require.Empty(t, e.Alerts[0].Thread, "it stands in none")
}

// slack.fallbackChannel waits for a restart, destinations do not.
func TestTheFallbackChannelIsNoOtherPlaceOfItsName(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, []config.Route{{Channel: "#old"}}, func(o *Options) { o.FallbackChannel = "pager" },
		slacktest.WithChannels(slacktest.Channel{Name: "old", Archived: true}))
	h.fallbackNamed = true // at the start it was a destination
	h.run(h.Service)
	h.accept(talk("a", 1))
	require.Len(t, h.settled(h.Service, "calls.a", StageDead).Alerts, 1)
	require.Empty(t, slack.Posted("pager"))
}

func TestAForgottenCallsFailureLeavesNoLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	forgotten := make(chan error, 1)
	h.symbl.refuse = func(int) error {
		h.symbl.mu.Unlock()
		defer h.symbl.mu.Lock()
		_, err := h.Forget(t.Context(), "calls.a")
		forgotten <- err
		return &symbl.Error{Class: symbl.Permanent}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	require.NoError(t, <-forgotten)
	cons, err := h.js.Consumer(t.Context(), StreamRecordings, StepSubmit)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		info, err := cons.Info(t.Context())
		return err == nil && info.NumAckPending == 0 && info.NumPending == 0
	}, soon, tick)
	require.Zero(t, h.messages(StreamDead))
}

func TestAnUploadThatGoesOnIsLookedForAfterItsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	clock := standing(time.Now())
	h.now = clock.now
	h.write(Entry{Key: "calls.a", Source: "calls", Stage: StageReady, ReceivedAt: h.now(), SubmitIntent: h.now()})
	_, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	set, err := h.streams()
	require.NoError(t, err)
	clock.set(time.Now().Add(forgetAgain + time.Minute))
	require.NoError(t, h.forgetOn(t.Context(), set))
	h.symbl.mu.Lock()
	h.symbl.messages["conv"], h.symbl.known["calls.a"] = nil, "conv" // only now it ends
	h.symbl.mu.Unlock()
	clock.set(time.Now().Add(uploadTimeout + 2*forgetAgain))
	require.NoError(t, h.forgetOn(t.Context(), set))
	h.symbl.mu.Lock()
	defer h.symbl.mu.Unlock()
	require.Empty(t, h.symbl.messages)
}

func TestADeadLetterEndsTheFailingOfItsStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	h.write(Entry{Key: "calls.a", Stage: StageProcessed, FailingSince: map[string]time.Time{StepNotify: time.Now().Add(-giveUpAfter)}})
	require.NoError(t, h.markDead(t.Context(), burial{delivery: delivery{event: Event{Subject: "calls.a"}}, step: StepNotify}, 7))
	e, err := h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Empty(t, e.FailingSince, "another destination's alert has its own day")
}

// A call is forgotten while its alert is written into a digest, by a process that
// is killed thereafter or not.
func TestAForgottenCallIsInNoDigestThatItWasOnItsWayTo(t *testing.T) {
	t.Parallel()
	key := digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1)
	for _, killed := range []bool{false, true} {
		h, _ := noisy(t, morning().Add(-time.Hour), nightly())
		h.open()
		held := AlertRecord{AlertID: "a1", Destination: "#alerts", Held: notify.HeldQuietHours, HeldUntil: morning(), Digest: key, Seq: 7}
		h.write(Entry{Key: "calls.a", Source: "calls", Stage: StageDone, Alerts: []AlertRecord{held}})
		e, err := h.Entry(t.Context(), "calls.a")
		require.NoError(t, err)
		alert := notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}
		forgotten := false
		forget := func() {
			if !forgotten {
				forgotten = true // it asks the clock, too
				_, err := h.Forget(t.Context(), "calls.a")
				require.NoError(t, err)
			}
		}
		if killed {
			forget()
			_, err := h.mutate(t.Context(), key, func(d *Entry) error {
				h.openDigest(d, "#alerts", false)
				d.Digest.add(alert, 7, h.now())
				return nil
			})
			require.NoError(t, err)
			set, err := h.streams()
			require.NoError(t, err)
			require.NoError(t, h.forgetOn(t.Context(), set))
		} else {
			clock := h.now
			h.now = func() time.Time { // is asked between the look at the ledger and the digest
				forget()
				return clock()
			}
			yes, err := h.hold(t.Context(), alert, &e, 7)
			require.NoError(t, err)
			require.True(t, yes)
		}
		digest, err := h.Entry(t.Context(), key)
		require.NoError(t, err)
		require.Empty(t, digest.Digest.Alerts)
		require.Zero(t, digest.Digest.Count)
	}
}
