package events

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func TestAWalkVisitsEachEntryOnceUntilItWantsNoMore(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	for i := range 30 {
		h.write(Entry{Key: fmt.Sprintf("calls.%02d", i), Stage: StageReady})
	}
	h.write(Entry{Key: "calls.07", Stage: StageDone})
	var seen []string
	require.NoError(t, h.Walk(t.Context(), func(e *Entry) bool { seen = append(seen, e.Key); return true }))
	require.Len(t, seen, 30)
	require.Equal(t, []string{"calls.07", "calls.29"}, seen[:2])
	seen = nil
	require.NoError(t, h.Walk(t.Context(), func(e *Entry) bool { seen = append(seen, e.Key); return len(seen) < 3 }))
	require.Len(t, seen, 3)
}

func TestWhatWasSaidLatelyIsThereToTryTrackersOn(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	h.write(Entry{Key: "calls.b", Source: "calls", Stage: StageReady})
	got, err := h.Recent(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, got, 1, "nothing is known of the other call")
	require.Equal(t, "calls.a", got[0].Key)
	require.Equal(t, "a sale", got[0].Lines[0].Text)
	steps, err := h.StepBacklogs(t.Context())
	require.NoError(t, err)
	require.Len(t, steps, 4)
	require.Equal(t, StepSubmit, steps[0].Step)
}

// BenchmarkTheFirstPageOfManyRecordings reads the newest 50 of 100,000
// recordings, and the page of a search that matches nothing.
func BenchmarkTheFirstPageOfManyRecordings(b *testing.B) {
	store, err := Connect(config.NATS{DataDir: b.TempDir(), Sync: "interval"}, zap.NewNop())
	require.NoError(b, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(b, store.Close(ctx))
	}()
	s, err := New(Options{Limits: Limits{Replicas: 1, MaxAge: time.Hour, MaxBytes: 1 << 30}}, Deps{Conn: store.Conn, Log: zap.NewNop()})
	require.NoError(b, err)
	set, err := openStreams(b.Context(), s.js, s.opt.Limits)
	require.NoError(b, err)
	s.opened.Store(set)
	for i := range 100_000 {
		e := Entry{
			Key: fmt.Sprintf("calls.%06d", i), Source: "calls", Stage: StageDone, Routed: true, ReceivedAt: time.Now(),
			Call: notify.Call{From: "+14155550137", To: "+14155550138", Agent: "Anna"}, Trackers: []string{"Sale"},
			Steps: []StepTime{{StepSubmit, time.Now()}, {StepAwait, time.Now()}, {StepRoute, time.Now()}, {StepNotify, time.Now()}},
		}
		raw, err := json.Marshal(e)
		require.NoError(b, err)
		_, err = s.js.PublishAsync("$KV."+BucketLedger+"."+e.Key, raw)
		require.NoError(b, err)
	}
	<-s.js.PublishAsyncComplete()
	for name, q := range map[string]Search{"newest": {}, "search": {Query: "xyzzy"}, "tracker": {Tracker: "Sale"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := s.Search(b.Context(), q, 0, 50)
				require.NoError(b, err)
				require.True(b, page.Next > 0 || !page.Reached.IsZero())
			}
		})
	}
}
