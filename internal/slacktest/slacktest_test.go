package slacktest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// client is slack-go against the stand-in: what it can read is Slack's format.
func client(t *testing.T, s *slacktest.Server) *slack.Client {
	t.Helper()
	return slack.New(slacktest.DefaultToken, slack.OptionAPIURL(s.URL), slack.OptionHTTPClient(httpClient(t)))
}

func httpClient(t *testing.T) *http.Client {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// ask sends a form and gives the status and the decoded answer.
func ask(t *testing.T, s *slacktest.Server, method string, args url.Values) (int, map[string]any) {
	t.Helper()
	if !args.Has("token") {
		args.Set("token", slacktest.DefaultToken)
	}
	resp, err := httpClient(t).PostForm(s.URL+method, args)
	require.NoError(t, err)
	return decode(t, resp)
}

func decode(t *testing.T, resp *http.Response) (int, map[string]any) {
	t.Helper()
	defer resp.Body.Close()
	var body map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&body))
	return resp.StatusCode, body
}

func TestPostedMessagesAreKeptInOrderWithTheirMetadata(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C123", Name: "promotions"}))
	api := client(t, s)
	for i := range 3 {
		channel, ts, err := api.PostMessageContext(t.Context(), "#promotions",
			slack.MsgOptionText(fmt.Sprintf("message %d", i), false),
			slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", "hello", false, false))),
			slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "test", EventPayload: map[string]any{"n": i}}),
			slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionDisableMarkdown())
		require.NoError(t, err)
		require.Equal(t, "C123", channel)
		require.Regexp(t, `^\d+\.\d{6}$`, ts)
	}
	got := s.Messages("C123")
	require.Len(t, got, 3)
	require.Equal(t, got, s.Messages("#promotions"))
	for i, m := range got {
		require.Equal(t, fmt.Sprintf("message %d", i), m.Text)
		require.Equal(t, slacktest.Metadata{EventType: "test", EventPayload: map[string]any{"n": float64(i)}}, m.Metadata)
		require.False(t, m.Unfurl)
		require.False(t, m.Markdown)
		require.True(t, m.Linked, "parse=none was not asked for")
	}
	require.Equal(t, 3, s.Calls("chat.postMessage"))
	require.Nil(t, s.Messages("nowhere"))
}

func TestJSONIsTakenWithTheTokenInTheHeader(t *testing.T) {
	s := slacktest.New(t, slacktest.WithAnyChannel())
	body := `{"channel":"#new","text":"hi","blocks":[{"type":"divider"}],"metadata":{"event_type":"e","event_payload":{"a":1}},"unfurl_links":false}`
	for token, want := range map[string]any{"": "not_authed", "Bearer wrong": "invalid_auth", "Bearer " + slacktest.DefaultToken: nil} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"chat.postMessage", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		resp, err := httpClient(t).Do(req)
		require.NoError(t, err)
		status, got := decode(t, resp)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, want, got["error"])
	}
	require.Len(t, s.Messages("new"), 1)
	require.Equal(t, "e", s.Messages("new")[0].Metadata.EventType)
	require.JSONEq(t, `[{"type":"divider"}]`, string(s.Messages("new")[0].Blocks))
}

