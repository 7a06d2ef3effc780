package events

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

// teams are routes to the channels #c0, #c1… by the label n.
func teams(channels int) []config.Route {
	routes := make([]config.Route, channels)
	for i := range routes {
		routes[i] = config.Route{Match: config.Match{Labels: map[string]string{"n": strconv.Itoa(i)}}, Channel: fmt.Sprintf("#c%d", i)}
	}
	return routes
}

// TestAllChannelsTogetherKeepToTheRateOfTheWorkspace asks for the least time that
// the posts must take: a machine under load takes longer.
func TestAllChannelsTogetherKeepToTheRateOfTheWorkspace(t *testing.T) {
	t.Parallel()
	const channels, each, perSecond = 3, 3, 10
	h, slack := slackHouse(t, teams(channels), func(o *Options) { o.RateAll = perSecond })
	h.run(h.Service)
	for i := range channels * each {
		rec := talk(fmt.Sprintf("n%d", i), 1)
		rec.Labels = map[string]string{"n": strconv.Itoa(i % channels)}
		h.accept(rec)
	}
	var at []float64
	require.Eventually(t, func() bool {
		at = nil
		for i := range channels {
			for _, m := range slack.Messages(fmt.Sprintf("#c%d", i)) {
				ts, err := strconv.ParseFloat(m.TS, 64)
				require.NoError(t, err)
				at = append(at, ts)
			}
		}
		return len(at) == channels*each
	}, soon, tick)
	first, last := at[0], at[0]
	for _, ts := range at {
		first, last = min(first, ts), max(last, ts)
	}
	// What the limiter let go may have waited before it arrived: one interval off.
	require.GreaterOrEqual(t, last-first, float64(channels*each-2)/perSecond)
}

// TestAnyoneCanSubscribeToAlerts does so in both ways that NATS has: a plain
// subscription sees what is published from then on, a consumer what is kept, too.
func TestAnyoneCanSubscribeToAlerts(t *testing.T) {
	t.Parallel()
	h, slack := slackHouse(t, teams(2), nil)
	plain := make(chan *nats.Msg, 8)
	sub, err := h.dep.Conn.ChanSubscribe("alerts.>", plain)
	require.NoError(t, err)
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	h.run(h.Service)
	for i := range 2 {
		rec := talk(fmt.Sprintf("n%d", i), 1)
		rec.From, rec.Labels = "+14155550137", map[string]string{"n": strconv.Itoa(i)}
		h.accept(rec)
		h.settled(h.Service, rec.Key, StageDone)
	}
	for i := range 2 {
		h.requireAlert(<-plain, i)
	}
	cons, err := h.js.CreateOrUpdateConsumer(t.Context(), "ALERTS", jetstream.ConsumerConfig{Durable: "mine", FilterSubject: "alerts.*"})
	require.NoError(t, err)
	for i := range 2 {
		msg, err := cons.Next(jetstream.FetchMaxWait(soon))
		require.NoError(t, err)
		require.NoError(t, msg.Ack())
		h.requireAlert(&nats.Msg{Subject: msg.Subject(), Data: msg.Data()}, i)
	}
	require.Len(t, slack.Messages("#c0"), 1, "whoever listens takes nothing away")
}

// requireAlert reads a message as another program would: as a CloudEvent.
func (h *house) requireAlert(msg *nats.Msg, i int) {
	h.t.Helper()
	require.Equal(h.t, fmt.Sprintf("alerts.c%d", i), msg.Subject)
	var event cloudevents.Event
	require.NoError(h.t, json.Unmarshal(msg.Data, &event))
	require.NoError(h.t, event.Validate())
	require.Equal(h.t, "io.trackerbell.alert.v1", event.Type())
	require.Equal(h.t, fmt.Sprintf("calls.n%d", i), event.Subject())
	require.WithinDuration(h.t, time.Now(), event.Time(), time.Minute)
	var alert notify.Alert
	require.NoError(h.t, event.DataAs(&alert))
	require.Equal(h.t, fmt.Sprintf("#c%d", i), alert.Destination)
	require.Equal(h.t, "+14155550137", alert.Call.From, "whole; destinations mask it")
	require.Equal(h.t, "sale number 0", alert.Trackers[0].Quotes[0].Text)
}
