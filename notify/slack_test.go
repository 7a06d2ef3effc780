package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

func newSlack(t *testing.T, apiURL string) *notify.Slack {
	t.Helper()
	n, err := notify.NewSlack(config.Slack{Token: slacktest.DefaultToken, APIURL: apiURL}, notify.SlackOptions{ConsoleURL: "https://bell.example"})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	return n
}

// answering is a Slack that gives every request the same answer.
func answering(t *testing.T, answer http.HandlerFunc) *notify.Slack {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return newSlack(t, srv.URL+"/api/")
}

func failure(t *testing.T, err error) *notify.Error {
	t.Helper()
	var e *notify.Error
	require.ErrorAs(t, err, &e)
	return e
}

func TestAnAlertIsPostedWithBlocksTextAndMetadata(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C42", Name: "promotions"}))
	a := loadAlert(t, "exact")
	r, err := newSlack(t, s.URL).Notify(t.Context(), a)
	require.NoError(t, err)
	posted := s.Messages("C42")
	require.Len(t, posted, 1)
	m := posted[0]
	require.Equal(t, notify.Receipt{Channel: "C42", TS: m.TS}, r)

	want := notify.Render(a, notify.RenderOptions{ConsoleURL: "https://bell.example"})
	blocks, err := json.Marshal(want.Blocks)
	require.NoError(t, err)
	require.JSONEq(t, string(blocks), string(m.Blocks))
	require.Equal(t, want.Text, m.Text)
	require.Equal(t, slacktest.Metadata{EventType: "trackerbell_alert", EventPayload: map[string]any{
		"alert_id": a.ID, "recording": a.Recording, "trackers": []any{"Promotion Mention"},
	}}, m.Metadata)
	require.False(t, m.Unfurl)
	require.False(t, m.Markdown)
	require.False(t, m.Linked)
}

