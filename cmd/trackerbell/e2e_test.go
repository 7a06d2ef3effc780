package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// fullConfig uses most of what a configuration can say.
const fullConfig = `
server:
  addr: ${PUBLIC}
  publicURL: https://calls.example.com/tb
  maxBody: 16KiB
admin: {addr: "${ADMIN}", token: "${SECRET_ADMIN}", viewerToken: "${SECRET_VIEWER}"}
nats: {dataDir: "${DATA}", sync: interval}
slack:
  token: ${SECRET_SLACK}
  apiURL: ${SLACK}
  defaultChannel: "#call-alerts"
  ratePerChannel: 0
media: {allowHosts: [127.0.0.1]}
sources:
  - name: calls
    provider: generic
    secret: ${SECRET_STANDARD}
    labels: {team: sales}
    labelsFromQuery: [region]
  - name: pbx
    provider: generic
    secrets: [an-old-secret-of-the-pbx, "${SECRET_PLAIN}"]
  - name: phone
    provider: twilio
    secret: ${SECRET_TWILIO}
    credentials: {username: SK0123, password: "${SECRET_PASSWORD}"}
routes:
  - match: {trackers: [Cancellation], labels: {team: sales}}
    channels: ["#retention", "#managers"]
  - match: {trackers: [Promotion Mention], labels: {region: emea}}
    channel: "#emea"
    continue: true
  - match: {sources: [calls, phone], trackers: [Promotion Mention]}
    channel: "#promotions"
trackers: ${DIR}/trackers.yaml
`

// newFull makes a service with fullConfig and a stand-in Slack.
func newFull(t *testing.T) (*service, *slacktest.Server) {
	t.Helper()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, fullConfig, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot",
		"SECRET_ADMIN", "admin-token-of-the-test", "SECRET_VIEWER", "viewer-token-of-the-test",
		"SECRET_STANDARD", standardSecret, "SECRET_KEY", standardKey, "SECRET_PLAIN", plainSecret,
		"SECRET_TWILIO", twilioSecret, "SECRET_PASSWORD", "twilio-api-secret", "SECRET_BASIC", base64.StdEncoding.EncodeToString([]byte("SK0123:twilio-api-secret")),
		"SECRET_CALLER", strings.TrimPrefix(callerNumber, "+"), "SECRET_CALLED", strings.TrimPrefix(calledNumber, "+"),
		"SECRET_URL_QUERY", "signature-of-the-media-url", "SECRET_QUOTE", saleQuote)
	s.token = "admin-token-of-the-test"
	s.write("trackers.yaml", testTrackers)
	return s, slack
}

func TestEndToEndAWebhookBecomesASlackAlert(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	p := s.start()
	key := s.accept("calls", saleCall("sale-1"))
	r := s.waitStage(key, events.StageDone)

	require.Len(t, r.Alerts, 1)
	posted := slack.Messages("#promotions")
	require.Len(t, posted, 1)
	m := posted[0]
	require.Equal(t, "trackerbell_alert", m.Metadata.EventType)
	require.Equal(t, map[string]any{
		"alert_id": r.Alerts[0].AlertID, "recording": key, "trackers": []any{"Promotion Mention"},
	}, m.Metadata.EventPayload)
	for name, text := range map[string]string{"blocks": blocksText(t, m.Blocks), "fallback": m.Text} {
		for _, part := range []string{"Promotion Mention", "sale right now", "Anna (agent)", "0:13", "+1 415 •••• 0137", key} {
			require.Contains(t, text, part, name)
		}
		require.NotContains(t, text, callerNumber[1:], name)
	}
	require.Contains(t, blocksText(t, m.Blocks), saleQuote)
	require.Empty(t, slack.Messages("#call-alerts"))

	again := s.sendStandard("calls", saleCall("sale-1"))
	require.Equal(t, http.StatusAccepted, again.status)
	require.JSONEq(t, `{"recording":"calls.sale-1","duplicate":true}`, string(again.body))
	p.stop()
	require.Len(t, slack.Messages("#promotions"), 1)
}

// blocksText is all text of a message's blocks, without its markup.
func blocksText(t *testing.T, blocks []byte) string {
	t.Helper()
	var root any
	require.NoError(t, json.Unmarshal(blocks, &root))
	var text strings.Builder
	collectText(root, &text)
	return text.String()
}

func collectText(node any, out *strings.Builder) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			collectText(child, out)
		}
	case map[string]any:
		if text, ok := n["text"].(string); ok {
			out.WriteString(text)
		}
		for _, key := range []string{"text", "elements", "fields"} {
			if _, isText := n[key].(string); !isText {
				collectText(n[key], out)
			}
		}
	}
}

