package events

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// chatty is a Symbl that finds "sale" in every message that says it.
type chatty struct{ *fakeSymbl }

func (c chatty) said(id string) []symbl.TextMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.messages[id]
}

func (c chatty) TrackerResults(_ context.Context, id string) ([]symbl.TrackerResult, error) {
	m := symbl.Match{Type: "vocabulary", Value: "sale"}
	for i, msg := range c.said(id) {
		if at := strings.Index(msg.Payload.Content, "sale"); at >= 0 {
			m.MessageRefs = append(m.MessageRefs, symbl.MessageRef{ID: fmt.Sprint(i), Text: msg.Payload.Content, Offset: at})
		}
	}
	return []symbl.TrackerResult{{ID: "1", Name: "Sale", Matches: []symbl.Match{m}}}, nil
}

func (c chatty) Messages(_ context.Context, id string) ([]symbl.Message, error) {
	var list []symbl.Message
	for i, msg := range c.said(id) {
		m := symbl.Message{ID: fmt.Sprint(i), Text: msg.Payload.Content}
		if msg.From != nil {
			m.From = *msg.From
		}
		list = append(list, m)
	}
	return list, nil
}

// slackHouse is a house whose alerts go to a stand-in of Slack.
func slackHouse(t *testing.T, routes []config.Route, change func(*Options), opts ...slacktest.Option) (*house, *slacktest.Server) {
	t.Helper()
	slack := slacktest.New(t, append([]slacktest.Option{slacktest.WithAnyChannel()}, opts...)...)
	h := newHouse(t, change)
	n, err := notify.NewSlack(config.Slack{Token: slacktest.DefaultToken, APIURL: slack.URL}, notify.SlackOptions{Buttons: true})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	router, err := notify.NewRouter(routes, "#alerts")
	require.NoError(t, err)
	dep := h.dep
	dep.Router, dep.Notifiers, dep.Log = router, notify.NewSwitchboard(n, nil), zaptest.NewLogger(t)
	dep.Backend = func(context.Context) (Symbl, error) { return chatty{h.symbl}, nil }
	h.Service, err = New(h.opt, dep)
	require.NoError(t, err)
	return h, slack
}

// talk is a call in which the sale is mentioned n times.
func talk(id string, n int) Recording {
	rec := transcript(id)
	rec.Transcript = nil
	for i := range n {
		rec.Transcript = append(rec.Transcript, Utterance{Speaker: "Anna", Text: fmt.Sprintf("sale number %d", i), Start: float64(10 * i)})
	}
	return rec
}

func TestQuotesThatDoNotFitStandInTheThread(t *testing.T) {
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 8))
	e := h.settled(h.Service, "calls.a", StageDone)
	posted := slack.Posted("#alerts")
	require.Len(t, posted, 1)
	replies := slack.Replies("#alerts", posted[0].TS)
	require.Len(t, replies, 1)
	require.Contains(t, replies[0].Text, "sale number 7")
	require.Equal(t, replies[0].TS, e.Alerts[0].Replies[0].TS)
	require.Equal(t, e.Alerts[0].AlertID+"-1", replies[0].Metadata.EventPayload["alert_id"])
}

// TestEveryMessageOfAnAlertIsPostedOnce loses the answer to each first attempt
// after Slack has posted the message.
func TestEveryMessageOfAnAlertIsPostedOnce(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil)
	var posts atomic.Int32
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method == "chat.postMessage" && posts.Add(1) <= 2 {
			return &slacktest.Fault{Accept: true, Drop: true}
		}
		return nil
	})
	h.run(h.Service)
	h.accept(talk("a", 8))
	e := h.settled(h.Service, "calls.a", StageDone)
	require.Len(t, slack.Messages("#alerts"), 2, "a summary and a reply")
	require.Equal(t, 2, slack.Calls("chat.postMessage"))
	require.Equal(t, slack.Messages("#alerts")[1].TS, e.Alerts[0].Replies[0].TS)
}

func TestAReplaysAlertStandsUnderTheFirst(t *testing.T) {
	h, slack := slackHouse(t, []config.Route{{Match: config.Match{Trackers: []string{"Sale"}}, Channel: "#thread", Continue: true}, {Channel: "#alone", Thread: config.Off}}, nil)
	h.run(h.Service)
	h.accept(talk("a", 1))
	h.settled(h.Service, "calls.a", StageDone)
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))
	require.Eventually(t, func() bool { return len(slack.Messages("#thread")) == 2 && len(slack.Messages("#alone")) == 2 }, soon, tick)
	h.settled(h.Service, "calls.a", StageDone)
	first := slack.Posted("#thread")
	require.Len(t, first, 1)
	require.Len(t, slack.Replies("#thread", first[0].TS), 1)
	require.Len(t, slack.Posted("#alone"), 2)
}

