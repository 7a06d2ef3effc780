package events

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

func TestAnAlertIsLookedUpInTheChannelThatAnEarlierPostTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	stop := h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	require.Eventually(t, func() bool { return h.channelOf(t.Context(), "#alerts") == "C1" }, soon, tick)
	stop()

	again := h.another(nil)
	h.slack.post = func(n int, _ notify.Alert) error {
		if n == 2 {
			return &notify.Error{Outcome: notify.Unknown, Reason: "timeout"}
		}
		return nil
	}
	h.run(again)
	duplicate, err := again.Accept(t.Context(), transcript("b"))
	require.NoError(t, err)
	require.False(t, duplicate)
	h.settled(again, "calls.b", StageDone)
	require.Equal(t, []string{"C1"}, h.slack.lookedIn)
}
