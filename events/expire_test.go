package events

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

func TestFinishedCallsAreKeptAsLongAsTheirSourceSays(t *testing.T) {
	h, slack := slackHouse(t, nil, func(o *Options) {
		o.Sources = map[string]SourceOptions{"calls": {Retention: time.Hour}, "other": {}}
	})
	h.run(h.Service)
	old := talk("old", 1)
	old.ReceivedAt = time.Now().Add(-2 * time.Hour)
	other := talk("old", 1)
	other.Source, other.Key, other.ReceivedAt = "other", Key("other", "old"), old.ReceivedAt
	h.accept(old)
	h.accept(other)
	h.accept(talk("new", 1))
	h.settled(h.Service, "other.old", StageDone)
	h.settled(h.Service, "calls.new", StageDone)
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 3 }, soon, tick)
	require.Eventually(t, func() bool { // it may be tidied before its last write
		require.NoError(t, h.expire(t.Context()))
		_, err := h.Entry(t.Context(), "calls.old")
		return err != nil
	}, soon, tick)
	for _, key := range []string{"other.old", "calls.new"} {
		_, err := h.Entry(t.Context(), key)
		require.NoError(t, err, key)
	}
	require.Len(t, h.symbl.messages, 2)
	require.Len(t, slack.Messages("#alerts"), 3, "messages stay")
}

func TestAConversationThatIsNotDeletedKeepsNoOther(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {Retention: time.Hour}} })
	h.open()
	enter := func(key string) {
		h.symbl.messages[key] = nil
		h.write(Entry{Key: key, Source: "calls", Stage: StageDone, ConversationID: key, ReceivedAt: time.Now().Add(-2 * time.Hour)})
	}
	kept := func(key string) bool {
		_, err := h.Entry(t.Context(), key)
		return err == nil
	}
	for _, key := range []string{"calls.oldest", "calls.older", "calls.refused"} {
		enter(key)
	}
	h.symbl.keep = func(id string) error {
		if id == "calls.refused" {
			return &symbl.Error{Class: symbl.Permanent, Status: http.StatusForbidden}
		}
		return nil
	}
	require.NoError(t, h.expire(t.Context()))
	require.Equal(t, []bool{false, false, true}, []bool{kept("calls.oldest"), kept("calls.older"), kept("calls.refused")})

	tries := 0
	for i := range 2 * expireFailures {
		enter(fmt.Sprint("calls.later-", i))
	}
	h.symbl.keep = func(string) error {
		tries++
		return &symbl.Error{Class: symbl.Transient}
	}
	require.NoError(t, h.expire(t.Context()))
	require.Equal(t, expireFailures, tries, "a backend that is away is not asked for each call")
}

func TestTheEmbeddedEnginesConversationsGoBeforeTheLedgersEntries(t *testing.T) {
	for name, embedded := range map[string]bool{"embedded": true, "hosted": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(o *Options) { o.Idempotent = embedded })
			h.open()
			for key, age := range map[string]time.Duration{"calls.old": ledgerAge - time.Hour, "calls.new": ledgerAge - 48*time.Hour} {
				h.symbl.messages[key] = nil
				h.write(Entry{Key: key, Source: "calls", Stage: StageDone, ConversationID: key, ReceivedAt: time.Now().Add(-age)})
			}
			require.NoError(t, h.expireSometimes(t.Context()))
			_, err := h.Entry(t.Context(), "calls.old")
			if embedded {
				require.ErrorIs(t, err, ErrNotFound)
				require.NotContains(t, h.symbl.messages, "calls.old")
			} else {
				require.NoError(t, err)
				require.Contains(t, h.symbl.messages, "calls.old")
			}
			require.Contains(t, h.symbl.messages, "calls.new")
			_, err = h.Entry(t.Context(), "calls.new")
			require.NoError(t, err)
		})
	}
}

// TestWhatWasKeptLongEnoughDoesNotComeAgain has a call's events outlive its
// entry, and be handed out again.
func TestWhatWasKeptLongEnoughDoesNotComeAgain(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {Retention: time.Hour}} })
	stop := h.run(h.Service)
	rec := transcript("a")
	rec.ReceivedAt = time.Now().Add(-2 * time.Hour)
	h.accept(rec)
	h.settled(h.Service, "calls.a", StageDone)
	require.Eventually(t, func() bool { // it may be tidied before its last write
		require.NoError(t, h.expire(t.Context()))
		_, err := h.Entry(t.Context(), "calls.a")
		return err != nil
	}, soon, tick)
	stop()
	require.NotZero(t, h.messages(StreamRecordings))
	for stream, names := range map[string][]string{StreamRecordings: {StepSubmit, StepAwait, StepRoute}, StreamAlerts: {notifyConsumer + notify.Slug("#alerts")}} {
		for _, name := range names {
			require.NoError(t, h.js.DeleteConsumer(t.Context(), stream, name))
		}
	}
	again := h.another(nil)
	h.run(again)
	h.accept(transcript("b"))
	h.settled(again, "calls.b", StageDone) // what came before has been handed out
	require.True(t, h.accept(rec))
	require.Equal(t, 2, h.symbl.count())
	require.Len(t, h.slack.posted(), 2)
	page, err := again.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, page.Letters)
}
