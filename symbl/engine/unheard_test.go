package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// clock is an engine's, which a test puts forward or back.
type clock struct{ by atomic.Int64 }

func (c *clock) put(by time.Duration) { c.by.Store(int64(by)) }
func (c *clock) now() time.Time       { return time.Now().Add(time.Duration(c.by.Load())) }

// looking is a connection that counts how often an engine looks for others that hear.
func looking(t *testing.T, s *server.Server) (js *dying, looks *atomic.Int64) {
	t.Helper()
	looks = &atomic.Int64{}
	js = mortal(t, connect(t, s), false)
	js.reading = func(key string) {
		if key == "hearing" {
			looks.Add(1)
		}
	}
	return js, looks
}

// The engine that took the recordings in had a transcriber, which its
// configuration lost.
func TestRecordingsThatNobodyCanHearFail(t *testing.T) {
	s := startNATS(t)
	js := connect(t, s)
	before := call(t, newEngine(t, js, engine.Config{Transcriber: hearing()}))
	jobs := []symbl.Job{before.upload(hum(1, 0.5), ""), before.upload(hum(2, 0.5), "")}

	var c told
	var clock clock
	after, looks := looking(t, s)
	e := newEngine(t, after, engine.Config{Finished: c.finished})
	e.SetNow(clock.now)
	start(t, e)
	a := call(t, e)
	a.await(a.submit(says("x")), symbl.Completed)
	require.Eventually(t, func() bool { return looks.Load() > 0 }, eventually, tick)
	require.Equal(t, symbl.Scheduled, a.status(jobs[0]).Status, "another engine may come")
	clock.put(time.Hour)
	for _, job := range jobs {
		require.Contains(t, a.await(job, symbl.Failed).Error, "set engine.transcriber")
		require.Eventually(t, func() bool { return len(c.of(job.JobID)) == 1 }, eventually, tick)
	}
	require.Eventually(t, func() bool { return queued(t, js) == 0 && kept(t, js) == 0 }, eventually, tick)
}

// The one engine that hears is busy for longer than it may be away for.
func TestRecordingsWaitForAnEngineThatIsThere(t *testing.T) {
	s := startNATS(t)
	free := make(chan struct{})
	hears := newEngine(t, connect(t, s), engine.Config{Workers: 1, TempDir: t.TempDir(), Transcriber: &ears{
		hear: func(ctx context.Context, _ engine.Speech) ([]engine.Segment, error) {
			select {
			case <-free:
			case <-ctx.Done():
			}
			return []engine.Segment{at(0, 1, "Hello.")}, ctx.Err()
		},
	}})
	start(t, hears)
	a := call(t, hears)
	jobs := []symbl.Job{a.upload(hum(100, 0.5), ""), a.upload(hum(100, 0.5), "")}

	var clock clock
	js, looks := looking(t, s)
	deaf := newEngine(t, js, engine.Config{})
	deaf.SetNow(clock.now)
	clock.put(-time.Hour)
	start(t, deaf)
	require.Eventually(t, func() bool { return looks.Load() > 0 }, eventually, tick)
	clock.put(0) // an hour later
	seen := looks.Load()
	require.Eventually(t, func() bool { return looks.Load() > seen+5 }, eventually, tick)
	close(free)
	for _, job := range jobs {
		a.await(job, symbl.Completed)
	}
}
