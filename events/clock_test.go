package events

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

func TestAHistoryIsReadWhenItIsSettled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	alert := notify.Alert{ID: "a", Destination: "#alerts"}
	_, found, err := h.lookUp(t.Context(), &alert, h.now())
	var later *waitError
	require.ErrorAs(t, err, &later)
	require.LessOrEqual(t, later.after, settleTime)
	require.False(t, found)
	require.Zero(t, h.slack.finds)
	_, _, err = h.lookUp(t.Context(), &alert, h.now().Add(-settleTime))
	require.NoError(t, err)
	require.Equal(t, 1, h.slack.finds)
}

// A clock that ran an hour ahead is set right while the outcome of a post, and
// then of a submit, is unknown.
func TestAClockThatIsSetBackHoldsNoAlertUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	var ahead atomic.Int64
	ahead.Store(int64(time.Hour))
	h.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	h.slack.post = func(n int, a notify.Alert) error {
		if n > 1 {
			return nil
		}
		h.slack.posts = append(h.slack.posts, a)
		ahead.Store(0)
		return &notify.Error{Outcome: notify.Unknown, Reason: "timeout"}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, h.slack.posted(), 1)
}

func TestAClockThatIsSetBackDoesNotHideAConversation(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	h.accept(transcript("a"))
	_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		*e = firstEntry(transcript("a"), 1, e.revision)
		e.SubmitIntent = time.Now().Add(time.Hour)
		return nil
	})
	require.NoError(t, err)
	h.run(h.Service)
	h.settled(h.Service, "calls.a", StageDone)
	require.WithinRange(t, h.symbl.since, time.Now().Add(-time.Hour), time.Now())
}
