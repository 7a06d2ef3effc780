package events

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// editorSlack is a fakeSlack that can take messages back.
type editorSlack struct {
	*fakeSlack
	removed []notify.Receipt
}

func (e *editorSlack) Update(context.Context, notify.Alert, notify.Receipt) error { return nil }

func (e *editorSlack) Remove(_ context.Context, at notify.Receipt) error {
	e.removed = append(e.removed, at)
	return nil
}

// unknownPost leaves the entry of a call whose post was begun, in a house that is
// open, and the Slack that may have it.
func unknownPost(t *testing.T) (*house, *editorSlack) {
	t.Helper()
	h := newHouse(t, nil)
	slack := &editorSlack{fakeSlack: h.slack}
	aims := *h.aims()
	aims.Notifiers = notify.NewSwitchboard(slack, nil)
	h.Aim(aims)
	h.open()
	h.enters("calls.a", func(e *Entry) {
		e.Stage, e.Routed, e.ConversationID = StageProcessed, true, "conversation-1"
		e.Alerts = []AlertRecord{{AlertID: "x", Destination: "#alerts", Trackers: []string{"Sale"}, Post: Post{Intent: time.Now().Add(-settleTime)}}}
	})
	return h, slack
}

// enters puts an entry into the ledger.
func (h *house) enters(key string, change func(*Entry)) {
	h.t.Helper()
	_, err := h.mutate(h.t.Context(), key, func(e *Entry) error {
		*e = firstEntry(transcript("a"), 1, e.revision)
		change(e)
		return nil
	})
	require.NoError(h.t, err)
}

func (f *fakeSlack) finding(found bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookup = func() (bool, error) { return found, err }
}

var foundPost = []notify.Receipt{{Channel: "C1", TS: "found"}}

func TestAForgottenCallsPostOfUnknownOutcomeIsLookedForUntilThatIsAnswered(t *testing.T) {
	h, slack := unknownPost(t)
	slack.finding(false, &notify.Error{Outcome: notify.Transient, Reason: notify.ReasonUnreachable})
	_, err := h.Forget(t.Context(), "calls.a")
	require.ErrorContains(t, err, "look for a message in #alerts")
	slack.finding(true, nil)
	require.NoError(t, h.tidy(t.Context()))
	require.Equal(t, foundPost, slack.removed)
}

func TestAForgottenCallsPostThatNobodyCanReadIsLeft(t *testing.T) {
	h, slack := unknownPost(t)
	slack.finding(false, &notify.Error{Outcome: notify.Permanent, Reason: "not_in_channel"})
	done, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, []string{"#alerts: a message may have been posted, and the channel cannot be read: not_in_channel"}, done.Left)
	require.Empty(t, slack.removed)
}

// TestAForgottenCallsLatePostIsTakenBack is a post that was under way while its
// call was forgotten, and whose process ended.
func TestAForgottenCallsLatePostIsTakenBack(t *testing.T) {
	h, slack := unknownPost(t)
	slack.finding(false, nil)
	done, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Empty(t, done.Left)
	require.Empty(t, slack.removed)
	require.Zero(t, h.traces("Sale"), "nothing of the call is kept")

	slack.finding(true, nil)
	h.now = func() time.Time { return time.Now().Add(forgetAgain) }
	require.NoError(t, h.tidy(t.Context()))
	require.Equal(t, foundPost, slack.removed)
	set, err := h.streams()
	require.NoError(t, err)
	mark, err := set.ledger.read(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Empty(t, mark.Earlier)
}

func TestAForgottenCallsSubmitOfUnknownOutcomeIsLookedUp(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	intent := time.Now().UTC()
	began := intent.Add(-time.Hour)
	h.enters("calls.a", func(e *Entry) { e.SubmitIntent, e.Call.StartedAt = intent, began })
	h.symbl.messages["conversation-8"], h.symbl.messages["conversation-9"] = nil, nil
	h.symbl.known["calls.a"] = "conversation-8"
	_, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	require.NotContains(t, h.symbl.messages, "conversation-8")
	require.Equal(t, began.Add(-clockSlack), h.symbl.since, "a conversation starts with its call")

	h.symbl.known["calls.a"] = "conversation-9" // it arrived later still
	h.now = func() time.Time { return time.Now().Add(forgetAgain) }
	require.NoError(t, h.tidy(t.Context()))
	require.Empty(t, h.symbl.messages)
	require.Equal(t, began.Add(-clockSlack), h.symbl.since)
}

// unlisted is an account that does not list conversations.
type unlisted struct{ *fakeSymbl }

func (unlisted) FindConversation(context.Context, string, time.Time, ...string) (symbl.Conversation, bool, error) {
	return symbl.Conversation{}, false, &symbl.Error{Class: symbl.NotFound}
}

func TestAForgottenCallsSubmitThatNobodyCanLookUpIsLeft(t *testing.T) {
	h := newHouse(t, nil)
	h.dep.Backend = func(context.Context) (Symbl, error) { return unlisted{h.symbl}, nil }
	h.open()
	h.enters("calls.a", func(e *Entry) { e.SubmitIntent = time.Now() })
	done, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, []string{"symbl: the recording may have been submitted, and conversations cannot be listed"}, done.Left)
}

func TestARestartKeepsAPostOfUnknownOutcomeToForgetItLater(t *testing.T) {
	h, slack := unknownPost(t)
	_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		e.restart(nil)
		return nil
	})
	require.NoError(t, err)
	slack.finding(true, nil)
	done, err := h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, 1, done.Messages)
	require.Equal(t, foundPost, slack.removed)
}

// TestAForgottenCallsPostIsLookedForBesideAThreadThatBeganLater has a thread of
// another message noted in the meantime.
func TestAForgottenCallsPostIsLookedForBesideAThreadThatBeganLater(t *testing.T) {
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDone)
	h.accept(talk("b", 1))
	other := h.settled(h.Service, "calls.b", StageDone)
	_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
		e.Alerts[0].Post = Post{Intent: e.Alerts[0].Intent.Add(-settleTime)}
		e.Threads[0].TS = other.Alerts[0].TS
		return nil
	})
	require.NoError(t, err)
	_, err = h.Forget(t.Context(), "calls.a")
	require.NoError(t, err)
	left := slack.Messages("#alerts")
	require.Len(t, left, 1)
	require.Equal(t, other.Alerts[0].TS, left[0].TS)
}