func TestSlacksErrorCodesAreClassified(t *testing.T) {
	var code atomic.Value
	n := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"ok":false,"error":%q}`, code.Load())
	})
	for slackCode, want := range map[string]notify.Outcome{
		"ratelimited": notify.Throttled, "rate_limited": notify.Throttled, "message_limit_exceeded": notify.Throttled,
		"fatal_error": notify.Unknown, "internal_error": notify.Unknown, "service_unavailable": notify.Unknown,
		"request_timeout": notify.Transient, "team_added_to_org": notify.Transient,
		"channel_not_found": notify.Permanent, "not_in_channel": notify.Permanent, "is_archived": notify.Permanent,
		"restricted_action": notify.Permanent, "invalid_auth": notify.Permanent, "not_authed": notify.Permanent,
		"token_revoked": notify.Permanent, "token_expired": notify.Permanent, "account_inactive": notify.Permanent,
		"missing_scope": notify.Permanent, "invalid_blocks": notify.Permanent, "msg_too_long": notify.Permanent,
		"msg_blocks_too_long": notify.Permanent, "no_text": notify.Permanent, "metadata_too_large": notify.Permanent,
		"attachment_payload_limit_exceeded": notify.Permanent, "invalid_attachments": notify.Permanent, "too_many_attachments": notify.Permanent,
		"is_inactive": notify.Permanent, "messages_tab_disabled": notify.Permanent, "two_factor_setup_required": notify.Permanent,
		"enterprise_is_restricted": notify.Permanent, "update_failed": notify.Transient,
	} {
		code.Store(slackCode)
		_, err := n.Notify(t.Context(), loadAlert(t, "exact"))
		e := failure(t, err)
		require.Equal(t, want, e.Outcome, slackCode)
		require.Equal(t, slackCode, e.Reason)
		require.Equal(t, slackCode, e.Error())
		require.Contains(t, notify.Reasons(), slackCode)
		require.NotContains(t, notify.Advice(slackCode), "Look the error up")
	}
	for slackCode, shown := range map[string]string{
		"some_new_error":       "slack_other: slack answered some_new_error",
		slacktest.DefaultToken: "slack_other",
		"a b":                  "slack_other",
	} {
		code.Store(slackCode)
		_, err := n.Notify(t.Context(), loadAlert(t, "exact"))
		require.EqualError(t, err, shown)
		require.Equal(t, notify.Transient, failure(t, err).Outcome, "ok=false says that nothing was posted")
	}
}

func TestHTTPStatusesAreClassified(t *testing.T) {
	var status atomic.Int64
	var header atomic.Value
	header.Store("")
	n := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		if h, ok := header.Load().(string); ok && h != "" {
			w.Header().Set("Retry-After", h)
		}
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(int(status.Load()))
	})
	for code, want := range map[int]notify.Outcome{
		200: notify.Unknown, 204: notify.Unknown, 302: notify.Transient, 307: notify.Transient, 308: notify.Transient,
		400: notify.Transient, 403: notify.Transient, 404: notify.Transient, 408: notify.Unknown,
		500: notify.Unknown, 502: notify.Unknown, 503: notify.Unknown, 504: notify.Unknown,
	} {
		status.Store(int64(code))
		_, err := n.Notify(t.Context(), loadAlert(t, "exact"))
		require.Equal(t, want, failure(t, err).Outcome, code)
	}
	status.Store(429)
	for value, want := range map[string]time.Duration{
		"30": 30 * time.Second, "": 5 * time.Second, "soon": 5 * time.Second, "-3": 5 * time.Second, "0": 5 * time.Second,
		"99999999999999999999": 5 * time.Second, "86400": time.Hour,
	} {
		header.Store(value)
		_, err := n.Notify(t.Context(), loadAlert(t, "exact"))
		e := failure(t, err)
		require.Equal(t, notify.Throttled, e.Outcome)
		require.Equal(t, want, e.RetryAfter, value)
	}
}

func TestAPostIsNeverSentTwiceNorElsewhere(t *testing.T) {
	var posts, elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	mode := atomic.Value{}
	mode.Store("")
	n := answering(t, func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		switch mode.Load() {
		case "redirect":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "drop":
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close()
			}
		default:
			fmt.Fprint(w, `{"ok":true,"channel":"C1","ts":"1.2"}`)
		}
	})
	_, err := n.Notify(t.Context(), loadAlert(t, "exact")) // opens a connection to be reused
	require.NoError(t, err)
	for _, m := range []string{"redirect", "drop"} {
		posts.Store(0)
		mode.Store(m)
		_, err := n.Notify(t.Context(), loadAlert(t, "exact"))
		require.Error(t, err)
		require.Equal(t, int64(1), posts.Load(), m)
	}
	require.Zero(t, elsewhere.Load())
}

func TestWhatStrangersAnswerIsNotQuoted(t *testing.T) {
	n := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprintf(buf, "HTTP/1.1 %s\r\n\r\n", slacktest.DefaultToken)
		_ = buf.Flush()
		_ = conn.Close()
	})
	_, err := n.Notify(t.Context(), loadAlert(t, "exact"))
	require.EqualError(t, err, "no_answer: the connection broke")
	require.Equal(t, notify.Unknown, failure(t, err).Outcome)
}

func TestTheTokensOwnerIsChecked(t *testing.T) {
	s := slacktest.New(t)
	who, err := newSlack(t, s.URL).Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.SlackIdentity{Team: "Stand-in", Bot: "trackerbell", URL: "https://stand-in.slack.com/"}, who)

	s.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Code: "token_revoked"} })
	_, err = newSlack(t, s.URL).Check(t.Context())
	require.Equal(t, "token_revoked", failure(t, err).Reason)

	s.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Body: "{}"} })
	_, err = newSlack(t, s.URL).Check(t.Context())
	require.Equal(t, notify.Transient, failure(t, err).Outcome, "reading can be tried again")
}

func TestChannelsAreChecked(t *testing.T) {
	s := slacktest.New(t, slacktest.WithPageSize(2), slacktest.WithChannels(
		slacktest.Channel{ID: "C100", Name: "one"}, slacktest.Channel{ID: "C200", Name: "two", Outside: true},
		slacktest.Channel{ID: "C300", Name: "three", Archived: true}, slacktest.Channel{ID: "C400", Name: "four", Private: true},
	))
	n := newSlack(t, s.URL)
	for destination, want := range map[string]string{"#one": "C100", "C100": "C100", "four": "C400"} {
		id, err := n.CheckChannel(t.Context(), destination)
		require.NoError(t, err)
		require.Equal(t, want, id)
	}
	for destination, want := range map[string]string{
		"#two": "not_in_channel", "#three": "is_archived", "#five": "channel_not_found", "C999": "channel_not_found",
	} {
		_, err := n.CheckChannel(t.Context(), destination)
		require.Equal(t, want, failure(t, err).Reason, destination)
		require.Equal(t, notify.Permanent, failure(t, err).Outcome)
	}
	s.Fail(func(string, string) *slacktest.Fault {
		return &slacktest.Fault{Body: `{"ok":true,"channel":{"id":"C777","is_member":true}}`}
	})
	_, err := n.CheckChannel(t.Context(), "#one")
	require.Equal(t, notify.ReasonBadAnswer, failure(t, err).Reason)
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	for want, cfg := range map[string]config.Slack{
		"slack.token":  {},
		"slack.apiURL": {Token: "xoxb-1", APIURL: "ftp://slack.com/api/"},
	} {
		_, err := notify.NewSlack(cfg, notify.SlackOptions{})
		require.ErrorContains(t, err, want)
	}
	for _, apiURL := range []string{"", "https://slack.com/api", "http://127.0.0.1:9900/api/"} {
		_, err := notify.NewSlack(config.Slack{Token: "xoxb-1", APIURL: apiURL}, notify.SlackOptions{})
		require.NoError(t, err)
	}
}

func FuzzSlackAnswers(f *testing.F) {
	for _, s := range []string{
		`{"ok":true,"channel":"C1","ts":"1.2"}`, `{"ok":false,"error":"x"}`, `{"ok":false,"error":"x","errors":{"a":1}}`,
		`{"ok":false,"error":" "}`, `{}`, `[]`, `null`, ``, `{"ok":true,"ts":7}`, `{"ok":true,"ts":"\u001b[2J"}`, strings.Repeat("[", 20_000),
		`{"ok":true,"messages":[{"ts":"1.2","metadata":{"event_type":"trackerbell_alert","event_payload":{"alert_id":["al7c2"]}}}]}`,
		`{"ok":true,"messages":[{"ts":"1.2","blocks":[null,{},{"type":"rich_text","elements":[null]}],"attachments":[{"blocks":[null]}]}]}`,
		`{"ok":true,"messages":[{"ts":"1.2","blocks":[{"type":"x"},{"type":"actions","elements":[{"type":"y"}]}]}]}`,
		`{"ok":true,"channels":[{"id":"C1","name":"promotions"}],"response_metadata":{"next_cursor":"again"}}`,
	} {
		f.Add(s, 200, "1")
		f.Add(s, 429, s)
	}
	f.Fuzz(func(t *testing.T, body string, status int, header string) {
		if status < 200 || status > 599 {
			status = 200
		}
		n := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
		a := loadAlert(t, "exact")
		r, err := n.Notify(t.Context(), a)
		if err == nil {
			require.Regexp(t, `^\d+\.\d+$`, r.TS)
			requireVisible(t, r.Channel)
		} else {
			requireClosed(t, failure(t, err))
		}
		a.Destination = "C1"
		if _, _, err = n.Find(t.Context(), a, time.Unix(1, 0)); err != nil {
			requireClosed(t, failure(t, err))
			require.NotEqual(t, notify.Unknown, failure(t, err).Outcome)
		}
		if err = n.Annotate(t.Context(), notify.Receipt{Channel: "C1", TS: "1.2"}, "", []notify.Feedback{{User: "U0000000001"}}); err != nil {
			requireClosed(t, failure(t, err))
			require.NotEqual(t, notify.Unknown, failure(t, err).Outcome)
		}
		who, err := n.Check(t.Context())
		if err != nil {
			requireClosed(t, failure(t, err))
		}
		requireVisible(t, who.Team+who.Bot+who.URL)
	})
}

func requireClosed(t *testing.T, e *notify.Error) {
	t.Helper()
	require.Contains(t, notify.Reasons(), e.Reason)
	require.Equal(t, e.Outcome == notify.Throttled, e.RetryAfter > 0)
	require.LessOrEqual(t, e.RetryAfter, time.Hour)
	requireVisible(t, e.Error())
}
