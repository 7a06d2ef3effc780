package events

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func TestAWalkVisitsWhatChangedUntilItWantsNoMore(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	for i := range 30 {
		h.write(Entry{Key: fmt.Sprintf("calls.%02d", i), Stage: StageReady})
	}
	h.write(Entry{Key: "calls.07", Stage: StageDone})
	var seen []Glance
	walk := func(after uint64, most int) []string {
		seen = nil
		require.NoError(t, h.Walk(t.Context(), after, func(g *Glance) bool { seen = append(seen, *g); return len(seen) < most }))
		var list []string
		for _, g := range seen {
			list = append(list, g.Key)
		}
		return list
	}
	all := walk(0, 99)
	require.Len(t, all, 30, "each once")
	require.Equal(t, []string{"calls.29", "calls.07"}, all[28:])
	newest := seen[29].Revision
	require.Empty(t, walk(newest, 99), "nothing changed since")
	require.Equal(t, all[:3], walk(0, 3))
	h.write(Entry{Key: "calls.03", Stage: StageDone})
	require.Equal(t, []string{"calls.03"}, walk(newest, 99))

	for i := range 400 { // more than a watch holds
		h.write(Entry{Key: fmt.Sprintf("calls.more%03d", i), Stage: StageReady})
	}
	came := h.dep.Conn.Stats().InMsgs
	require.NoError(t, h.Walk(t.Context(), 0, func(*Glance) bool {
		require.Eventually(t, func() bool { return h.dep.Conn.Stats().InMsgs > came+400 }, time.Minute, time.Millisecond)
		return false
	}))
	require.Eventually(t, func() bool {
		stacks := make([]byte, 8<<20)
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "WatchFiltered")
	}, 10*time.Second, 10*time.Millisecond, "what was to be visited next waits for ever")

	gone, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, h.Walk(gone, 0, func(*Glance) bool { return true }), context.Canceled)
}

func TestAGlanceIsWhatCountsOfAnEntry(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	now := time.Now().UTC()
	feedback := []notify.Feedback{{User: "U1", Useful: true, At: now}}
	h.write(
		Entry{Key: "calls.a", Source: "calls", ReceivedAt: now, Replay: 2, Trackers: []string{"Sale"}, Call: notify.Call{Agent: "Anna"}, Alerts: []AlertRecord{
			{Trackers: []string{"Sale"}, Held: "cap", Post: Post{PostedAt: now}, Feedback: feedback},
		}, Earlier: []AlertRecord{{Trackers: []string{"Old"}, Feedback: feedback}}},
		Entry{Key: "digest.b", Digest: &Digest{}}, Entry{Key: "calls.c", Forgotten: now},
		Entry{Key: "calls.d", Source: "calls"},
	)
	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, set.ledger.kv.Delete(t.Context(), "calls.d"))
	got := map[string]Glance{}
	require.NoError(t, h.Walk(t.Context(), 0, func(g *Glance) bool { got[g.Key] = *g; return true }))
	for _, key := range []string{"digest.b", "calls.c", "calls.d"} {
		require.True(t, got[key].Gone, key)
	}
	require.Empty(t, cmp.Diff(Glance{
		Key: "calls.a", Revision: got["calls.a"].Revision, Source: "calls", Call: GlanceCall{"Anna"}, ReceivedAt: now, Replay: 2, Trackers: []string{"Sale"},
		Alerts:  []GlanceAlert{{Trackers: []string{"Sale"}, Held: "cap", PostedAt: now, Feedback: feedback}},
		Earlier: []GlanceAlert{{Trackers: []string{"Old"}, Feedback: feedback}},
	}, got["calls.a"]))
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
