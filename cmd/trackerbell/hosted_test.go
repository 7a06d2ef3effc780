package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// hostedConfig submits to a Symbl elsewhere; its jobs are polled every poll,
// and told of where publicURL is set.
const hostedConfig = `
server: {addr: "${PUBLIC}", publicURL: "${PUBLICURL}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: interval}
symbl:
  baseURL: ${SYMBL}
  appId: ` + hostedID + `
  appSecret: ${SECRET_APP}
  pollInterval: ${POLL}
  pollMax: ${POLL}
  settleTime: 2s
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
media: {allowHosts: [127.0.0.1]}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}"}]
`

const (
	never = "1h"   // a poll that no test waits for
	often = "50ms" // a poll that no test waits long for
)

// newHostedService makes a service for the stand-in. With callbacks its public
// listener is told of jobs.
func newHostedService(t *testing.T, h *hostedSymbl, poll string, callbacks bool) (*service, *slacktest.Server) {
	t.Helper()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, "", "SYMBL", h.URL, "POLL", poll, "SLACK", slack.URL, "PUBLICURL", "", "SECRET_APP", hostedSecret,
		"SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret, "SECRET_TOKEN", "-of-the-account",
		"SECRET_CALLBACK", "/callbacks/symbl/Y2Fsb", "SECRET_QUOTE", saleQuote, "SECRET_CALLER", callerNumber[1:])
	if callbacks {
		for i := range s.vars {
			if s.vars[i] == "PUBLICURL" {
				s.vars[i+1] = s.public
			}
		}
	}
	s.write("trackerbell.yaml", hostedConfig)
	return s, slack
}

func TestHostedJobsAreAwaitedByCallback(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*hostedSymbl){
		"documented body":             func(*hostedSymbl) {},
		"body as seen on the wire":    func(h *hostedSymbl) { h.asID = true },
		"callback before the answer":  func(h *hostedSymbl) { h.early = true },
		"results at another path":     func(h *hostedSymbl) { h.detected = true },
		"a token that is soon at end": func(h *hostedSymbl) { h.lifetime = 2 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			set(h)
			s, slack := newHostedService(t, h, never, true)
			p := s.start()
			key := s.accept("calls", saleCall("sale-1"))
			r := s.waitStage(key, events.StageDone)
			require.Equal(t, []string{"Promotion Mention"}, r.Trackers)
			posted := slack.Messages("#alerts")
			require.Len(t, posted, 1)
			require.Contains(t, blocksText(t, posted[0].Blocks), "Anna (agent) · 0:13")
			require.Len(t, h.submissions(), 1)
			p.stop()
		})
	}
}

func TestHostedSubmissionsCarryWhatTheirEndpointWants(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	s, slack := newHostedService(t, h, often, true)
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content := map[string]string{"/audio.mp4": wav, "/music": mp3, "/video.wav": mp4, "/page.wav": "<!DOCTYPE html><title>Log in</title>"}[r.URL.Path]
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	}))
	t.Cleanup(media.Close)
	s.start()
	text := s.accept("calls", saleCall("text"))
	for path, endpoint := range map[string]string{"/audio.mp4": "/v1/process/audio/url", "/music": "/v1/process/audio/url", "/video.wav": "/v1/process/video/url"} {
		id := strings.NewReplacer("/", "", ".", "-").Replace(path)
		key := s.accept("calls", hook{ID: id, RecordingURL: media.URL + path + "?token=x", Channels: 2})
		r := s.waitStage(key, events.StageDone)
		got := submissionOf(t, h, key)
		require.Equal(t, endpoint, got.path, "the bytes decide, not the name")
		require.Equal(t, media.URL+path+"?token=x", got.body["url"])
		require.Equal(t, true, got.body["enableAllTrackers"])
		require.Equal(t, true, got.body["enableSeparateRecognitionPerChannel"])
		require.Empty(t, got.query)
		require.Equal(t, []string{"Promotion Mention"}, r.Trackers)
		require.Contains(t, blocksText(t, alertsOf(slack, "#alerts", key)[0].Blocks), "0:13", "the time comes from timeOffset")
	}
	s.waitStage(text, events.StageDone)
	got := submissionOf(t, h, text)
	require.Equal(t, "/v1/process/text", got.path)
	require.Equal(t, true, got.body["enableAllTrackers"])
	webhookURL, ok := got.body["webhookUrl"].(string)
	require.True(t, ok)
	require.True(t, strings.HasPrefix(webhookURL, s.public+"/callbacks/symbl/"))
	require.Len(t, got.body["messages"], 3)

	page := s.waitStage(s.accept("calls", hook{ID: "page", RecordingURL: media.URL + "/page.wav"}), events.StageDead)
	require.Contains(t, page.Error, "an HTML page")
	require.Len(t, h.submissions(), 4, "a login page is not submitted")
}