func TestAThreadWhoseFirstMessageIsGoneBeginsAnew(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 1))
	e := h.settled(h.Service, "calls.a", StageDone)
	editor, ok := h.dep.Notifiers.For("#alerts").(notify.Editor)
	require.True(t, ok)
	require.NoError(t, editor.Remove(t.Context(), notify.Receipt{Channel: e.Alerts[0].Channel, TS: e.Alerts[0].TS}))
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))
	require.Eventually(t, func() bool { return len(slack.Posted("#alerts")) == 1 }, soon, tick)
	h.settled(h.Service, "calls.a", StageDone)
}

func TestWhatAChannelRefusesGoesToTheFallbackChannelToo(t *testing.T) {
	h, slack := slackHouse(t, []config.Route{{Channel: "#old"}}, func(o *Options) { o.FallbackChannel = "#fallback" },
		slacktest.WithChannels(slacktest.Channel{Name: "old", Archived: true}))
	h.run(h.Service)
	h.accept(talk("a", 1))
	e := h.settled(h.Service, "calls.a", StageDead)
	require.Eventually(t, func() bool { return len(slack.Posted("#fallback")) == 1 }, soon, tick)
	m := slack.Posted("#fallback")[0]
	require.Contains(t, string(m.Blocks), "Could not be posted to #old: is_archived. Unarchive the channel")
	require.Equal(t, "calls.a", m.Metadata.EventPayload["recording"])
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonDestination, letter.Reason)
	require.Contains(t, letter.Error, "Unarchive the channel or route to another one.")
}

func TestFeedbackIsKeptShownAndCounted(t *testing.T) {
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 2))
	e := h.settled(h.Service, "calls.a", StageDone)
	id := e.Alerts[0].AlertID
	say := func(user string, useful bool) {
		require.NoError(t, h.GiveFeedback(t.Context(), e.Key, id, notify.Feedback{User: user, Useful: useful, At: time.Now()}))
	}
	say("U0000000001", true)
	say("U0000000001", true)
	say("U0000000002", false)
	say("U0000000001", false)
	require.Eventually(t, func() bool {
		m := slack.Messages("#alerts")[0]
		return strings.Count(string(m.Blocks), "False alarm · ") == 2
	}, soon, tick)
	m := slack.Messages("#alerts")[0]
	require.Contains(t, string(m.Blocks), "@U0000000002")
	require.NotContains(t, string(m.Blocks), "Useful · ")
	require.Equal(t, id, m.Metadata.EventPayload["alert_id"], "an update keeps the metadata")

	counts, err := h.FeedbackCounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []PhraseFeedback{{Tracker: "Sale", Phrase: "sale", FalseAlarms: 2}}, counts)
	require.ErrorIs(t, h.GiveFeedback(t.Context(), e.Key, "another", notify.Feedback{}), ErrNotFound)
	require.ErrorIs(t, h.GiveFeedback(t.Context(), "calls.none", id, notify.Feedback{}), ErrNotFound)
}

func TestAMessageThatCannotBeChangedHoldsUpNoAlert(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 1))
	e := h.settled(h.Service, "calls.a", StageDone)
	var broken atomic.Bool
	broken.Store(true)
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method == "chat.update" && broken.Load() {
			return &slacktest.Fault{Code: "update_failed"}
		}
		return nil
	})
	press := func(useful bool) {
		f := notify.Feedback{User: "U0000000001", Useful: useful, At: time.Now()}
		require.NoError(t, h.GiveFeedback(t.Context(), e.Key, e.Alerts[0].AlertID, f))
	}
	press(true)
	h.accept(talk("b", 1))
	h.settled(h.Service, "calls.b", StageDone)
	require.Equal(t, editTries, slack.Calls("chat.update"))
	e = h.settled(h.Service, "calls.a", StageDone)
	require.Empty(t, e.Error, "nothing of the call has failed")

	broken.Store(false)
	press(false)
	require.Eventually(t, func() bool {
		return strings.Contains(string(slack.Posted("#alerts")[0].Blocks), "False alarm · ")
	}, soon, tick)
}

