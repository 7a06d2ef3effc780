package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// The ways a file of the store is damaged.
func zeroed(b []byte) []byte { return make([]byte, len(b)) }
func halved(b []byte) []byte { return b[:len(b)/2] }
func emptied([]byte) []byte  { return nil }

func flipped(b []byte) []byte {
	b[len(b)/2] ^= 0xff
	return b
}

// renamed is the description of a consumer with a key that nobody knows, for
// which NATS takes the whole stream out of service.
func renamed(b []byte) []byte { return bytes.Replace(b, []byte("ack_policy"), []byte("ack_polizy"), 1) }

// halfWritten is what a power cut leaves behind what was synced.
func halfWritten(b []byte) []byte {
	return append(append(b, b[:min(len(b), 40)]...), make([]byte, 4096)...)
}

// damage is what was done to which files of the store, whose paths begin at its
// streams.
type damage struct {
	how func([]byte) []byte
	to  []string
}

// TestADamagedStoreIsMended damages files of a store that was left with work in
// every stage: the work is finished, and nothing is done twice.
func TestADamagedStoreIsMended(t *testing.T) {
	skipInShort(t)
	t.Parallel()
	blocks := []string{"RECORDINGS/msgs/1.blk", "ALERTS/msgs/1.blk", "KV_LEDGER/msgs/1.blk", "KV_TRACKERBELL/msgs/1.blk"}
	for name, c := range map[string]struct {
		damage []damage
		said   string
	}{
		"states of consumers": {[]damage{
			{zeroed, []string{"RECORDINGS/obs/submit/o.dat", "ALERTS/obs/notify_alerts/o.dat"}},
			{halved, []string{"RECORDINGS/obs/await/o.dat"}}, {emptied, []string{"RECORDINGS/obs/route/o.dat"}},
		}, "the state of a consumer is damaged"},
		"descriptions of consumers": {[]damage{
			{renamed, []string{"RECORDINGS/obs/await/meta.inf"}}, {zeroed, []string{"RECORDINGS/obs/submit/meta.inf"}},
			{halved, []string{"ALERTS/obs/notify_alerts/meta.inf"}},
		}, "the state of a consumer is damaged"},
		"descriptions of streams": {[]damage{
			{flipped, []string{"RECORDINGS/meta.inf"}}, {zeroed, []string{"KV_LEDGER/meta.inf"}}, {emptied, []string{"ALERTS/meta.sum"}},
		}, "checksums do not match"},
		"what a power cut leaves": {[]damage{{halfWritten, blocks}}, "could not be read and was cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			s, slack, keys := leaveUnfinished(t, h)
			for _, d := range c.damage {
				for _, file := range d.to {
					path := filepath.Join(s.dir, "data", "nats", "jetstream", "$G", "streams", file)
					raw, err := os.ReadFile(path)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(path, d.how(raw), 0o600))
				}
			}
			p := s.restart(keys...)
			require.Contains(t, p.stderr.String(), c.said)
			require.Len(t, slack.Messages("#alerts"), len(keys))
			for _, key := range keys {
				require.Len(t, alertsOf(slack, "#alerts", key), 1, key)
			}
			require.Len(t, h.submissions(), len(keys))
			p.stop()
		})
	}
}

// leaveUnfinished kills a service with a recording in each stage, and lets Symbl
// and Slack, which kept them there, work again.
func leaveUnfinished(t *testing.T, h *hostedSymbl) (s *service, slack *slacktest.Server, keys []string) {
	t.Helper()
	s, slack = newHostedService(t, h, often, false)
	slack.AddChannel(slacktest.Channel{Name: "alerts"})
	p := s.start()
	leave := func(id string, stage events.Stage) {
		keys = append(keys, s.accept("calls", saleCall(id)))
		s.waitStage("calls."+id, stage)
	}
	leave("done", events.StageDone)
	slack.Fail(func(method, _ string) *slacktest.Fault {
		if method != "chat.postMessage" {
			return nil
		}
		return &slacktest.Fault{Status: http.StatusServiceUnavailable}
	})
	leave("alert", events.StageProcessed)
	h.change(func(h *hostedSymbl) { h.manual = true })
	leave("job", events.StageSubmitted)
	h.change(func(h *hostedSymbl) {
		h.refuse = func(int, string) *hostedFault { return &hostedFault{status: http.StatusServiceUnavailable} }
	})
	tried := h.tried()
	leave("ready", events.StageReady)
	require.Eventually(t, func() bool { return h.tried() > tried && slack.Calls("chat.postMessage") > 1 }, soon, tick)
	p.kill()
	slack.Fail(nil)
	h.change(func(h *hostedSymbl) { h.refuse, h.manual = nil, false })
	for _, j := range h.unfinished() {
		h.end(j, "completed")
	}
	return s, slack, keys
}
