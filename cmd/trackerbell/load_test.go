package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

const (
	loadCalls    = 1000
	loadChannels = 50
	loadSenders  = 8 // connections of the one client
)

// loadConfig routes by label to 50 channels, without a rate limit.
func loadConfig() string {
	var b strings.Builder
	b.WriteString(`
server: {addr: "${PUBLIC}"}
admin: {addr: "${ADMIN}"}
nats: {dataDir: "${DATA}", sync: ${SYNC}}
slack: {token: "${SECRET_SLACK}", apiURL: "${SLACK}", ratePerChannel: 0, defaultChannel: "#alerts"}
sources: [{name: calls, provider: generic, secret: "${SECRET_STANDARD}"}]
trackers: ${DIR}/trackers.yaml
routes:
`)
	for i := range loadChannels {
		fmt.Fprintf(&b, "  - {match: {labels: {team: \"%d\"}}, channel: \"#team-%d\"}\n", i, i)
	}
	return b.String()
}

// TestEndToEndAThousandCallsEachSentTwice is not parallel: it measures.
func TestEndToEndAThousandCallsEachSentTwice(t *testing.T) {
	t.Run("sync interval", func(t *testing.T) { sendThousand(t, "interval") })
	t.Run("sync always", func(t *testing.T) {
		if os.Getenv("TRACKERBELL_LONG") == "" {
			t.Skip("set TRACKERBELL_LONG=1")
		}
		sendThousand(t, "always")
	})
}

func sendThousand(t *testing.T, sync string) {
	t.Helper()
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"))
	s := newService(t, loadConfig(), "SYNC", sync, "SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret)
	s.write("trackers.yaml", testTrackers)
	p := s.start()
	begin := time.Now()
	fresh := s.sendAll(t)
	t.Logf("%d webhooks were answered in %s", 2*loadCalls, time.Since(begin).Round(time.Millisecond))
	require.Len(t, fresh, loadCalls, "of the two deliveries of a recording one is the first")
	for key, n := range fresh {
		require.Equal(t, 1, n, key)
	}
	require.Eventually(t, func() bool { return loadPosted(slack) >= loadCalls }, 4*time.Minute, 5*tick)
	t.Logf("%d alerts were posted in %s", loadCalls, time.Since(begin).Round(time.Millisecond))

	var all []api.RecordingView
	require.Eventually(t, func() bool {
		all = s.recordings("333")
		return len(all) == loadCalls && allDone(all)
	}, soon, 10*tick)
	requireOneAlertEach(t, slack, all)
	require.Equal(t, loadCalls, slack.Calls("chat.postMessage"))
	p.stop()
}

// sendAll sends each call twice, as fast as one client can, and counts for
// each recording how often it was new.
func (s *service) sendAll(t *testing.T) map[string]int {
	t.Helper()
	work, results := make(chan int), make(chan api.Accepted, 2*loadCalls)
	var senders sync.WaitGroup
	for range loadSenders {
		senders.Go(func() {
			for i := range work {
				results <- s.sendLoad(i)
			}
		})
	}
	for i := range 2 * loadCalls {
		work <- i / 2
	}
	close(work)
	senders.Wait()
	close(results)
	fresh, total := map[string]int{}, 0
	for a := range results {
		if a.Recording != "" {
			total++
		}
		if !a.Duplicate {
			fresh[a.Recording]++
		}
	}
	require.Equal(t, 2*loadCalls, total, "all were accepted")
	return fresh
}

// sendLoad sends one call; an answer that is no 202 gives an empty one.
func (s *service) sendLoad(i int) (got api.Accepted) {
	body := fmt.Appendf(nil, `{"id":"load-%04d","labels":{"team":"%d"},"transcript":[{"speaker":"Anna","text":%q,"start":13.4,"end":18}]}`,
		i, i%loadChannels, saleQuote)
	a, err := s.try(http.MethodPost, s.public+"/webhooks/calls", body, standard(body, time.Now()))
	if err != nil || a.status != http.StatusAccepted {
		return api.Accepted{}
	}
	_ = json.Unmarshal(a.body, &got) // what does not parse is empty, and so missed
	return got
}

func loadPosted(slack *slacktest.Server) (n int) {
	for i := range loadChannels {
		n += len(slack.Messages(fmt.Sprintf("#team-%d", i)))
	}
	return n
}

func allDone(list []api.RecordingView) bool {
	for _, r := range list {
		if r.Stage != events.StageDone {
			return false
		}
	}
	return true
}

// requireOneAlertEach checks the ledger against the messages.
func requireOneAlertEach(t *testing.T, slack *slacktest.Server, all []api.RecordingView) {
	t.Helper()
	messages := map[string]string{} // recording to the ts of its message
	for i := range loadChannels {
		channel := slack.Messages(fmt.Sprintf("#team-%d", i))
		require.Len(t, channel, loadCalls/loadChannels)
		for _, m := range channel {
			key, isText := m.Metadata.EventPayload["recording"].(string)
			require.True(t, isText)
			require.NotContains(t, messages, key, "it is posted twice")
			messages[key] = m.TS
		}
	}
	for _, r := range all {
		require.Len(t, r.Alerts, 1, r.Key)
		require.Equal(t, messages[r.Key], r.Alerts[0].TS, r.Key)
	}
	require.Len(t, messages, loadCalls)
}
