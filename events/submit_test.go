package events

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// noAnswer is the error of a submit that Symbl may have taken.
func noAnswer() error {
	return &symbl.Error{Class: symbl.Transient, Op: "submit text", Message: "timeout"}
}

// ready gives the message of a recording as the submit stage gets it.
func (h *house) ready(seq, delivered uint64) delivery {
	h.t.Helper()
	set, err := h.streams()
	require.NoError(h.t, err)
	ev, err := readEvent(h.t.Context(), set.recordings, seq)
	require.NoError(h.t, err)
	return delivery{event: ev, seq: seq, delivered: delivered, stored: time.Now()}
}

func TestASubmitOfUnknownOutcomeIsLookedUpWhenItMustBeListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.SettleTime = 2 * time.Second })
	h.symbl.refuse = func(n int) error {
		if n > 1 {
			return nil
		}
		time.AfterFunc(1500*time.Millisecond, func() { // longer than the first retry waits
			h.symbl.mu.Lock()
			defer h.symbl.mu.Unlock()
			h.symbl.known["calls.a"] = "conversation-1"
		})
		return noAnswer()
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, 1, h.symbl.count(), "submissions that Symbl has")
	require.Equal(t, 1, h.symbl.lookups)
}

func TestTheListIsReadSomeTimeAfterTheLastAttemptFailed(t *testing.T) {
	t.Parallel()
	const settle = 10 * time.Second
	now := time.Now().UTC()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, tt := range map[string]struct {
		intent, failed time.Time
		wait           time.Duration // 0: it is read
	}{
		"killed just now":                    {ago(time.Second), time.Time{}, 9 * time.Second},
		"killed before":                      {ago(settle), time.Time{}, 0},
		"an upload that failed just now":     {ago(time.Hour), ago(time.Second), 9 * time.Second},
		"an upload that failed before":       {ago(time.Hour), ago(settle), 0},
		"an attempt after a failure":         {ago(time.Second), ago(time.Hour), 9 * time.Second},
		"a failure of before the clock's":    {ago(settle), ago(-time.Hour), 0},
		"an intent of before the clock's":    {ago(-time.Hour), time.Time{}, settle},
		"both of before the clock's setting": {ago(-time.Hour), ago(-time.Hour), settle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(o *Options) { o.SettleTime = settle })
			h.open()
			h.now = func() time.Time { return now }
			h.write(Entry{
				Key: "calls.a", Stage: StageReady, SubmitIntent: tt.intent,
				Trials: map[string]Trial{StepSubmit: {At: tt.failed}},
			})
			e, err := h.entry(t.Context(), "calls.a")
			require.NoError(t, err)
			_, found, err := h.earlierSubmit(t.Context(), e)
			require.False(t, found)
			if tt.wait == 0 {
				require.NoError(t, err)
				require.Equal(t, 1, h.symbl.lookups)
				return
			}
			var later *waitError
			require.ErrorAs(t, err, &later)
			require.Equal(t, tt.wait, later.after)
			require.Zero(t, h.symbl.lookups)
		})
	}
}

func TestASubmitThatTheEndOfAProcessCutsOffIsNotLookedUpAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.SettleTime = 10 * time.Second })
	h.open()
	h.accept(transcript("a"))
	ctx, end := context.WithCancel(t.Context())
	h.symbl.refuse = func(int) error {
		end()
		return &symbl.Error{Class: symbl.Transient, Op: "submit text", Message: "canceled", Err: context.Canceled}
	}
	err := h.submit(ctx, h.ready(1, 1))
	require.False(t, stopped(ctx, err), "or it is handed back at once")
	var later *waitError
	require.ErrorAs(t, err, &later)
	require.Equal(t, 10*time.Second, later.after)
}

// A transcript's conversation starts with its call, which may be long over.
func TestAConversationIsLookedForFromTheCallsStart(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	for name, tt := range map[string]struct{ started, since time.Time }{
		"a call of last week":       {now.Add(-7 * 24 * time.Hour), now.Add(-7 * 24 * time.Hour)},
		"a call that begins later":  {now.Add(time.Hour), now},
		"a call of an unknown time": {time.Time{}, now.Add(-time.Minute)}, // then its times count from the webhook
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			h.open()
			_, _, err := h.earlierSubmit(t.Context(), Entry{
				Key: "calls.a", ReceivedAt: now.Add(-time.Minute), SubmitIntent: now, Call: notify.Call{StartedAt: tt.started},
			})
			require.NoError(t, err)
			require.Equal(t, tt.since.Add(-clockSlack), h.symbl.since)
		})
	}
}