// submissionOf is the one submission of a recording.
func submissionOf(t *testing.T, h *hostedSymbl, key string) submission {
	t.Helper()
	var found []submission
	for _, s := range h.submissions() {
		if s.name == key {
			found = append(found, s)
		}
	}
	require.Len(t, found, 1, key)
	return found[0]
}

func TestHostedJobsAreAwaitedByPollingAlone(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.manual = true
	s, slack := newHostedService(t, h, often, false)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageSubmitted)
	require.NotContains(t, submissionOf(t, h, key).body, "webhookUrl")
	h.finish(h.unfinished()[0].id, "completed")
	s.waitStage(key, events.StageDone)
	require.Len(t, slack.Messages("#alerts"), 1)
}

func TestHostedForgedCallbacksAreRefused(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.manual = true
	s, slack := newHostedService(t, h, never, true)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageSubmitted)
	j := h.unfinished()[0]
	body := []byte(`{"jobId":"` + j.id + `","status":"completed"}`)
	json := http.Header{"Content-Type": {"application/json"}}
	requireProblem(t, s.do(http.MethodPost, j.webhook+"x", body, json), http.StatusNotFound, "")
	a := s.do(http.MethodPost, j.webhook, body, json)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	r, _ := s.recording(key)
	require.Equal(t, events.StageSubmitted, r.Stage, "a callback is only a hint: the job says that it runs")
	require.Empty(t, slack.Messages("#alerts"))
	h.end(j, "completed")
	for range 3 { // and duplicates do no harm
		h.told(j, "completed", "in_progress")
	}
	s.waitStage(key, events.StageDone)
	require.Len(t, slack.Messages("#alerts"), 1)
}

func TestHostedRefusalsAreTriedAgainAndSubmitOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]hostedFault{
		"429 with Retry-After":         {status: 429, retryAfter: "1"},
		"429 without Retry-After":      {status: 429},
		"500":                          {status: 500},
		"503 that accepted it":         {status: 503, accept: true},
		"broken connection":            {drop: true},
		"broken after accepting it":    {drop: true, accept: true},
		"401, once":                    {status: 401},
		"a gateway that took too long": {status: 504, accept: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			refusals := 2
			if fault.status == http.StatusUnauthorized {
				refusals = 1 // a new token is asked for once
			}
			h.refuse = func(n int, _ string) *hostedFault {
				if n > refusals {
					return nil
				}
				return &fault
			}
			s, slack := newHostedService(t, h, often, false)
			s.start()
			key := s.accept("calls", saleCall("sale-1"))
			s.waitStage(key, events.StageDone)
			require.Len(t, h.submissions(), 1)
			require.Len(t, slack.Messages("#alerts"), 1)
			if fault.accept {
				require.Equal(t, 1, h.tried(), "the conversation was found by its name")
			}
		})
	}
}

func TestHostedA400IsADeadLetterAtOnce(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.refuse = func(int, string) *hostedFault { return &hostedFault{status: 400} }
	s, _ := newHostedService(t, h, often, false)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	r := s.waitStage(key, events.StageDead)
	require.Equal(t, 1, h.tried())
	require.Contains(t, r.Error, "400")
}