func TestPostsAreRefusedAsSlackRefusesThem(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(
		slacktest.Channel{Name: "open"},
		slacktest.Channel{Name: "old", Archived: true},
		slacktest.Channel{Name: "elsewhere", Outside: true},
		slacktest.Channel{Name: "secret", Private: true, Outside: true},
	))
	for name, c := range map[string]struct {
		args url.Values
		want string
	}{
		"unknown channel":          {url.Values{"channel": {"#none"}, "text": {"x"}}, "channel_not_found"},
		"archived channel":         {url.Values{"channel": {"#old"}, "text": {"x"}}, "is_archived"},
		"not a member":             {url.Values{"channel": {"#elsewhere"}, "text": {"x"}}, "not_in_channel"},
		"not in a private channel": {url.Values{"channel": {"#secret"}, "text": {"x"}}, "channel_not_found"},
		"wrong token":              {url.Values{"channel": {"#open"}, "text": {"x"}, "token": {"xoxb-other"}}, "invalid_auth"},
		"empty token":              {url.Values{"channel": {"#open"}, "text": {"x"}, "token": {""}}, "not_authed"},
		"nothing to say":           {url.Values{"channel": {"#open"}}, "no_text"},
		"endless text":             {url.Values{"channel": {"#open"}, "text": {strings.Repeat("x", 40_001)}}, "msg_too_long"},
		"broken blocks":            {url.Values{"channel": {"#open"}, "blocks": {"{"}}, "invalid_blocks"},
		"metadata without a type":  {url.Values{"channel": {"#open"}, "text": {"x"}, "metadata": {`{"event_payload":{}}`}}, "invalid_metadata_format"},
		"huge metadata":            {url.Values{"channel": {"#open"}, "text": {"x"}, "metadata": {strings.Repeat(" ", 16_001)}}, "metadata_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := ask(t, s, "chat.postMessage", c.args)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, false, got["ok"])
			require.Equal(t, c.want, got["error"])
		})
	}
	require.Empty(t, s.Messages("#open"))
	_, got := ask(t, s, "chat.meMessage", url.Values{})
	require.Equal(t, "unknown_method", got["error"])
}

func TestHistoryGivesTheNewestFirstInPages(t *testing.T) {
	now := time.Unix(1_777_000_000, 0)
	s := slacktest.New(t, slacktest.WithPageSize(2), slacktest.WithChannels(slacktest.Channel{ID: "C1", Name: "one"}),
		slacktest.WithClock(func() time.Time { return now }))
	api := client(t, s)
	for i := range 5 {
		_, _, err := api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText(fmt.Sprint(i), false),
			slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "e", EventPayload: map[string]any{"i": i}}))
		require.NoError(t, err)
		now = now.Add(time.Second)
	}
	query := slack.GetConversationHistoryParameters{ChannelID: "C1", Oldest: "1777000001.000000", IncludeAllMetadata: true}
	var texts []string
	for {
		page, err := api.GetConversationHistoryContext(t.Context(), &query)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Messages), 2)
		for _, m := range page.Messages {
			texts = append(texts, m.Text)
			require.Equal(t, "e", m.Metadata.EventType)
		}
		if query.Cursor = page.ResponseMetaData.NextCursor; query.Cursor == "" {
			require.False(t, page.HasMore)
			break
		}
		require.True(t, page.HasMore)
	}
	require.Equal(t, []string{"4", "3", "2"}, texts, "oldest is exclusive unless asked")

	query = slack.GetConversationHistoryParameters{ChannelID: "C1", Oldest: "1777000004.000000", Inclusive: true}
	page, err := api.GetConversationHistoryContext(t.Context(), &query)
	require.NoError(t, err)
	require.Len(t, page.Messages, 1)
	require.Empty(t, page.Messages[0].Metadata.EventType, "metadata only when asked for")
}

func TestHistoryTakesIdsOfJoinedChannelsOnly(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(
		slacktest.Channel{ID: "C1", Name: "one"}, slacktest.Channel{ID: "C2", Name: "two", Outside: true}))
	for channel, want := range map[string]string{"#one": "channel_not_found", "one": "channel_not_found", "C2": "not_in_channel"} {
		_, got := ask(t, s, "conversations.history", url.Values{"channel": {channel}})
		require.Equal(t, want, got["error"])
	}
	_, got := ask(t, s, "conversations.history", url.Values{"channel": {"C1"}, "oldest": {"yesterday"}})
	require.Equal(t, "invalid_ts_oldest", got["error"])
	_, got = ask(t, s, "conversations.history", url.Values{"channel": {"C1"}, "cursor": {"7"}})
	require.Equal(t, "invalid_cursor", got["error"])
}

