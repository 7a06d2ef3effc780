package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// forgetful lets the queue forget at once what it has been given.
func forgetful(t *testing.T, js jetstream.JetStream) jetstream.Stream {
	t.Helper()
	queue, err := js.Stream(t.Context(), "ENGINE_JOBS")
	require.NoError(t, err)
	cfg := queue.CachedInfo().Config
	cfg.Duplicates = 100 * time.Millisecond
	queue, err = js.UpdateStream(t.Context(), cfg)
	require.NoError(t, err)
	return queue
}

// A submission is repeated while its job waits behind others, for longer than the
// queue knows that it has it.
func TestAJobThatIsInTheQueueSeveralTimesIsDoneOnce(t *testing.T) {
	js := connect(t, startNATS(t))
	var c told
	release := make(chan struct{})
	transcriber := &ears{hear: func(ctx context.Context, _ engine.Speech) ([]engine.Segment, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return []engine.Segment{at(0, 1, "Hello.")}, ctx.Err()
	}}
	e := newEngine(t, js, engine.Config{Workers: 3, Finished: c.finished, Transcriber: transcriber, TempDir: t.TempDir()})
	forgetful(t, js)
	a := call(t, e)
	var text, sound symbl.Job
	require.Eventually(t, func() bool {
		text = a.submit(says("x"), keyHeader, "text")
		sound = a.upload(hum(1, 0.5), "", keyHeader, "sound")
		return queued(t, js) >= 6
	}, eventually, tick)
	start(t, e)
	a.await(text, symbl.Completed)
	require.Eventually(t, func() bool { return queued(t, js) == 1 }, eventually, tick, "the others are dropped while the first is heard")
	close(release)
	a.await(sound, symbl.Completed)
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	require.Len(t, transcriber.calls(), 1)
	require.Len(t, c.of(text.JobID), 1)
	require.Len(t, c.of(sound.JobID), 1)
}

// What a job was worked on for may be lost: a repeated submission brings it to its end.
func TestAJobWhoseMessageWasLostIsTakenOver(t *testing.T) {
	js := connect(t, startNATS(t))
	begun := make(chan struct{}, 1)
	one := newEngine(t, js, engine.Config{TempDir: t.TempDir(), Transcriber: &ears{
		hear: func(ctx context.Context, _ engine.Speech) ([]engine.Segment, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}})
	a := call(t, one)
	job := a.upload(hum(1, 0.5), "")
	stop := start(t, one)
	<-begun
	stop()
	require.NoError(t, forgetful(t, js).Purge(t.Context()))
	_, err := js.Publish(t.Context(), "engine.jobs.media", []byte(job.JobID))
	require.NoError(t, err)
	start(t, newEngine(t, js, engine.Config{TempDir: t.TempDir(), Transcriber: hearing(at(0, 1, "Hello."))}))
	a.await(job, symbl.Completed)
}
