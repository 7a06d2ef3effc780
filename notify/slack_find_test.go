package notify_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

func TestAnAlertWhoseAnswerWasLostIsFound(t *testing.T) {
	s := slacktest.New(t, slacktest.WithPageSize(2), slacktest.WithChannels(
		slacktest.Channel{ID: "C100", Name: "general"}, slacktest.Channel{ID: "C200", Name: "other"}, slacktest.Channel{ID: "C300", Name: "promotions"}))
	n := newSlack(t, s.URL)
	a, since := loadAlert(t, "exact"), time.Now().Add(-time.Minute)

	_, found, err := n.Find(t.Context(), a, since)
	require.NoError(t, err)
	require.False(t, found, "an empty channel")

	s.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Accept: true, Drop: true} })
	_, err = n.Notify(t.Context(), a)
	require.Equal(t, notify.Unknown, failure(t, err).Outcome)
	s.Fail(nil)
	for i := range 5 { // later alerts push it to the third page
		later := a
		later.ID = fmt.Sprint("later", i)
		_, err = n.Notify(t.Context(), later)
		require.NoError(t, err)
	}
	r, found, err := n.Find(t.Context(), a, since)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, notify.Receipt{Channel: "C300", TS: s.Messages("C300")[0].TS}, r)

	_, found, err = n.Find(t.Context(), a, time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.False(t, found, "posted before since")
	unknown := a
	unknown.ID = "another"
	_, found, err = n.Find(t.Context(), unknown, since)
	require.NoError(t, err)
	require.False(t, found)
}

func TestAKnownChannelNeedsNoListOfChannels(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "promotions"}))
	a := loadAlert(t, "exact")
	posted, err := newSlack(t, s.URL).Notify(t.Context(), a)
	require.NoError(t, err)

	n := newSlack(t, s.URL) // as after a restart
	a.Channel = posted.Channel
	got, found, err := n.Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, posted.TS, got.TS)
	require.Zero(t, s.Calls("conversations.list"))

	a.Channel = "C404" // the channel was deleted, and its name given to another
	got, found, err = n.Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "C300", got.Channel)
}

func TestAChannelsNameIsLookedUpOnce(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "promotions"}))
	a := loadAlert(t, "exact")
	lookups := func() int { return s.Calls("conversations.list") }

	n := newSlack(t, s.URL)
	for range 3 {
		_, _, err := n.Find(t.Context(), a, time.Unix(1, 0))
		require.NoError(t, err)
	}
	require.Equal(t, 1, lookups())
	id, err := n.Resolve(t.Context(), "C0123456789")
	require.NoError(t, err)
	require.Equal(t, "C0123456789", id, "an id needs no lookup")
	require.Equal(t, 1, lookups())

	n = newSlack(t, s.URL)
	_, err = n.Notify(t.Context(), a)
	require.NoError(t, err)
	_, _, err = n.Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.Equal(t, 1, lookups(), "a post's answer tells the id too")

	s.Fail(func(method, channel string) *slacktest.Fault {
		if channel == "C300" {
			return &slacktest.Fault{Code: "channel_not_found"}
		}
		return nil
	})
	_, _, err = n.Find(t.Context(), a, time.Unix(1, 0))
	require.Equal(t, "channel_not_found", failure(t, err).Reason)
	_, err = n.Notify(t.Context(), a) // by name, and the id is known again
	require.NoError(t, err, "the id is forgotten when Slack does not know it any more")
}

func TestAChannelThatWasRenamedAndClosedIsNotPostedToAnyMore(t *testing.T) {
	for _, code := range []string{"is_archived", "channel_not_found"} {
		s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "sales"}))
		n, a := newSlack(t, s.URL), notify.Alert{ID: "a1", Destination: "#sales"}
		_, err := n.Notify(t.Context(), a)
		require.NoError(t, err)
		s.Fail(func(_, channel string) *slacktest.Fault {
			if channel == "C300" { // "#sales" is another one by now
				return &slacktest.Fault{Code: code}
			}
			return nil
		})
		_, err = n.Notify(t.Context(), a)
		require.Equal(t, notify.Transient, failure(t, err).Outcome, "it is certainly not posted, and goes by name the next time")
		_, err = n.Notify(t.Context(), a)
		require.NoError(t, err, code)
		_, err = n.Notify(t.Context(), notify.Alert{ID: "a2", Destination: "C300"})
		require.Equal(t, code, failure(t, err).Reason, "an id is meant")
	}
}

// The channel of earlier alerts can be read, but the name may be another one's.
func TestAnAlertIsNotCalledAbsentWhileItsChannelsNameCannotBeAsked(t *testing.T) {
	for _, away := range []slacktest.Fault{{Status: http.StatusBadGateway}, {Status: http.StatusTooManyRequests}} {
		s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "old"}, slacktest.Channel{ID: "C301", Name: "sales"}))
		n := newSlack(t, s.URL)
		a := notify.Alert{ID: "a1", Destination: "#sales"}
		_, err := n.Notify(t.Context(), a)
		require.NoError(t, err)
		s.Fail(func(method, _ string) *slacktest.Fault {
			if method == "conversations.list" {
				return &away
			}
			return nil
		})
		_, found, err := newSlack(t, s.URL).Find(t.Context(), notify.Alert{ID: "a2", Destination: "#sales", Channel: "C301"}, time.Unix(1, 0))
		require.NoError(t, err, "it has the name, and needs no list")
		require.False(t, found)
		a.Channel = "C300" // where the name led
		_, found, err = newSlack(t, s.URL).Find(t.Context(), a, time.Unix(1, 0))
		require.False(t, found)
		require.Error(t, err, "a second post would be a second alert")
		s.Fail(nil)
		_, found, err = newSlack(t, s.URL).Find(t.Context(), a, time.Unix(1, 0))
		require.NoError(t, err)
		require.True(t, found)
		s.Fail(func(method, _ string) *slacktest.Fault {
			if method == "conversations.list" {
				return &slacktest.Fault{Code: "method_deprecated"}
			}
			return nil
		})
		_, _, err = newSlack(t, s.URL).Find(t.Context(), a, time.Unix(1, 0))
		require.NoError(t, err, "it would never be posted")
	}
}