func TestAMessageOfTheRunBeforeDoesNotSubmitTheNewOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	h.symbl.refuse = func(n int) error {
		if n == 1 {
			return &symbl.Error{Class: symbl.Transient, Definite: true, Op: "submit text"}
		}
		return nil
	}
	h.accept(transcript("a"))
	require.Error(t, h.submit(t.Context(), h.ready(1, 1)))
	before, err := h.entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))

	require.NoError(t, h.submit(t.Context(), h.ready(1, 2)), "it is done with")
	require.Equal(t, 1, h.symbl.count())
	var later *waitError
	require.ErrorAs(t, h.noteIntent(t.Context(), &before, before.SubmitIntent), &later, "it was started anew after the message was claimed")

	require.NoError(t, h.submit(t.Context(), h.ready(2, 1)))
	e, err := h.entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, StageSubmitted, e.Stage)
	require.Equal(t, 2, h.symbl.count())
	require.Equal(t, "submit/calls.a/1", h.symbl.submits[1].IdempotencyKey)
}

func TestTheMessageOfANewRunOutlivesItsEntry(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	h.symbl.refuse = func(n int) error {
		if n == 1 {
			return noAnswer()
		}
		return nil
	}
	h.accept(transcript("a"))
	msg := h.ready(1, 1)
	msg.event.Replay = 3
	require.Error(t, h.submit(t.Context(), msg))
	msg.delivered++
	require.NoError(t, h.submit(t.Context(), msg))
	e, err := h.entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, 3, e.Replay)
	require.Equal(t, StageSubmitted, e.Stage)
}

func TestANewRunDoesNotTakeTheConversationOfTheRunBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.symbl.status = symbl.Failed
	h.symbl.refuse = func(n int) error {
		if n == 2 {
			h.symbl.status = symbl.Completed
			return noAnswer()
		}
		return nil
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	h.symbl.mu.Lock()
	h.symbl.known["calls.a"] = e.ConversationID // the look for one goes back five minutes
	h.symbl.mu.Unlock()
	require.NoError(t, h.ReplayDead(t.Context(), e.DeadLetters[0]))
	e = h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, []string{"conversation-1"}, e.Conversations)
	require.Equal(t, "conversation-3", e.ConversationID)
	require.Equal(t, 1, h.symbl.lookups)
}

func TestAListThatIsTooLongIsNoReasonToSubmitAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.symbl.find = &symbl.Error{Class: symbl.Permanent, Definite: true, Op: "find conversation", Err: symbl.ErrTooLong}
	h.symbl.refuse = func(int) error { return noAnswer() }
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
	require.NoError(t, err)
	require.Equal(t, ReasonOutcomeUnknown, letter.Reason)
	require.Contains(t, letter.Error, "it may have been submitted")
	require.Equal(t, 1, h.symbl.count())
}

func TestALateRefusalLeavesTheIntentOfAnotherProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.open()
	var others time.Time
	h.symbl.refuse = func(int) error { // while this process is paused, another takes over
		_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error {
			others = e.SubmitIntent.Add(-time.Millisecond) // clocks differ
			e.SubmitIntent = others
			return nil
		})
		require.NoError(t, err)
		return &symbl.Error{Class: symbl.Throttled, Definite: true}
	}
	h.accept(transcript("a"))
	require.Error(t, h.submit(t.Context(), h.ready(1, 1)))
	e, err := h.entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, others, e.SubmitIntent)

	h.symbl.refuse = func(int) error { return &symbl.Error{Class: symbl.Throttled, Definite: true} }
	require.Error(t, h.submit(t.Context(), h.ready(1, 2)))
	e, err = h.entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.True(t, e.SubmitIntent.IsZero(), "its own it takes back")
}

// noMedia is a provider that has deleted everything.
type noMedia struct{}

func (noMedia) Media(context.Context, Recording, bool) (Media, error) { return Media{}, ErrNoMedia }

func TestALateDuplicateWhoseMediaIsGoneLeavesADoneCallDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.dep.Media = noMedia{}
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	h.forgetIDs(StreamRecordings, "recordings.x.y")
	set, err := h.streams()
	require.NoError(t, err)
	again := transcript("a")
	again.Transcript, again.MediaURL = nil, "https://example.com/gone.wav"
	_, err = h.publishReady(t.Context(), set, again) // as a replica does that does not know the key
	require.NoError(t, err)
	last, err := set.recordings.GetLastMsgForSubject(t.Context(), subjectReady+"calls")
	require.NoError(t, err)

	require.NoError(t, h.submit(t.Context(), h.ready(last.Sequence, 1)), "it is done with")
	e, err := h.entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, StageDone, e.State())

	again.Key, again.ID = Key("calls", "b"), "b"
	_, err = h.publishReady(t.Context(), set, again)
	require.NoError(t, err)
	require.Contains(t, h.settled(h.Service, "calls.b", StageDead).Error, "no media", "of a new one it is told")
}

