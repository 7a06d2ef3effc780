package slacktest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

func TestRepliesStandInTheThreadAndNotInTheHistory(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C123", Name: "a"}))
	api := client(t, s)
	_, root, err := api.PostMessageContext(t.Context(), "C123", slack.MsgOptionText("root", false))
	require.NoError(t, err)
	_, reply, err := api.PostMessageContext(t.Context(), "C123", slack.MsgOptionText("reply", false), slack.MsgOptionTS(root))
	require.NoError(t, err)
	_, _, err = api.PostMessageContext(t.Context(), "C123", slack.MsgOptionText("reply", false), slack.MsgOptionTS("1.000000"))
	require.EqualError(t, err, "thread_not_found")

	history, err := api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C123"})
	require.NoError(t, err)
	require.Len(t, history.Messages, 1)
	thread, _, _, err := api.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: "C123", Timestamp: root})
	require.NoError(t, err)
	require.Len(t, thread, 2)
	require.Equal(t, []string{root, reply}, []string{thread[0].Timestamp, thread[1].Timestamp})
	require.Len(t, s.Posted("C123"), 1)
	require.Len(t, s.Replies("a", root), 1)
}

func TestAnUpdateKeepsWhatIsNotGiven(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C123", Name: "a"}))
	api := client(t, s)
	_, ts, err := api.PostMessageContext(t.Context(), "C123", slack.MsgOptionText("one", false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "e", EventPayload: map[string]any{"n": 1}}))
	require.NoError(t, err)
	_, _, _, err = api.UpdateMessageContext(t.Context(), "C123", ts, slack.MsgOptionText("two", false))
	require.NoError(t, err)
	m := s.Messages("C123")[0]
	require.Equal(t, "two", m.Text)
	require.Equal(t, "e", m.Metadata.EventType)
	require.Equal(t, 1, m.Edited)
	_, _, _, err = api.UpdateMessageContext(t.Context(), "C123", "1.000000", slack.MsgOptionText("two", false))
	require.EqualError(t, err, "message_not_found")

	_, _, err = api.DeleteMessageContext(t.Context(), "C123", ts)
	require.NoError(t, err)
	require.Empty(t, s.Messages("C123"))
}

func TestTheWorkspaceHasARateOfItsOwn(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithWorkspaceRate(2), slacktest.WithClock(func() time.Time { return now }))
	post := func(channel string) int {
		status, _ := ask(t, s, "chat.postMessage", url.Values{"channel": {channel}, "text": {"x"}})
		return status
	}
	require.Equal(t, http.StatusOK, post("a"))
	require.Equal(t, http.StatusOK, post("b"))
	require.Equal(t, http.StatusTooManyRequests, post("c"))
	now = now.Add(time.Second)
	require.Equal(t, http.StatusOK, post("c"))
}

func TestAttachmentsAreCheckedAsBlocksAre(t *testing.T) {
	require.NoError(t, slacktest.CheckAttachments([]byte(`[{"color":"#ff0000","blocks":[{"type":"divider"}]}]`)))
	require.Error(t, slacktest.CheckAttachments([]byte(`[{"color":"#ff0000","blocks":[{"type":"nothing"}]}]`)))
	require.Error(t, slacktest.CheckAttachments([]byte(`[{"colour":"#ff0000","blocks":[]}]`)))
}
