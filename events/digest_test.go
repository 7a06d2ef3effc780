package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

// TestAnAlertWhoseDigestIsClosedIsDecidedAnew stands for a process that was paused
// between the decision to hold an alert and its digest.
func TestAnAlertWhoseDigestIsClosedIsDecidedAnew(t *testing.T) {
	t.Parallel()
	night := heldBack{reason: notify.HeldQuietHours, until: morning()}
	for name, c := range map[string]struct {
		now  time.Time
		want string // digest that it is in
	}{
		"it is no longer quiet": {morning(), ""},
		"it is quiet again":     {morning().Add(-time.Hour), digestKey("alerts", night, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := noisy(t, c.now, nightly())
			h.open()
			ctx, closed := t.Context(), digestKey("alerts", night, 1)
			_, err := h.mutate(ctx, closed, func(e *Entry) error {
				h.openDigest(e, "#alerts", false)
				e.closeDigest(h.now())
				return nil
			})
			require.NoError(t, err)
			e, err := h.mutate(ctx, "calls.a", func(e *Entry) error {
				e.Stage, e.Alerts = StageProcessed, []AlertRecord{{
					AlertID: "a1", Destination: "#alerts", Held: night.reason, HeldUntil: night.until, Digest: closed,
				}}
				return nil
			})
			require.NoError(t, err)
			held, err := h.hold(ctx, notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}, &e, 7)
			require.NoError(t, err)
			require.Equal(t, c.want != "", held)
			require.Equal(t, c.want, e.Alerts[0].Digest)
			require.Equal(t, c.want != "", e.Alerts[0].Held != "")
			if held {
				digest, err := h.Entry(ctx, c.want)
				require.NoError(t, err)
				require.Equal(t, 1, digest.Digest.Count)
				require.Equal(t, []string{night.reason, night.until.String()}, []string{digest.Digest.Reason, digest.Digest.Until.String()})
			}
		})
	}
}

// TestQuietHoursThatComeBackHoldAgain has a reload take the quiet hours out of the
// configuration, and another put them back in the same night.
func TestQuietHoursThatComeBackHoldAgain(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), nightly())
	clock := standing(morning().Add(-time.Second))
	h.now = clock.now
	h.run(h.Service)
	with := *h.aims()
	without := with
	without.Noise = nil
	h.accept(talk("a", 1))
	first := h.settled(h.Service, "calls.a", StageDone).Alerts[0].Digest
	h.Aim(without)
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, soon, tick)
	h.Aim(with)
	for _, id := range []string{"b", "c"} {
		h.accept(talk(id, 1))
		rec := h.settled(h.Service, "calls."+id, StageDone).Alerts[0]
		require.Equal(t, notify.HeldQuietHours, rec.Held)
		require.Equal(t, first+"-2", rec.Digest)
	}
	require.Len(t, slack.Messages("#alerts"), 1, "it is quiet")
	h.joins("calls.c")
	clock.set(morning())
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 2 }, soon, tick)
	m := slack.Messages("#alerts")[1]
	require.Contains(t, m.Text, "2 alerts in the quiet hours")
	require.NotContains(t, m.Text, "calls.a")
}

func TestAnAlertThatComesAgainIsInItsDigestOnce(t *testing.T) {
	t.Parallel()
	h, _ := noisy(t, morning().Add(-time.Hour), nightly())
	h.open()
	ctx := t.Context()
	alert := notify.Alert{ID: "a1", Recording: "calls.a", Destination: "#alerts"}
	_, err := h.mutate(ctx, "calls.a", func(e *Entry) error {
		e.Stage, e.Alerts = StageProcessed, []AlertRecord{{AlertID: "a1", Destination: "#alerts"}}
		return nil
	})
	require.NoError(t, err)
	for range 3 {
		e, err := h.Entry(ctx, "calls.a")
		require.NoError(t, err)
		held, err := h.hold(ctx, alert, &e, 7)
		require.NoError(t, err)
		require.True(t, held)
	}
	e, err := h.Entry(ctx, digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1))
	require.NoError(t, err)
	require.Equal(t, 1, e.Digest.Count)
	require.Len(t, e.Digest.Alerts, 1)
}

func TestADigestOfManyCountsWhatItDoesNotTell(t *testing.T) {
	d := &Digest{}
	for i := range 3 * notify.MaxHeld {
		d.add(notify.Alert{Recording: fmt.Sprint(i), Style: notify.Style{Mentions: []string{fmt.Sprintf("S%09d", i%20)}}}, uint64(i+1), time.Now())
	}
	require.Equal(t, 3*notify.MaxHeld, d.Count)
	require.Len(t, d.Alerts, notify.MaxHeld)
	require.Len(t, d.Mentions, maxRung)
}

// waits tells whether the event of a digest to #alerts, handed out now, is left
// for later.
func (h *house) waits(key string) bool {
	h.t.Helper()
	why, err := parseDigestKey(key)
	require.NoError(h.t, err)
	data, err := json.Marshal(DigestDue{Digest: key, Destination: "#alerts", Until: why.until, Reason: why.reason})
	require.NoError(h.t, err)
	err = h.digestDue(h.t.Context(), delivery{event: Event{Type: TypeDigestDue, Subject: key, Data: data}})
	var later *waitError
	if !errors.As(err, &later) {
		require.NoError(h.t, err)
		return false
	}
	require.Positive(h.t, later.after)
	require.LessOrEqual(h.t, later.after, digestTick)
	return true
}