func TestChannelsAreListedByTypeInPages(t *testing.T) {
	s := slacktest.New(t, slacktest.WithPageSize(1), slacktest.WithChannels(
		slacktest.Channel{Name: "general"},
		slacktest.Channel{Name: "inside", Private: true},
		slacktest.Channel{Name: "hidden", Private: true, Outside: true},
		slacktest.Channel{Name: "old", Archived: true},
	))
	names := func(q slack.GetConversationsParameters) (out []string) {
		for {
			page, next, err := client(t, s).GetConversationsContext(t.Context(), &q)
			require.NoError(t, err)
			for _, c := range page {
				out = append(out, c.Name)
			}
			if q.Cursor = next; next == "" {
				return out
			}
		}
	}
	require.Equal(t, []string{"general", "old"}, names(slack.GetConversationsParameters{}))
	require.Equal(t, []string{"general", "inside"}, names(slack.GetConversationsParameters{
		Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true}))

	info, err := client(t, s).GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: s.Channels()[3].ID})
	require.NoError(t, err)
	require.True(t, info.IsArchived)
	require.True(t, info.IsMember)
	who, err := client(t, s).AuthTestContext(t.Context())
	require.NoError(t, err)
	require.Equal(t, "trackerbell", who.User)
}

func TestARateLimitsEachChannelByItself(t *testing.T) {
	now := time.Unix(1_777_000_000, 0)
	s := slacktest.New(t, slacktest.WithRate(0.5), slacktest.WithAnyChannel(), slacktest.WithClock(func() time.Time { return now }))
	post := func(channel string) error {
		_, _, err := client(t, s).PostMessageContext(t.Context(), channel, slack.MsgOptionText("x", false))
		return err
	}
	require.NoError(t, post("#a"))
	var limited *slack.RateLimitedError
	require.ErrorAs(t, post("#a"), &limited)
	require.Equal(t, 2*time.Second, limited.RetryAfter)
	require.NoError(t, post("#b"), "another channel is free")
	now = now.Add(2 * time.Second)
	require.NoError(t, post("#a"), "what was refused costs nothing")
	require.Len(t, s.Messages("a"), 2)
}

func TestFaultsAreInjected(t *testing.T) {
	s := slacktest.New(t, slacktest.WithAnyChannel())
	post := func(ctx context.Context) error {
		_, _, err := client(t, s).PostMessageContext(ctx, "#a", slack.MsgOptionText("x", false))
		return err
	}
	with := func(f slacktest.Fault) {
		s.Fail(func(method, channel string) *slacktest.Fault {
			require.Equal(t, "chat.postMessage #a", method+" "+channel)
			return &f
		})
	}
	with(slacktest.Fault{Code: "fatal_error"})
	require.EqualError(t, post(t.Context()), "fatal_error")
	with(slacktest.Fault{Status: 503, Body: "<html>"})
	require.ErrorContains(t, post(t.Context()), "503")
	with(slacktest.Fault{Status: 429, RetryAfter: 30 * time.Second})
	var limited *slack.RateLimitedError
	require.ErrorAs(t, post(t.Context()), &limited)
	require.Equal(t, 30*time.Second, limited.RetryAfter)
	with(slacktest.Fault{Body: "{"})
	require.Error(t, post(t.Context()))
	require.Empty(t, s.Messages("a"))

	with(slacktest.Fault{Accept: true, Drop: true})
	require.Error(t, post(t.Context()))
	require.Len(t, s.Messages("a"), 1, "taken, and the answer lost")

	ctx, cancel := context.WithCancel(t.Context())
	s.Fail(func(string, string) *slacktest.Fault { cancel(); return &slacktest.Fault{Hang: true} })
	require.ErrorIs(t, post(ctx), context.Canceled)
	s.Fail(nil)
	require.NoError(t, post(t.Context()))
}
