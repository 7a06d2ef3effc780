package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// failing fails a number of times, and then hears something.
func failing(times int32, problem error) *ears {
	var n atomic.Int32
	return &ears{hear: func(context.Context, engine.Speech) ([]engine.Segment, error) {
		if n.Add(1) <= times {
			return nil, problem
		}
		return []engine.Segment{at(0, 1, "At last.")}, nil
	}}
}

func TestAFailingTranscriberIsTriedAgainByTheKindOfItsFailure(t *testing.T) {
	model := errors.New("the model is missing")
	tests := map[string]struct {
		failures int32
		problem  error
		want     symbl.Status
		calls    int
	}{
		"it recovers":        {3, model, symbl.Completed, 4},
		"it is broken":       {1000, model, symbl.Failed, 5},
		"it refuses":         {1000, &engine.TranscriberError{Failure: engine.Refused, Err: model}, symbl.Failed, 1},
		"it is away, and so": {101, &engine.TranscriberError{Failure: engine.Away, Err: model}, symbl.Completed, 102}, // more than a job that kills may begin
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			transcriber := failing(tt.failures, tt.problem)
			e := newEngine(t, connect(t, startNATS(t)), engine.Config{Transcriber: transcriber, TempDir: t.TempDir()})
			now := time.Now() // which does not go on: nothing is away for too long
			e.SetNow(func() time.Time { return now })
			start(t, e)
			a := call(t, e)
			got := a.await(a.upload(hum(1, 0.5), ""), tt.want)
			require.Len(t, transcriber.calls(), tt.calls)
			if tt.want == symbl.Failed {
				require.Equal(t, "the model is missing", got.Error)
			} else {
				require.Empty(t, got.Error)
			}
		})
	}
}

func TestFailuresOfOneKindAreNoneOfAnother(t *testing.T) {
	var n atomic.Int32
	hear := func(context.Context, engine.Speech) ([]engine.Segment, error) {
		switch i := n.Add(1); {
		case i <= 30:
			return nil, &engine.TranscriberError{Failure: engine.Away, Err: errors.New("away")}
		case i <= 34:
			return nil, errors.New("broken")
		}
		return []engine.Segment{at(0, 1, "At last.")}, nil
	}
	a := oneEngine(t, engine.Config{Transcriber: &ears{hear: hear}, TempDir: t.TempDir()})
	require.Empty(t, a.await(a.upload(hum(1, 0.5), ""), symbl.Completed).Error)
}

func TestAJobThatIsTriedAgainSaysWhy(t *testing.T) {
	a := oneEngine(t, engine.Config{TempDir: t.TempDir(), Transcriber: failing(1000, &engine.TranscriberError{
		Failure: engine.Away, RetryAfter: time.Hour, Err: errors.New("busy until noon"),
	})})
	job := a.upload(hum(1, 0.5), "")
	require.Eventually(t, func() bool { return a.status(job).Error == "busy until noon" }, eventually, tick)
	require.Equal(t, symbl.InProgress, a.status(job).Status)
}

func TestATranscriberThatIsAwayForTooLongFailsTheJob(t *testing.T) {
	transcriber := failing(1000, &engine.TranscriberError{Failure: engine.Away, Err: errors.New("not there")})
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{Transcriber: transcriber, TempDir: t.TempDir()})
	var hours atomic.Int64
	e.SetNow(func() time.Time { return time.Now().Add(time.Duration(hours.Load()) * time.Hour) })
	start(t, e)
	a := call(t, e)
	job := a.upload(hum(1, 0.5), "")
	require.Eventually(t, func() bool { return len(transcriber.calls()) > 10 }, eventually, tick)
	require.Equal(t, symbl.InProgress, a.status(job).Status)
	hours.Store(5)
	require.Equal(t, "not there", a.await(job, symbl.Failed).Error)
}

// Hours pass, and something is away just now: it was not away all the time.
func TestAJobThatGetsOnIsNotFailedForWhatWentWrongBefore(t *testing.T) {
	gone := &engine.TranscriberError{Failure: engine.Away, Err: errors.New("not there")}
	tests := map[string]struct {
		problems []error // of each call; after them there is none
		later    int     // the call at which it is hours later
		calls    int
	}{
		"what was broken is away": {[]error{errors.New("broken"), gone}, 2, 4},
		"one channel was heard":   {[]error{gone, nil, gone}, 3, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var clock clock
			var n atomic.Int64
			transcriber := &ears{hear: func(context.Context, engine.Speech) ([]engine.Segment, error) {
				call := int(n.Add(1))
				if call == tt.later {
					clock.put(5 * time.Hour)
				}
				if call <= len(tt.problems) && tt.problems[call-1] != nil {
					return nil, tt.problems[call-1]
				}
				return []engine.Segment{at(0, 1, "Hello.")}, nil
			}}
			e := newEngine(t, connect(t, startNATS(t)), engine.Config{Transcriber: transcriber, TempDir: t.TempDir()})
			e.SetNow(clock.now)
			start(t, e)
			a := call(t, e)
			job := a.upload(hum(1, 0.8, 0.2), "enableSeparateRecognitionPerChannel=true")
			require.Empty(t, a.await(job, symbl.Completed).Error)
			require.Len(t, transcriber.calls(), tt.calls)
		})
	}
}