// joins waits until the first alert of a recording that is held is in its digest.
func (h *house) joins(key string) {
	h.t.Helper()
	rec := h.settled(h.Service, key, StageDone).Alerts[0]
	require.Eventually(h.t, func() bool {
		e, err := h.entry(h.t.Context(), rec.Digest)
		return err == nil && e.Digest.has(rec.Named, rec.Seq)
	}, soon, tick)
}

// joined waits until an alert is in a digest, which is written after its being held.
func (h *house) joined(digest string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		e, err := h.entry(h.t.Context(), digest)
		return err == nil && e.Digest != nil && e.Digest.Count > 0
	}, soon, tick)
}

func TestTheDigestOfACapWaitsForTheEndOfTheQuietHours(t *testing.T) {
	t.Parallel()
	rule := nightly()
	rule.PerHour = 1
	h, slack := noisy(t, time.Now(), rule)
	evening := morning().Add(12 * time.Hour)
	clock := standing(evening.Add(-time.Minute))
	h.now = clock.now
	h.run(h.Service)
	for _, id := range []string{"a", "b"} {
		h.accept(talk(id, 1))
		h.settled(h.Service, "calls."+id, StageDone)
	}
	digest := h.settled(h.Service, "calls.b", StageDone).Alerts[0].Digest
	h.joined(digest)
	for _, at := range []time.Time{evening, evening.Add(12*time.Hour - time.Second)} {
		clock.set(at)
		require.True(t, h.waits(digest), at)
	}
	require.Len(t, slack.Messages("#alerts"), 1)
	clock.set(evening.Add(12 * time.Hour))
	require.False(t, h.waits(digest))
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 2 }, soon, tick)
	require.Contains(t, slack.Messages("#alerts")[1].Text, "1 more alert within the hour")
}

func TestADigestWaitsForTheEndOfASilence(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), nightly())
	clock := standing(morning().Add(-time.Minute))
	h.now = clock.now
	h.run(h.Service)
	h.accept(talk("a", 1))
	digest := h.settled(h.Service, "calls.a", StageDone).Alerts[0].Digest
	h.joined(digest)
	for _, q := range []Silence{
		{Destination: "#alerts", Until: morning().Add(5 * time.Minute)},
		{Destination: "#alerts", Source: "calls", Until: morning().Add(time.Hour)}, // does not silence the channel
	} {
		_, err := h.AddSilence(t.Context(), q)
		require.NoError(t, err)
	}
	clock.set(morning().Add(4 * time.Minute))
	require.True(t, h.waits(digest))
	h.accept(talk("b", 1))
	require.Equal(t, notify.HeldSilence, h.settled(h.Service, "calls.b", StageDone).Alerts[0].Held, "what comes in it is held for good")
	clock.set(morning().Add(6 * time.Minute))
	require.False(t, h.waits(digest))
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, soon, tick)
	m := slack.Messages("#alerts")[0]
	require.Contains(t, m.Text, "1 alert in the quiet hours")
	require.Contains(t, m.Text, "calls.a")
	require.Empty(t, h.settled(h.Service, digest, StageDone).Alerts[0].Held)
}

// TestADigestThatIsClosedIsNotSilenced has a silence come between a digest and
// its post.
func TestADigestThatIsClosedIsNotSilenced(t *testing.T) {
	t.Parallel()
	h, _ := noisy(t, morning(), nightly())
	h.open()
	_, err := h.AddSilence(t.Context(), Silence{Destination: "#alerts", Until: morning().Add(time.Hour)})
	require.NoError(t, err)
	key := digestKey("alerts", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1)
	e, err := h.mutate(t.Context(), key, func(e *Entry) error {
		h.openDigest(e, "#alerts", false)
		e.Digest.add(notify.Alert{Recording: "calls.a"}, 1, h.now())
		e.closeDigest(h.now())
		return nil
	})
	require.NoError(t, err)
	alert := notify.Alert{ID: e.Alerts[0].AlertID, Recording: key, Destination: "#alerts"}
	e.tell(&alert)
	held, err := h.hold(t.Context(), alert, &e, 2)
	require.NoError(t, err)
	require.False(t, held, "nobody would ever be told of what it tells")
}

// A reload gives a destination the name of a channel, in the quiet hours.
func TestADigestIsOfAChannelOrOfADestinationOfItsName(t *testing.T) {
	t.Parallel()
	h, _ := noisy(t, morning().Add(-time.Hour), nightly())
	h.open()
	first := digestKey("x", heldBack{reason: notify.HeldQuietHours, until: morning()}, 1)
	second := first + "-2"
	for seq, c := range []struct {
		to    string
		named bool
		found string // its digest, when it was decided to hold it
		want  string
	}{
		{to: "#x", want: first},
		{to: "x", named: true, want: second},
		{to: "#x", want: first},
		{to: "x", named: true, found: first, want: second}, // two that decided at once
	} {
		key := fmt.Sprint("calls.", seq)
		rec := AlertRecord{AlertID: key, Destination: c.to, Named: c.named, Digest: c.found}
		if c.found != "" {
			rec.Held, rec.HeldUntil, rec.Seq = notify.HeldQuietHours, morning(), uint64(seq+1)
		}
		e, err := h.mutate(t.Context(), key, func(e *Entry) error {
			e.Stage, e.Alerts = StageProcessed, []AlertRecord{rec}
			return nil
		})
		require.NoError(t, err)
		held, err := h.hold(t.Context(), notify.Alert{ID: key, Recording: key, Destination: c.to}, &e, uint64(seq+1))
		require.NoError(t, err)
		require.True(t, held)
		require.Equal(t, c.want, e.Alerts[0].Digest)
	}
	for key, named := range map[string]bool{first: false, second: true} {
		e, err := h.Entry(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, named, e.Digest.Named)
		require.Equal(t, 2, e.Digest.Count)
	}
}
