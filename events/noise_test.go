package events

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// nightly is quiet from 20:00 to 08:00 UTC.
func nightly() config.Noise {
	return config.Noise{QuietHours: config.QuietHours{From: 20*60 + 1, To: 8*60 + 1, TimeZone: "UTC"}}
}

// morning is today's end of nightly.
func morning() time.Time { return time.Now().UTC().Truncate(24 * time.Hour).Add(8 * time.Hour) }

// clock is a clock that shows at now, and goes on from there.
func clock(at time.Time) func() time.Time {
	off := time.Until(at)
	return func() time.Time { return time.Now().Add(off) }
}

// hands are those of a clock that stands until they are set.
type hands struct{ at atomic.Int64 }

func standing(at time.Time) *hands {
	h := &hands{}
	h.set(at)
	return h
}

func (h *hands) set(at time.Time) { h.at.Store(at.UnixNano()) }
func (h *hands) now() time.Time   { return time.Unix(0, h.at.Load()) }

// noisy is a slackHouse with rules; everything goes to #alerts.
func noisy(t *testing.T, now time.Time, rules ...config.Noise) (*house, *slacktest.Server) {
	t.Helper()
	h, slack := slackHouse(t, nil, nil)
	h.Service = h.noisy(h.Service, now, rules...)
	return h, slack
}

// noisy gives a service rules and a clock, before it runs.
func (h *house) noisy(s *Service, now time.Time, rules ...config.Noise) *Service {
	h.t.Helper()
	noise, err := notify.NewNoise(rules)
	require.NoError(h.t, err)
	aims := *s.aims()
	aims.Noise = noise
	s.Aim(aims)
	s.now = clock(now)
	return s
}

// from is a call of one sale that somebody makes.
func from(id, number string) Recording {
	rec := talk(id, 1)
	rec.From, rec.Direction = number, "inbound"
	return rec
}

func TestQuietHoursEndInOneDigest(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), nightly())
	clock := standing(morning().Add(-time.Second))
	h.now = clock.now
	h.run(h.Service)
	for _, id := range []string{"a", "b"} {
		h.accept(from(id, "+14155550137"))
		e := h.settled(h.Service, "calls."+id, StageDone)
		require.Equal(t, notify.HeldQuietHours, e.Alerts[0].Held)
		require.Equal(t, morning(), e.Alerts[0].HeldUntil)
		require.True(t, e.Alerts[0].PostedAt.IsZero())
	}
	require.Empty(t, slack.Messages("#alerts"))
	page, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, page.Entries, 2, "a digest is no recording")

	h.joins("calls.b")
	clock.set(morning())
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, soon, tick)
	m := slack.Messages("#alerts")[0]
	require.Contains(t, string(m.Blocks), "2 alerts in the quiet hours")
	require.Equal(t, 1, strings.Count(m.Text, "calls.a"))
	require.Equal(t, 1, strings.Count(m.Text, "calls.b"))
	require.NotContains(t, m.Text, "4155550137")
	e := h.settled(h.Service, "digest=alerts."+morning().Format(digestTime)+"-quiet_hours", StageDone)
	require.Equal(t, m.TS, e.Alerts[0].TS)
	require.Equal(t, e.Alerts[0].AlertID, m.Metadata.EventPayload["alert_id"])

	h.accept(talk("c", 1))
	h.settled(h.Service, "calls.c", StageDone)
	require.Len(t, slack.Messages("#alerts"), 2, "by day alerts come at once")
}

// A refused alert that is replayed after hours is published again, as is one whose
// route was tried again: the digest tells it once, and after it nothing does.
func TestAnAlertThatIsPublishedAgainIsHeldOnce(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), nightly())
	clock := standing(morning().Add(-time.Second))
	h.now = clock.now
	h.run(h.Service)
	h.accept(from("a", "+14155550137"))
	e := h.settled(h.Service, "calls.a", StageDone)
	held := e.Alerts[0]
	h.joined(held.Digest)
	a := notify.Alert{ID: held.AlertID, Recording: e.Key, Destination: held.Destination}
	again := func() {
		e, err := h.entry(t.Context(), e.Key)
		require.NoError(t, err)
		yes, err := h.hold(t.Context(), a, &e, held.Seq+1)
		require.NoError(t, err)
		require.True(t, yes)
	}
	require.NotZero(t, held.Seq)
	again()
	clock.set(morning())
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, soon, tick)
	require.Contains(t, string(slack.Messages("#alerts")[0].Blocks), "1 alert in the quiet hours")
	again()
	require.Len(t, slack.Messages("#alerts"), 1)
}

