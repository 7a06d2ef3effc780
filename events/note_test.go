package events

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

func TestWhatIsAcceptedIsSeenAtOnceThoughItMustWait(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxJobs = 1 })
	h.symbl.setStatus(symbl.InProgress)
	h.run(h.Service)
	for _, id := range strings.Fields("a b c d e") {
		h.accept(transcript(id))
		e, err := h.Entry(t.Context(), "calls."+id)
		require.NoError(t, err, id)
		require.Contains(t, []Stage{StageReady, StageSubmitted}, e.State())
	}
	page, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, page.Entries, 5)
	_, err = h.Entry(t.Context(), "calls.f")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = h.Entry(t.Context(), "calls."+strings.Repeat("x", 5000))
	require.ErrorIs(t, err, ErrNotFound)

	h.symbl.setStatus(symbl.Completed)
	for _, id := range strings.Fields("a b c d e") {
		h.settled(h.Service, "calls."+id, StageDone)
	}
	require.Len(t, h.slack.posted(), 5)
}

func TestAudioThatNobodyCanTranscribeIsADeadLetterAtOnce(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.TextOnly = "set engine.transcriber" })
	h.run(h.Service)
	rec := transcript("a")
	rec.Transcript, rec.MediaURL = nil, "https://recordings.example.com/a.wav"
	h.accept(rec)
	e := h.settled(h.Service, "calls.a", StageDead)
	require.Equal(t, "set engine.transcriber", e.Error)
	require.Zero(t, h.symbl.count())
}

func TestARecordingThatIsNotThereYetSaysSo(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	cause := &StatusError{Status: http.StatusNotFound, From: "the recording's URL"}
	for range 2 {
		h.noteWaiting(t.Context(), "calls.a", cause, h.dep.Log)
	}
	e, err := h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, cause.Error(), e.Error)
	require.Empty(t, e.Attempts, "waiting is no failure")
}

func TestADroppedAlertLeavesItsRecordingDone(t *testing.T) {
	h := newHouse(t, nil)
	h.slack.post = func(int, notify.Alert) error {
		return &notify.Error{Outcome: notify.Permanent, Reason: "channel_not_found"}
	}
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDead)
	require.NoError(t, h.DropDead(t.Context(), e.DeadLetters[0]))
	e = h.settled(h.Service, "calls.a", StageDone)
	require.True(t, e.Alerts[0].PostedAt.IsZero())
}