func TestWhatCannotBeReadIsAnErrorAndNotAbsence(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(
		slacktest.Channel{ID: "C300", Name: "promotions"}, slacktest.Channel{ID: "C400", Name: "outside", Outside: true}))
	n := newSlack(t, s.URL)
	for destination, want := range map[string]string{"C400": "not_in_channel", "#outside": "not_in_channel", "#nowhere": "channel_not_found", "C999": "channel_not_found"} {
		_, found, err := n.Find(t.Context(), notify.Alert{ID: "x", Destination: destination}, time.Unix(1, 0))
		require.False(t, found)
		require.Equal(t, want, failure(t, err).Reason)
		require.Equal(t, notify.Permanent, failure(t, err).Outcome)
	}
	for want, f := range map[string]slacktest.Fault{
		"internal_error":         {Code: "internal_error"},
		notify.ReasonHTTPStatus:  {Status: http.StatusBadGateway},
		notify.ReasonBadAnswer:   {Body: "{}"},
		notify.ReasonNoAnswer:    {Drop: true},
		notify.ReasonRateLimited: {Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second},
		"missing_scope":          {Code: "missing_scope"},
	} {
		for _, destination := range []string{"C300", "#promotions"} {
			s.Fail(func(string, string) *slacktest.Fault { return &f })
			_, found, err := newSlack(t, s.URL).Find(t.Context(), notify.Alert{ID: "x", Destination: destination}, time.Unix(1, 0))
			require.False(t, found)
			require.Equal(t, want, failure(t, err).Reason)
			require.NotEqual(t, notify.Unknown, failure(t, err).Outcome, "reading changes nothing")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Fail(func(string, string) *slacktest.Fault { cancel(); return &slacktest.Fault{Hang: true} })
	_, _, err := n.Find(ctx, notify.Alert{ID: "x", Destination: "C300"}, time.Unix(1, 0))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, notify.Transient, failure(t, err).Outcome)
}

func TestAnEndlessHistoryIsGivenUp(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "promotions"}))
	s.Fail(func(string, string) *slacktest.Fault {
		return &slacktest.Fault{Body: `{"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"again"}}`}
	})
	_, found, err := newSlack(t, s.URL).Find(t.Context(), notify.Alert{ID: "x", Destination: "C300"}, time.Unix(1, 0))
	require.False(t, found)
	require.Equal(t, notify.ReasonHistory, failure(t, err).Reason)
	require.Equal(t, 100, s.Calls("conversations.history"))
}

func TestAnotherAppsMetadataIsNotOurAlert(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "promotions"}))
	s.Fail(func(string, string) *slacktest.Fault {
		return &slacktest.Fault{Body: `{"ok":true,"messages":[
			{"ts":"1.2","metadata":{"event_type":"other","event_payload":{"alert_id":"x"}}},
			{"ts":"1.3","metadata":{"event_type":"trackerbell_alert","event_payload":{"alert_id":7}}},
			{"ts":"1.4","text":"trackerbell_alert x"}]}`}
	})
	_, found, err := newSlack(t, s.URL).Find(t.Context(), notify.Alert{ID: "x", Destination: "C300"}, time.Unix(1, 0))
	require.NoError(t, err)
	require.False(t, found)
}

// TestAnAlertIsFoundInTheChannelThatHasTheNameNow posts after the channel of an
// earlier alert was renamed and another was given its name.
func TestAnAlertIsFoundInTheChannelThatHasTheNameNow(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C200", Name: "promotions-old"}, slacktest.Channel{ID: "C300", Name: "promotions"}))
	n := newSlack(t, s.URL)
	a := loadAlert(t, "exact")
	posted, err := n.Notify(t.Context(), a)
	require.NoError(t, err)
	a.Channel = "C200"
	got, found, err := newSlack(t, s.URL).Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, notify.Receipt{Channel: "C300", TS: posted.TS}, got)

	a.ID = "another"
	_, found, err = n.Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.False(t, found)
}

// A channel's name is given to another between a summary and its replies.
func TestAReplyStandsAndIsFoundUnderItsSummary(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "sales"}))
	n, a := newSlack(t, s.URL), notify.Alert{ID: "a1", Destination: "#sales", Trackers: []notify.Tracker{{Name: "x"}}}
	summary, err := n.Notify(t.Context(), a)
	require.NoError(t, err)
	s.Rename("C300", "old")
	s.AddChannel(slacktest.Channel{ID: "C301", Name: "sales"})

	a.Part, a.Parts, a.Thread, a.Channel = 1, 2, summary, "C301"
	n = newSlack(t, s.URL) // as after a restart
	_, found, err := n.Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.False(t, found)
	reply, err := n.Notify(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, "C300", reply.Channel)
	require.Len(t, s.Replies("C300", summary.TS), 1)
	got, found, err := n.Find(t.Context(), a, time.Unix(1, 0))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, reply, got)

	next, err := n.Notify(t.Context(), notify.Alert{ID: "a2", Destination: "#sales", Trackers: a.Trackers})
	require.NoError(t, err)
	require.Equal(t, "C301", next.Channel, "the name leads where it leads")
}
