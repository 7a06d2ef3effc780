package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

// TestEndToEndFiveHundredAlertsInRealTime posts a hundred alerts to each of five
// channels at Slack's own rate, a message a second and channel, while one channel
// answers 429 to everything for twenty seconds. The package events has the same
// with a fast clock.
func TestEndToEndFiveHundredAlertsInRealTime(t *testing.T) {
	if os.Getenv("TRACKERBELL_LONG") == "" {
		t.Skip("two minutes; set TRACKERBELL_LONG=1")
	}
	t.Parallel()
	const each, slowFor, retryAfter = 100, 20 * time.Second, 3 * time.Second
	slack := slacktest.New(t, slacktest.WithAnyChannel(), slacktest.WithToken("xoxb-secret-of-the-bot"), slacktest.WithRate(1))
	s := newService(t, strings.Replace(killConfig, "ratePerChannel: 0, ", "", 1),
		"SLACK", slack.URL, "SECRET_SLACK", "xoxb-secret-of-the-bot", "SECRET_STANDARD", standardSecret)
	s.write("trackers.yaml", testTrackers)
	var refused atomic.Int64
	p := s.start()
	begin := time.Now()
	slack.Fail(func(method, channel string) *slacktest.Fault {
		if method == "chat.postMessage" && strings.HasSuffix(channel, "t3") && time.Since(begin) < slowFor {
			refused.Add(1)
			return &slacktest.Fault{Status: http.StatusTooManyRequests, RetryAfter: retryAfter}
		}
		return nil
	})
	for i := range each * killTeams {
		h, _ := teamCall(i)
		s.accept("calls", h)
	}
	finished := map[int]time.Duration{}
	require.Eventually(t, func() bool {
		for team := range killTeams {
			if _, ok := finished[team]; !ok && len(slack.Messages(fmt.Sprintf("#t%d", team))) >= each {
				finished[team] = time.Since(begin).Round(time.Second)
			}
		}
		return len(finished) == killTeams
	}, 5*time.Minute, 10*tick)
	t.Logf("the channels were done after %v; the slow one refused %d posts", finished, refused.Load())
	require.Positive(t, refused.Load())
	require.LessOrEqual(t, refused.Load(), int64(slowFor/retryAfter)+2, "Retry-After is obeyed")
	require.Greater(t, finished[3], finished[0], "the slow channel delays no other")
	p.stop()
	stored := s.storedAlerts()
	for team := range killTeams {
		var posted []string
		for _, m := range slack.Messages(fmt.Sprintf("#t%d", team)) {
			key, isText := m.Metadata.EventPayload["recording"].(string)
			require.True(t, isText)
			posted = append(posted, key)
		}
		require.Equal(t, stored[fmt.Sprintf("alerts.t%d", team)], posted, "all, each once, in the order of the stream")
	}
}

// storedAlerts opens the store of a stopped service: the recordings whose alerts
// each destination has, in their order.
func (s *service) storedAlerts() map[string][]string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	store, err := events.Connect(config.NATS{DataDir: filepath.Join(s.dir, "data"), Sync: "interval"}, zap.NewNop())
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, store.Close(ctx)) }()
	js, err := jetstream.New(store.Conn)
	require.NoError(s.t, err)
	keys := map[string][]string{}
	for _, msg := range storedMessages(ctx, s.t, js, events.StreamAlerts) {
		keys[msg.Subject()] = append(keys[msg.Subject()], requireCloudEvent(s.t, msg).Subject)
	}
	return keys
}