func TestEndToEndRoutesDecideTheChannels(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	s.start()
	both := saleCall("both")
	both.Transcript = append(both.Transcript, leavingCall("").Transcript...)
	s.accept("calls", both)
	s.accept("calls", quietCall("quiet"))
	body := saleCall("emea").json(t)
	a := s.do(http.MethodPost, s.public+"/webhooks/calls?region=emea&other=x", body, standard(body, time.Now()))
	require.Equal(t, http.StatusAccepted, a.status, "%s", a.body)
	body = leavingCall("from-the-pbx").json(t)
	a = s.do(http.MethodPost, s.public+"/webhooks/pbx", body, signature256(plainSecret, body))
	require.Equal(t, http.StatusAccepted, a.status, "%s", a.body)

	for key, channels := range map[string][]string{
		"calls.both":       {"#promotions", "#retention", "#managers"},
		"calls.quiet":      {},
		"calls.emea":       {"#emea", "#promotions"},
		"pbx.from-the-pbx": {"#call-alerts"},
	} {
		r := s.waitStage(key, events.StageDone)
		got := []string{}
		for _, a := range r.Alerts {
			got = append(got, a.Destination)
			require.Len(t, alertsOf(slack, a.Destination, key), 1, "%s in %s", key, a.Destination)
		}
		require.ElementsMatch(t, channels, got, key)
	}
}

// alertsOf are the messages of a channel about one recording.
func alertsOf(slack *slacktest.Server, channel, key string) []slacktest.Message {
	var found []slacktest.Message
	for _, m := range slack.Messages(channel) {
		if m.Metadata.EventPayload["recording"] == key {
			found = append(found, m)
		}
	}
	return found
}

func TestEndToEndAudioWithoutATranscriberIsADeadLetter(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	media, authorised := newMedia(t)
	s.start()
	form := twilioForm("RE00000000000000000000000000000001", media.URL+"/rec/1?sig=signature-of-the-media-url")
	a := s.sendTwilio("/webhooks/phone?x=1", "https://calls.example.com/tb/webhooks/phone?x=1", form)
	require.Equal(t, http.StatusAccepted, a.status, "%s", a.body)
	key := "phone.RE00000000000000000000000000000001"
	r := s.waitStage(key, events.StageDead)
	require.Contains(t, r.Error, "engine.transcriber", "it says what to configure")
	require.Len(t, r.DeadLetters, 1)
	require.Empty(t, r.JobID)
	require.Zero(t, authorised.Load(), "credentials are for Twilio's hosts only")

	other := s.sendTwilio("/webhooks/phone", s.public+"/webhooks/phone", form)
	requireProblem(t, other, http.StatusUnauthorized, "")
}

// newMedia serves a recording on loopback, and counts the requests that bring
// credentials.
func newMedia(t *testing.T) (srv *httptest.Server, authorised *atomic.Int32) {
	t.Helper()
	authorised = &atomic.Int32{}
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			authorised.Add(1)
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(wav))
	}))
	t.Cleanup(srv.Close)
	return srv, authorised
}

// The first bytes of a WAV, an MP3 and an MP4 file, which tell what they are.
const (
	wav = "RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x08\x00\x00"
	mp3 = "ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x64\x00\x00\x00\x00"
	mp4 = "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x00\x08free"
)

func TestEndToEndPrivateMediaIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t, consoleConfig, "SECRET_QUERY", "q-9c31f")
	s.write("trackers.yaml", testTrackers)
	s.start()
	media, _ := newMedia(t)
	key := s.accept("calls", hook{ID: "inside", RecordingURL: media.URL + "/a.wav?key=q-9c31f"})
	r := s.waitStage(key, events.StageDead)
	require.NotEmpty(t, r.Error)
	require.NotContains(t, r.Error, "q-9c31f")
	require.NotContains(t, r.Error, "a.wav")
}

// consoleConfig prints its alerts and has one source.
const consoleConfig = `
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
slack: {ratePerChannel: 0}
sources: [{name: calls, provider: generic, secret: ` + standardSecret + `}]
trackers: ${DIR}/trackers.yaml
`

func TestEndToEndAlertsArePrintedWithoutASlackToken(t *testing.T) {
	t.Parallel()
	s := newService(t, consoleConfig)
	s.write("trackers.yaml", testTrackers)
	p := s.start()
	key := s.accept("calls", saleCall("printed"))
	r := s.waitStage(key, events.StageDone)
	require.Len(t, r.Alerts, 1)
	require.Empty(t, r.Alerts[0].TS)
	// What is written is on its way through a pipe.
	require.Eventually(t, func() bool { return strings.Contains(p.stdout.String(), key) }, soon, tick)
	out := p.stdout.String()
	for _, part := range []string{"Promotion Mention  → #call-alerts", "“" + saleQuote + "”", "Anna (agent) · 0:13", "+1 415 •••• 0137", key} {
		require.Contains(t, out, part)
	}
	require.NotContains(t, out+p.stderr.String(), callerNumber[1:])
}