func TestAJobThatGetsOnAndFailsAgainAndAgainIsFailed(t *testing.T) {
	var clock clock
	var n atomic.Int64
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{TempDir: t.TempDir(), Transcriber: &ears{
		hear: func(context.Context, engine.Speech) ([]engine.Segment, error) {
			if call := n.Add(1); call%2 == 0 { // the second channel
				clock.put(time.Duration(call) * 2 * time.Minute)
				return nil, &engine.TranscriberError{Failure: engine.Away, Err: errors.New("not there")}
			}
			return []engine.Segment{at(0, 1, "Hello.")}, nil
		},
	}})
	e.SetNow(clock.now)
	start(t, e)
	a := call(t, e)
	a.await(a.upload(hum(1, 0.8, 0.2), "enableSeparateRecognitionPerChannel=true"), symbl.Failed)
	require.LessOrEqual(t, n.Load(), int64(30))
}

func TestASlowTranscriberIsStopped(t *testing.T) {
	var c told
	a := oneEngine(t, engine.Config{Finished: c.finished, TempDir: t.TempDir(), Transcriber: &ears{
		hear: func(ctx context.Context, _ engine.Speech) ([]engine.Segment, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		},
	}})
	job := a.upload(hum(0.1, 0.5), "")
	require.Contains(t, a.await(job, symbl.Failed).Error, "took too long")
	require.Eventually(t, func() bool { return len(c.of(job.JobID)) == 1 }, eventually, tick)
	require.Contains(t, c.of(job.JobID)[0].Error, "took too long")
}

func TestATranscriptionGoesOnInAnotherEngine(t *testing.T) {
	s := startNATS(t)
	begun := make(chan struct{}, 1)
	one := newEngine(t, connect(t, s), engine.Config{TempDir: t.TempDir(), Transcriber: &ears{
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

	js := connect(t, s)
	start(t, newEngine(t, js, engine.Config{TempDir: t.TempDir(), Transcriber: hearing(at(0, 1, "Hello."))}))
	a.await(job, symbl.Completed)
	require.Len(t, a.messages(job.ConversationID), 1)
	require.Eventually(t, func() bool { return kept(t, js) == 0 }, eventually, tick)
}

func TestTextDoesNotWaitForRecordings(t *testing.T) {
	a := oneEngine(t, engine.Config{Workers: 1, TempDir: t.TempDir(), Transcriber: &ears{
		hear: func(ctx context.Context, _ engine.Speech) ([]engine.Segment, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}})
	recordings := []symbl.Job{a.upload(hum(30, 0.5), ""), a.upload(hum(30, 0.5), "")}
	require.Eventually(t, func() bool {
		return a.status(recordings[0]).Status == symbl.InProgress || a.status(recordings[1]).Status == symbl.InProgress
	}, eventually, tick)
	a.await(a.submit(says("x")), symbl.Completed)
	for _, r := range recordings {
		require.NotEqual(t, symbl.Failed, a.status(r).Status)
	}
}

func TestAnEngineWithoutATranscriberLeavesRecordingsToOthers(t *testing.T) {
	s := startNATS(t)
	hears := newEngine(t, connect(t, s), engine.Config{TempDir: t.TempDir(), Transcriber: hearing(at(0, 1, "Hello."))})
	job := call(t, hears).upload(hum(1, 0.5), "")
	deaf := newEngine(t, connect(t, s), engine.Config{})
	start(t, deaf)
	a := call(t, deaf)
	a.await(a.submit(says("x")), symbl.Completed)
	require.Equal(t, symbl.Scheduled, a.status(job).Status)
	start(t, hears)
	a.await(job, symbl.Completed)
}

// What was heard is written down: hours of work are not lost to a storage that
// fails for a moment.
func TestARecordingIsHeardOnce(t *testing.T) {
	js := mortal(t, connect(t, startNATS(t)), false)
	js.only = "conversation."
	transcriber := hearing(at(0, 1, "Hello."))
	e := newEngine(t, js, engine.Config{Transcriber: transcriber, TempDir: t.TempDir()})
	a := call(t, e)
	job := a.upload(hum(1, 0.5), "")
	js.dieAfter(0)
	start(t, e)
	require.Eventually(t, func() bool { return js.writes.Load() > 2 }, eventually, time.Millisecond)
	js.armed.Store(false)
	a.await(job, symbl.Completed)
	require.Len(t, transcriber.calls(), 1)
}

func TestADeletedConversationTakesItsRecordingAlong(t *testing.T) {
	js := connect(t, startNATS(t))
	e := newEngine(t, js, engine.Config{Transcriber: hearing(), TempDir: t.TempDir()})
	a := call(t, e)
	job := a.upload(hum(1, 0.5), "")
	a.ok("DELETE", "/v1/conversations/"+job.ConversationID, "")
	start(t, e)
	a.await(job, symbl.Failed)
	require.Eventually(t, func() bool { return queued(t, js) == 0 }, eventually, tick)
	require.Zero(t, kept(t, js))
}

func TestFoldersOfTheDeadAreRemovedAndThoseOfTheLivingAreNot(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "trackerbell-engine-dead")
	require.NoError(t, os.MkdirAll(filepath.Join(dead, "job-1"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "job-1", "channel-1.wav"), []byte("private"), 0o600))

	s := startNATS(t)
	start(t, newEngine(t, connect(t, s), engine.Config{Transcriber: hearing(), TempDir: dir}))
	folders := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "trackerbell-engine-*", "lock"))
		require.NoError(t, err)
		return found
	}
	require.Eventually(t, func() bool { return len(folders()) == 1 && !exists(dead) }, eventually, tick)
	start(t, newEngine(t, connect(t, s), engine.Config{Transcriber: hearing(), TempDir: dir}))
	require.Eventually(t, func() bool { return len(folders()) == 2 }, eventually, tick)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