// slowly is a provider whose media takes long to open.
type slowly struct{ opened func() }

func (s slowly) Get(_ context.Context, _ string, _ safehttp.Authorise, byteRange string) (*http.Response, error) {
	if byteRange == "" {
		s.opened()
	}
	return answer(http.StatusOK, "audio/wav", wave), nil
}

func TestAnUploadWhoseMediaTakesLongToOpenIsIntendedAnew(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]bool{"nobody has it": false, "another has taken over": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(o *Options) { o.MaxMedia = 1 << 20 })
			h.open()
			now := time.Now().UTC()
			h.now = func() time.Time { return now }
			h.dep.Media = place{func(bool) (Media, error) { return Media{URL: "https://example.com/a.wav", Private: true}, nil }}
			h.dep.Download = slowly{func() {
				now = now.Add(time.Minute)
				if taken {
					_, err := h.mutate(t.Context(), "calls.a", func(e *Entry) error { e.SubmitIntent = now; return nil })
					require.NoError(t, err)
				}
			}}
			rec := transcript("a")
			rec.Transcript, rec.MediaURL = nil, "https://example.com/a.wav"
			h.accept(rec)
			err := h.submit(t.Context(), h.ready(1, 1))
			e, eerr := h.entry(t.Context(), "calls.a")
			require.NoError(t, eerr)
			require.Equal(t, now, e.SubmitIntent)
			if taken {
				var later *waitError
				require.ErrorAs(t, err, &later)
				require.Zero(t, h.symbl.count())
				return
			}
			require.NoError(t, err)
			require.Equal(t, 1, h.symbl.count())
		})
	}
}

func TestACallbackOfTheRunBeforeTeachesTheNewOneNoJob(t *testing.T) {
	t.Parallel()
	for run, job := range map[int]string{0: "", 1: "job-of-the-callback"} {
		h := newHouse(t, nil)
		h.open()
		h.symbl.status = symbl.InProgress
		h.write(Entry{Key: "calls.a", Source: "calls", Replay: 1, Stage: StageSubmitted, ConversationID: "conversation-2", SubmittedAt: time.Now()})
		require.NoError(t, h.Wake(t.Context(), Wake{Key: "calls.a", Replay: run, JobID: "job-of-the-callback", Status: "completed"}))
		_ = h.await(t.Context(), h.ready(1, wakeTries+1)) // later than it would wait for the job
		e, err := h.entry(t.Context(), "calls.a")
		require.NoError(t, err)
		require.Equal(t, job, e.JobID, "run %d", run)
	}
}

// An engine refuses a key that it knows with another request: here the address
// for callbacks was changed between the two.
func TestASubmitWhoseRequestHasChangedIsNotLost(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]bool{"it made a conversation": true, "it made none": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(o *Options) { o.Idempotent = true })
			h.symbl.refuse = func(n int) error {
				switch n {
				case 1:
					return noAnswer()
				case 2: // not sent at all, which takes the intent back
					return &symbl.Error{Class: symbl.Transient, Op: "submit text", Definite: true}
				}
				return &symbl.Error{Class: symbl.Permanent, Status: http.StatusUnprocessableEntity, Op: "submit text", Definite: true}
			}
			if made {
				h.symbl.known["calls.a"] = "conversation-1"
			}
			h.run(h.Service)
			rec := transcript("a")
			h.accept(rec)
			if made {
				e := h.settled(h.Service, "calls.a", StageDone)
				require.Equal(t, "conversation-1", e.ConversationID)
				require.Equal(t, rec.ReceivedAt.Add(-clockSlack), h.symbl.since)
				return
			}
			e := h.settled(h.Service, "calls.a", StageDead)
			letter, err := h.DeadLetter(t.Context(), e.DeadLetters[0])
			require.NoError(t, err)
			require.Equal(t, ReasonRefused, letter.Reason)
			require.Contains(t, letter.Error, "recordings replay")

			h.symbl.mu.Lock()
			h.symbl.refuse = nil
			h.symbl.mu.Unlock()
			require.NoError(t, h.ReplayRecording(t.Context(), "calls.a"))
			h.settled(h.Service, "calls.a", StageDone)
			require.Equal(t, "submit/calls.a/1", h.symbl.submits[3].IdempotencyKey, "a new run has a new key")
		})
	}
}