func TestHostedJobsThatFailAreSubmittedAnewByAReplay(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.manual = true
	s, slack := newHostedService(t, h, never, true)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	first := s.waitStage(key, events.StageSubmitted)
	h.end(h.unfinished()[0], "failed")
	s.waitStage(key, events.StageDead)
	list := printed[api.DeadList](t, s.must("dead", "list", "--output", "json")).Dead
	require.Len(t, list, 1)
	require.Equal(t, "job_failed", list[0].Reason)
	require.Equal(t, "await", list[0].Step)
	require.Contains(t, s.must("dead", "replay", "--all"), "replayed")
	second := s.waitStage(key, events.StageSubmitted)
	require.NotEqual(t, first.JobID, second.JobID)
	h.end(h.unfinished()[0], "completed")
	s.waitStage(key, events.StageDone)
	require.Len(t, h.submissions(), 2)
	require.Len(t, slack.Messages("#alerts"), 1)
}

func TestHostedJobsThatNeverEndAreDeadLetters(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.manual = true
	s, slack := newHostedService(t, h, often, false)
	s.start("TRACKERBELL_SYMBL_JOBTIMEOUT=1s", "TRACKERBELL_SLACK_OPERATORCHANNEL=#operators")
	r := s.waitStage(s.accept("calls", saleCall("sale-1")), events.StageDead)
	require.Contains(t, r.Error, "1s")
	require.Eventually(t, func() bool { return len(slack.Messages("#operators")) == 1 }, soon, tick, "the operator is told")
	require.Regexp(t, `^trackerbell gave up on a recording.*\n• 1: calls\.sale-1 at await \(job_timeout\): .*\ntrackerbell dead list`, slack.Messages("#operators")[0].Text)
}

func TestHostedTokensAreRenewed(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	s, slack := newHostedService(t, h, often, false)
	s.start()
	s.waitStage(s.accept("calls", saleCall("first")), events.StageDone)
	require.Equal(t, 1, h.tokensIssued())
	h.revoke()
	r := s.waitStage(s.accept("calls", saleCall("second")), events.StageDone)
	require.Equal(t, 2, h.tokensIssued(), "once on 401")
	require.Equal(t, 1, r.Attempts["submit"], "which is no failure")
	require.Len(t, slack.Messages("#alerts"), 2)
	require.Len(t, h.submissions(), 2)
}

func TestHostedJobsAreLimited(t *testing.T) {
	t.Parallel()
	const limit, calls = 3, 20
	h := newHosted(t)
	h.manual = true
	s, slack := newHostedService(t, h, never, true)
	s.start("TRACKERBELL_SYMBL_MAXJOBS=3")
	for i := range calls {
		s.accept("calls", saleCall("n"+string(rune('a'+i))))
	}
	for len(slack.Messages("#alerts")) < calls {
		before := len(h.submissions())
		require.Eventually(t, func() bool {
			return len(h.unfinished()) >= min(limit, calls-before) || len(h.submissions()) == calls
		}, soon, tick)
		for _, j := range h.unfinished() {
			h.end(j, "completed")
		}
		done := len(h.submissions())
		require.Eventually(t, func() bool { return len(slack.Messages("#alerts")) >= done || len(h.unfinished()) > 0 }, soon, tick)
	}
	require.LessOrEqual(t, h.mostAtATime(), limit)
	require.Len(t, h.submissions(), calls)
}

func TestHostedSymblIsWhatTheCommandsTalkTo(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	s, _ := newHostedService(t, h, never, false)
	list := printed[trackerList](t, s.must("trackers", "list", "--output", "json")).Trackers
	require.Len(t, list, 1)
	require.Equal(t, "4476908732794496", list[0].ID)
	ok := s.command("check")
	require.Equal(t, 0, ok.code, ok.stdout)
	require.Regexp(t, `(?m)^ok +symbl .*1 tracker`, ok.stdout)
	refused := command(t, s.dir, []string{"TRACKERBELL_CONFIG=" + s.config, "TRACKERBELL_SYMBL_APPSECRET=another-app-secret"}, "check")
	require.Equal(t, 1, refused.code)
	require.Regexp(t, `(?m)^failed +symbl .*appSecret`, refused.stdout)
	require.NotContains(t, refused.stdout+refused.stderr, "another-app-secret")
}