func TestWhatIsGravePassesQuietHours(t *testing.T) {
	t.Parallel()
	rule := nightly()
	rule.Pass = notify.SeverityCritical
	h, slack := slackHouse(t, []config.Route{
		{Match: config.Match{Labels: map[string]string{"grave": "yes"}}, Channel: "#alerts", Severity: notify.SeverityCritical},
	}, nil)
	h.Service = h.noisy(h.Service, morning().Add(-time.Hour), rule)
	h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDone)
	grave := talk("b", 1)
	grave.Labels = map[string]string{"grave": "yes"}
	h.accept(grave)
	h.settled(h.Service, "calls.b", StageDone)
	require.Len(t, slack.Messages("#alerts"), 1, "what is held does not stand in its way")
	require.Equal(t, "calls.b", slack.Messages("#alerts")[0].Metadata.EventPayload["recording"])
}

// TestWhatIsHeldSurvivesARestart stops the service in the quiet hours, and
// starts it when they are over.
func TestWhatIsHeldSurvivesARestart(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, morning().Add(-time.Hour), nightly())
	stop := h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDone)
	stop()
	again, err := New(h.opt, h.dep)
	require.NoError(t, err)
	h.run(h.noisy(again, morning().Add(time.Second), nightly()))
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, 2*soon, tick)
	require.Contains(t, slack.Messages("#alerts")[0].Text, "1 alert in the quiet hours")
}

func TestHeldAlertsAreToldWhenNothingHoldsThemAnyLonger(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, morning().Add(-6*time.Hour), nightly())
	h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDone)
	aims := *h.aims()
	aims.Noise = nil
	h.Aim(aims)
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 1 }, 2*soon, tick)
}

func TestTheCapOfAnHourEndsInADigest(t *testing.T) {
	t.Parallel()
	hour := time.Now().UTC().Truncate(time.Hour)
	h, slack := noisy(t, time.Now(), config.Noise{PerHour: 2})
	clock := standing(hour.Add(-time.Second))
	h.now = clock.now
	h.run(h.Service)
	for i := range 5 {
		h.accept(talk(fmt.Sprint(i), 1))
		h.settled(h.Service, fmt.Sprintf("calls.%d", i), StageDone)
	}
	posted := slack.Messages("#alerts")
	require.Len(t, posted, 2)
	h.joins("calls.4")
	clock.set(hour)
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 3 }, soon, tick)
	require.Contains(t, slack.Messages("#alerts")[2].Text, "3 more alerts within the hour")
	h.accept(talk("next", 1))
	h.settled(h.Service, "calls.next", StageDone)
	require.Len(t, slack.Messages("#alerts"), 4, "the next hour has room")
}

func TestWhatIsDeliveredAgainIsNotCountedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	admit := func(seq uint64, now time.Time) bool {
		ok, err := h.admit(t.Context(), "alerts", 2, seq, now)
		require.NoError(t, err)
		return ok
	}
	now := morning()
	require.Equal(t, []bool{true, true, true, false, true}, []bool{admit(1, now), admit(1, now), admit(2, now), admit(3, now), admit(2, now)})
	require.True(t, admit(3, now.Add(time.Hour)))
}

func TestAlertsOfACallerFoldIntoTheThreadOfTheFirst(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), config.Noise{FoldFor: time.Hour, PerHour: 2})
	h.run(h.Service)
	for id, number := range map[string]string{"a": "+14155550137", "other": "+14155550999"} {
		h.accept(from(id, number))
		h.settled(h.Service, "calls."+id, StageDone)
	}
	first := h.settled(h.Service, "calls.a", StageDone).Alerts[0]
	for _, id := range []string{"b", "c"} {
		h.accept(from(id, "+14155550137"))
		e := h.settled(h.Service, "calls."+id, StageDone)
		require.Equal(t, first.TS, e.Alerts[0].Thread)
		require.Equal(t, first.TS, e.Threads[0].TS, "a replay goes there too")
	}
	require.Len(t, slack.Posted("#alerts"), 2)
	require.Len(t, slack.Replies("#alerts", first.TS), 2, "what is folded is not counted by the cap")

	later, err := New(h.opt, h.dep)
	require.NoError(t, err)
	later.now = clock(time.Now().Add(2 * time.Hour))
	require.NoError(t, later.openOnce(t.Context()))
	set, err := later.streams()
	require.NoError(t, err)
	require.NoError(t, later.dropCallers(t.Context(), set, ""))
	keys, err := set.state.ListKeysFiltered(t.Context(), foldPrefix+">")
	require.NoError(t, err)
	_, more := <-keys.Keys()
	require.False(t, more, "what is over is deleted")
}

func TestACallerWhoseFirstMessageIsGoneBeginsAnew(t *testing.T) {
	t.Parallel()
	h, slack := noisy(t, time.Now(), config.Noise{FoldFor: time.Hour})
	h.run(h.Service)
	h.accept(from("a", "+14155550137"))
	e := h.settled(h.Service, "calls.a", StageDone)
	editor, ok := h.dep.Notifiers.For("#alerts").(notify.Editor)
	require.True(t, ok)
	require.NoError(t, editor.Remove(context.Background(), notify.Receipt{Channel: e.Alerts[0].Channel, TS: e.Alerts[0].TS}))
	h.accept(from("b", "+14155550137"))
	h.settled(h.Service, "calls.b", StageDone)
	require.Len(t, slack.Posted("#alerts"), 1)
}