// TestTheButtonsOfAnAlertWorkAfterAReplay presses those of the first run's message,
// before the replay and after it.
func TestTheButtonsOfAnAlertWorkAfterAReplay(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 1))
	e := h.settled(h.Service, "calls.a", StageDone)
	first := e.Alerts[0].AlertID
	require.NoError(t, h.GiveFeedback(t.Context(), e.Key, first, notify.Feedback{User: "U0000000001", At: time.Now()}))
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))
	require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) == 2 }, soon, tick)
	e = h.settled(h.Service, "calls.a", StageDone)
	require.NotEqual(t, first, e.Alerts[0].AlertID)
	require.NoError(t, h.GiveFeedback(t.Context(), e.Key, first, notify.Feedback{User: "U0000000002", At: time.Now()}))
	require.Eventually(t, func() bool {
		return strings.Count(string(slack.Posted("#alerts")[0].Blocks), "False alarm · ") == 2
	}, soon, tick)
	counts, err := h.FeedbackCounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []PhraseFeedback{{Tracker: "Sale", Phrase: "sale", FalseAlarms: 2}}, counts)
}

func TestFeedbackIsShownThoughTheAlertHasLeftTheStream(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, nil, nil)
	h.run(h.Service)
	h.accept(talk("a", 2))
	e := h.settled(h.Service, "calls.a", StageDone)
	before := slack.Messages("#alerts")[0]
	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, set.alerts.DeleteMsg(t.Context(), e.Alerts[0].Seq))
	for _, verdict := range []string{"Useful", "False alarm"} {
		f := notify.Feedback{User: "U0000000001", Useful: verdict == "Useful", At: time.Now()}
		require.NoError(t, h.GiveFeedback(t.Context(), e.Key, e.Alerts[0].AlertID, f))
		require.Eventually(t, func() bool {
			return strings.Contains(string(slack.Messages("#alerts")[0].Blocks), verdict+" · ")
		}, soon, tick)
	}
	after := slack.Messages("#alerts")[0]
	require.Equal(t, 1, strings.Count(string(after.Blocks), "@U0000000001"))
	require.True(t, strings.HasPrefix(string(after.Blocks), strings.TrimSuffix(string(before.Blocks), "]")), "all else stays")
	require.Equal(t, before.Metadata, after.Metadata)
}

// TestASlowChannelDelaysNoOther posts 500 alerts to five channels, one of which
// answers 429 to everything until the others are done.
func TestASlowChannelDelaysNoOther(t *testing.T) {
	t.Parallel()
	const channels, each = 5, 100
	h, slack := slackHouse(t, teams(channels), nil)
	var slow atomic.Bool
	slow.Store(true)
	slack.Fail(func(method, channel string) *slacktest.Fault {
		if slow.Load() && strings.HasSuffix(channel, "c3") {
			return &slacktest.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Second}
		}
		return nil
	})
	h.run(h.Service)
	for i := range channels * each {
		rec := talk(fmt.Sprintf("n%03d", i), 1)
		rec.Labels = map[string]string{"n": fmt.Sprint(i % channels)}
		h.accept(rec)
	}
	count := func(i int) int { return len(slack.Messages(fmt.Sprintf("#c%d", i))) }
	require.Eventually(t, func() bool { return count(0)+count(1)+count(2)+count(4) == 4*each }, 4*soon, tick)
	require.Zero(t, count(3))
	slow.Store(false)
	require.Eventually(t, func() bool { return count(3) == each }, 4*soon, tick)
	for i := range channels {
		h.requireInOrder(slack.Messages(fmt.Sprintf("#c%d", i)), fmt.Sprintf("alerts.c%d", i), each)
	}
}

// requireInOrder compares what was posted with the alerts of the stream.
func (h *house) requireInOrder(posted []slacktest.Message, subject string, n int) {
	h.t.Helper()
	require.Len(h.t, posted, n, subject)
	set, err := h.streams()
	require.NoError(h.t, err)
	last := uint64(0)
	for _, m := range posted {
		key, isText := m.Metadata.EventPayload["recording"].(string)
		require.True(h.t, isText)
		e, err := h.Entry(h.t.Context(), key)
		require.NoError(h.t, err)
		require.Len(h.t, e.Alerts, 1)
		require.Greater(h.t, e.Alerts[0].Seq, last, "in the order of the stream, each once")
		last = e.Alerts[0].Seq
		_, err = set.alerts.GetMsg(h.t.Context(), last)
		require.NoError(h.t, err)
	}
}
