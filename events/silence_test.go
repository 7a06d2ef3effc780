package events

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func TestASilenceHoldsBackWhatItNamesUntilItEnds(t *testing.T) {
	h, slack := slackHouse(t, []config.Route{{Channels: []string{"#loud", "#quiet"}}}, nil)
	h.run(h.Service)
	_, err := h.AddSilence(t.Context(), Silence{Destination: "#gone", Until: time.Now().Add(-time.Second), Reason: "over"})
	require.NoError(t, err)
	q, err := h.AddSilence(t.Context(), Silence{Destination: "#quiet", Until: time.Now().Add(time.Hour), Reason: "test"})
	require.NoError(t, err)
	list, err := h.Silences(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{q.ID}, []string{list[0].ID}, "what has expired is deleted")

	h.accept(talk("a", 1))
	e := h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, slack.Messages("#loud"), 1)
	require.Empty(t, slack.Messages("#quiet"))
	require.Equal(t, []string{"", notify.HeldSilence}, []string{e.Alerts[0].Held, e.Alerts[1].Held})
	require.True(t, e.Alerts[1].PostedAt.IsZero())

	require.NoError(t, h.DropSilence(t.Context(), q.ID))
	require.ErrorIs(t, h.DropSilence(t.Context(), q.ID), ErrNotFound)
	h.quiet.at = time.Time{}
	h.accept(talk("b", 1))
	h.settled(h.Service, "calls.b", StageDone)
	require.Len(t, slack.Messages("#quiet"), 1)
}

func TestASilenceMatchesAllThatItNames(t *testing.T) {
	now := time.Now()
	a := notify.Alert{Destination: "#a", Call: notify.Call{Source: "calls"}, Trackers: []notify.Tracker{{Name: "Sale"}, {Name: "Other"}}}
	for name, c := range map[string]struct {
		silence Silence
		want    bool
	}{
		"everything":         {Silence{}, true},
		"the channel":        {Silence{Destination: "a"}, true},
		"another channel":    {Silence{Destination: "#b"}, false},
		"the source":         {Silence{Source: "calls"}, true},
		"another source":     {Silence{Source: "support"}, false},
		"one of two":         {Silence{Tracker: "Sale"}, false},
		"source and tracker": {Silence{Source: "calls", Tracker: "Threat"}, false},
	} {
		c.silence.Until = now.Add(time.Second)
		require.Equal(t, c.want, c.silence.holds(a, now), name)
		require.False(t, c.silence.holds(a, now.Add(time.Second)), name)
	}
	a.Trackers = a.Trackers[:1]
	require.True(t, Silence{Tracker: "Sale", Until: now.Add(time.Second)}.holds(a, now))
}
