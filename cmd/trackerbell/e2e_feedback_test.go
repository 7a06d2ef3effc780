package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

const signingSecret = "secret-that-slack-signs-with"

const feedbackConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}", publicURL: https://bell.example}
nats: {dataDir: "${DATA}", sync: interval}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, signingSecret: "${SECRET_SIGNING}"}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}", recordingURL: "https://pbx.example/{id}"}]
trackers: ${DIR}/trackers.yaml
`

// button finds the value of a button in a message's blocks.
func button(t *testing.T, blocks []byte, action string) (value, link string) {
	t.Helper()
	var list []struct {
		Elements []struct {
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
			URL      string `json:"url"`
		} `json:"elements"`
	}
	require.NoError(t, json.Unmarshal(blocks, &list))
	for _, b := range list {
		for _, e := range b.Elements {
			if e.ActionID == action {
				return e.Value, e.URL
			}
		}
	}
	require.Fail(t, "no such button", action)
	return "", ""
}

// press presses a button as Slack would tell of it.
func (s *service) press(action, value, secret string) int {
	s.t.Helper()
	payload := fmt.Sprintf(`{"type":"block_actions","user":{"id":"U0123456789","name":"ann"},"actions":[{"action_id":%q,"value":%q}]}`, action, value)
	body := url.Values{"payload": {payload}}.Encode()
	stamp := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return s.do(http.MethodPost, s.public+"/slack/interactions", []byte(body), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "X-Slack-Request-Timestamp": {stamp},
		"X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	}).status
}

func TestEndToEndAButtonIsPressedAndACallForgotten(t *testing.T) {
	t.Parallel()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, feedbackConfig, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot",
		"SECRET_STANDARD", standardSecret, "SECRET_SIGNING", signingSecret)
	s.write("trackers.yaml", testTrackers)
	s.start()
	key := s.accept("calls", hook{ID: "pressed", Transcript: []said{{"Anna", saleQuote, 1, 2}}})
	s.waitStage(key, events.StageDone)
	blocks := slack.Messages("#call-alerts")[0].Blocks
	value, _ := button(t, blocks, "trackerbell_false_alarm")
	_, link := button(t, blocks, "trackerbell_open_console")
	require.Equal(t, "https://bell.example/recordings/"+key, link)
	_, link = button(t, blocks, "trackerbell_open_recording")
	require.Equal(t, "https://pbx.example/pressed", link)

	require.Equal(t, http.StatusUnauthorized, s.press("trackerbell_false_alarm", value, "another secret"))
	require.Equal(t, http.StatusOK, s.press("trackerbell_false_alarm", value, signingSecret))
	require.Eventually(t, func() bool {
		return strings.Contains(string(slack.Messages("#call-alerts")[0].Blocks), "False alarm · ")
	}, soon, tick)
	counts := printed[api.FeedbackList](t, s.must("trackers", "feedback", "--output", "json")).Phrases
	require.Equal(t, "Promotion Mention", counts[0].Tracker)
	require.Equal(t, 1, counts[0].FalseAlarms)
	require.Contains(t, s.must("trackers", "feedback"), counts[0].Phrase)
	r, _ := s.recording(key)
	require.Equal(t, "U0123456789", r.Alerts[0].Feedback[0].User)
	require.Contains(t, string(s.do(http.MethodGet, s.admin+"/metrics", nil, nil).body), `trackerbell_feedback_total{tracker="Promotion Mention",verdict="false_alarm"} 1`)

	require.Contains(t, s.must("recordings", "forget", key), key+" is forgotten: 1 messages and ")
	require.Empty(t, slack.Messages("#call-alerts"))
	require.Equal(t, 1, s.command("recordings", "forget", key).code)
	require.Equal(t, http.StatusOK, s.press("trackerbell_useful", value, signingSecret), "it is forgotten, and Slack need not know")

	q := printed[events.Silence](t, s.must("silences", "add", "--tracker", "Promotion Mention", "--for", "1h", "--reason", "test", "--output", "json"))
	require.Contains(t, s.must("silences", "list"), q.ID)
	key = s.accept("calls", hook{ID: "quiet", Transcript: []said{{"Anna", saleQuote, 1, 2}}})
	require.Equal(t, "silence", s.waitStage(key, events.StageDone).Alerts[0].Held)
	require.Empty(t, slack.Messages("#call-alerts"))
	require.Contains(t, s.must("silences", "drop", q.ID), "is ended")
	require.Equal(t, 1, s.command("silences", "drop", q.ID).code)
	require.Equal(t, 2, s.command("silences", "add", "--for", "1h").code)
}
