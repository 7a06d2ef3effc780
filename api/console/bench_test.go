package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// BenchmarkTheFirstPage is the list of recordings as a browser asks for it, with
// 100,000 recordings in the ledger.
func BenchmarkTheFirstPage(b *testing.B) {
	store, err := events.Connect(config.NATS{DataDir: b.TempDir(), Sync: "interval"}, zap.NewNop())
	require.NoError(b, err)
	router, err := notify.NewRouter(nil, "#alerts")
	require.NoError(b, err)
	service, err := events.New(events.Options{
		Limits: events.Limits{Replicas: 1, MaxAge: time.Hour, MaxBytes: 1 << 30}, MaxJobs: 1, PollInterval: time.Second, PollMax: time.Second, Drain: time.Second,
	}, events.Deps{
		Conn: store.Conn, Router: router, Notifiers: notify.NewSwitchboard(notify.NewConsole(b.Output(), false), nil), Log: zap.NewNop(),
		Backend: func(context.Context) (events.Symbl, error) { return nil, nil }, //nolint:nilnil // nothing is submitted
	})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(b, <-ended)
		closing, done := context.WithTimeout(context.Background(), time.Minute)
		defer done()
		require.NoError(b, store.Close(closing))
	}()
	require.Eventually(b, func() bool { return service.Ready(ctx) == nil }, time.Minute, 10*time.Millisecond)
	fillLedger(b, store)
	newPages := func() *echo.Echo {
		pages, err := console.New(console.Deps{Store: service, Guard: access.New("", ""), Log: zap.NewNop()})
		require.NoError(b, err)
		e := echo.New()
		pages.Add(e)
		return e
	}
	ask := func(b *testing.B, e *echo.Echo, path string) {
		b.Helper()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		require.Equal(b, 200, w.Code)
		b.ReportMetric(float64(w.Body.Len()), "bytes/page")
	}
	e := newPages()
	for name, path := range map[string]string{"newest": "/", "tracker": "/recordings?tracker=Sale", "insights": "/insights"} {
		b.Run(name, func(b *testing.B) {
			ask(b, e, path) // who asks first for insights waits longer: see below
			for b.Loop() {
				ask(b, e, path)
			}
		})
	}
	b.Run("insights after the start", func(b *testing.B) {
		for b.Loop() {
			ask(b, newPages(), "/insights")
		}
	})
}

func fillLedger(b *testing.B, store *events.NATS) {
	b.Helper()
	const calls = 100_000
	js, err := jetstream.New(store.Conn, jetstream.WithPublishAsyncMaxPending(calls)) // a slow disk is waited for
	require.NoError(b, err)
	for i := range calls {
		e := events.Entry{
			Key: fmt.Sprintf("calls.%06d", i), Source: "calls", Stage: events.StageDone, Routed: true, ReceivedAt: time.Now(),
			Call: notify.Call{From: "+14155550137", To: "+14155550138", Agent: "Anna", Seconds: 61}, Trackers: []string{"Sale", "Threat"},
			JobID: "220d9716-e564-4f88-9763-c51d157313db", ConversationID: "4137319724761555", SubmitIntent: time.Now(), SubmittedAt: time.Now(),
		}
		for range 2 {
			e.Alerts = append(e.Alerts, events.AlertRecord{
				AlertID: "cg64jmclneyquczxhw5khnn3fq", Destination: "#alerts", Trackers: e.Trackers, Said: []events.Said{{Tracker: "Sale", Phrase: "We have a sale right now on"}},
				Post: events.Post{Intent: time.Now(), PostedAt: time.Now(), Channel: "C0123456789", TS: "1764323639.088538"},
			})
		}
		for _, step := range []string{events.StepSubmit, events.StepAwait, events.StepRoute, events.StepNotify, events.StepNotify} {
			e.Steps = append(e.Steps, events.StepTime{Step: step, At: time.Now()})
		}
		raw, err := json.Marshal(e)
		require.NoError(b, err)
		_, err = js.PublishAsync("$KV."+events.BucketLedger+"."+e.Key, raw)
		require.NoError(b, err)
	}
	<-js.PublishAsyncComplete()
}
