package main

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// prompt is what an idle service may take to stop on a machine that other tests load;
// its drain is 25 s.
const prompt = 15 * time.Second

func TestEndToEndAnIdleServiceStopsAtOnce(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s, _ := newFull(t)
			p := s.start()
			s.waitStage(s.accept("calls", saleCall("sale-1")), events.StageDone)
			begin := time.Now()
			p.signal(signal)
			require.Equal(t, 0, p.code())
			require.Less(t, time.Since(begin), prompt)
			require.NotContains(t, p.stderr.String(), `"level":"error"`)
		})
	}
}

func TestEndToEndADuplicateIsKnownAfterARestart(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	p := s.start()
	key := s.accept("calls", saleCall("sale-1"))
	before := s.waitStage(key, events.StageDone)
	p.stop()
	s.start()
	require.JSONEq(t, `{"recording":"calls.sale-1","duplicate":true}`, string(s.sendStandard("calls", saleCall("sale-1")).body))
	after, ok := s.recording(key)
	require.True(t, ok)
	require.Equal(t, before, after)
	s.waitStage(s.accept("calls", saleCall("sale-2")), events.StageDone)
	require.Len(t, slack.Messages("#promotions"), 2)
}

func TestEndToEndSIGTERMHandsBackWhatSlackDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method == "chat.postMessage" {
			return &slacktest.Fault{Accept: true, Hang: true}
		}
		return nil
	})
	p := s.start("TRACKERBELL_SERVER_SHUTDOWNTIMEOUT=1s")
	key := s.accept("calls", saleCall("sale-1"))
	require.Eventually(t, func() bool { return len(slack.Messages("#promotions")) == 1 }, soon, tick)
	begin := time.Now()
	p.stop()
	require.Less(t, time.Since(begin), time.Second+prompt)
	slack.Fail(nil)
	s.start()
	r := s.waitStage(key, events.StageDone)
	posted := slack.Messages("#promotions")
	require.Len(t, posted, 1, "it was looked up, not posted again")
	require.Equal(t, posted[0].TS, r.Alerts[0].TS)
}

func TestEndToEndSIGTERMDoesNotWaitForASlowSender(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	p := s.start("TRACKERBELL_SERVER_SHUTDOWNTIMEOUT=1s")
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.public, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /webhooks/calls HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, s.status(s.admin+"/healthz"))
	begin := time.Now()
	p.stop()
	require.Less(t, time.Since(begin), time.Second+prompt)
}

func TestEndToEndTheDataDirectoryHasOneOwner(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	first := s.start()
	second := command(t, s.dir, []string{"TRACKERBELL_SERVER_ADDR=127.0.0.1:0", "TRACKERBELL_ADMIN_ADDR=127.0.0.1:0"}, "serve", "--config", s.config)
	require.Equal(t, 1, second.code)
	require.Contains(t, second.stderr, fmt.Sprintf("process %d", first.cmd.Process.Pid))
	require.Regexp(t, `^trackerbell: .+\n$`, second.stderr, "one line")
	s.waitStage(s.accept("calls", saleCall("unharmed")), events.StageDone)
	first.kill()
	s.start().stop() // a crash leaves no lock behind
}

func TestEndToEndATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	r := command(t, s.dir, []string{"TRACKERBELL_NATS_DATADIR=" + t.TempDir()}, "serve", "--config", s.config)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "server.addr")
}

func TestEndToEndServeNeedsNoConfiguration(t *testing.T) {
	t.Parallel()
	public, admin := freeAddr(t), freeAddr(t)
	dir := t.TempDir()
	env := []string{"TRACKERBELL_SERVER_ADDR=" + public, "TRACKERBELL_ADMIN_ADDR=" + admin, "TRACKERBELL_SLACK_RATEPERCHANNEL=0"}
	s := &service{t: t, dir: dir, public: "http://" + public, admin: "http://" + admin, client: &http.Client{Timeout: soon}}
	t.Cleanup(s.client.CloseIdleConnections)
	first := launch(t, dir, env, "serve")
	s.waitReady(first)
	found := regexp.MustCompile(`whsec_\S+`).FindAllString(first.stdout.String(), -1)
	require.Len(t, found, 1, "the secret is printed once:\n%s", first.stdout)
	require.NotContains(t, first.stderr.String(), found[0])

	body := saleCall("by-hand").json(t)
	a := s.do(http.MethodPost, s.public+"/webhooks/calls", body, with(bearer(found[0]), "Content-Type", "application/json"))
	require.Equal(t, http.StatusAccepted, a.status, "%s", a.body)
	trackers := s.write("trackers.yaml", testTrackers)
	require.Equal(t, 0, command(t, dir, env, "trackers", "create", trackers).code)
	call := s.write("call.json", `[{"speaker":"Anna","text":"We have a sale right now on shoes.","start":1,"end":4}]`)
	sent := command(t, dir, env, "send", "calls", "--transcript", call, "--id", "sent")
	require.Equal(t, 0, sent.code, sent.stderr)
	s.waitFor("calls.sent", soon, func(r api.RecordingView) bool { return r.Stage == events.StageDone })
	require.DirExists(t, dir+"/data")
	first.stop()
	require.Contains(t, first.stdout.String(), "Promotion Mention  → #call-alerts")

	second := launch(t, dir, env, "serve")
	s.waitReady(second)
	require.NotContains(t, second.stdout.String(), "whsec_")
	require.Equal(t, 0, command(t, dir, env, "send", "calls", "--transcript", call, "--id", "again").code, "the secret is kept")
	s.waitStage("calls.again", events.StageDone)
	second.stop()
	require.NotContains(t, first.stderr.String()+second.stderr.String(), found[0])
}
