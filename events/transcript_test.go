package events

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func TestTheTranscriptShowsMatchesWhereTheyWereSaid(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	e := h.settled(h.Service, "calls.a", StageDone)
	got, err := h.Transcript(t.Context(), "calls.a")
	require.NoError(t, err)
	require.True(t, got.Whole)
	require.Len(t, got.Lines, 1)
	require.Equal(t, "Anna", got.Lines[0].Speaker)
	require.Equal(t, "Sale", got.Lines[0].Found[0].Tracker)
	require.Equal(t, "sale", got.Lines[0].Found[0].Phrase)

	_, err = h.Transcript(t.Context(), "calls.none")
	require.ErrorIs(t, err, ErrNotFound)

	set, err := h.streams()
	require.NoError(t, err)
	require.NoError(t, set.recordings.DeleteMsg(t.Context(), e.ReadySeq))
	_, err = h.mutate(t.Context(), e.Key, func(e *Entry) error { e.ConversationID = ""; return nil })
	require.NoError(t, err)
	got, err = h.Transcript(t.Context(), "calls.a")
	require.NoError(t, err)
	require.False(t, got.Whole, "only the quotes are left")
	require.Equal(t, "a sale", got.Lines[0].Text)
}

func TestWhatARecordingWaitsForIsShownBeforeItIsAnalysed(t *testing.T) {
	h := newHouse(t, nil)
	h.open()
	h.accept(transcript("a"))
	h.write(firstEntry(transcript("a"), 1, 0))
	got, err := h.Transcript(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, []Line{{Speaker: "Anna", Text: "a sale", Start: 1, End: 2}}, got.Lines)
}

func TestTheTranscriptIsRedactedAsItsSourceWants(t *testing.T) {
	h := newHouse(t, nil)
	redact, err := notify.NewRedactor(config.Redact{Emails: true})
	require.NoError(t, err)
	h.Aim(Aims{Router: h.dep.Router, Notifiers: h.dep.Notifiers, Sources: map[string]SourceOptions{"calls": {Redact: redact}}})
	h.open()
	rec := transcript("a")
	rec.Transcript[0].Text = "write to anna@example.com"
	h.accept(rec)
	h.write(firstEntry(rec, 1, 0))
	got, err := h.Transcript(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Equal(t, "write to [e-mail]", got.Lines[0].Text)
}

func TestNothingThatIsReadShowsWhatARedactionHides(t *testing.T) {
	redact, err := notify.NewRedactor(config.Redact{Patterns: []string{"sale"}})
	require.NoError(t, err)
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {Redact: redact}} })
	h.run(h.Service)
	h.accept(transcript("a"))
	h.settled(h.Service, "calls.a", StageDone)
	story, err := h.Story(t.Context(), "calls.a")
	require.NoError(t, err)
	found, err := h.Found(t.Context(), "calls.a")
	require.NoError(t, err)
	for name, shown := range map[string]any{"transcript": story.Recording.Transcript[0].Text, "quote": story.Trackers[0].Quotes[0].Text, "matches": found.Trackers[0].Quotes[0].Text} {
		require.NotContains(t, shown, "sale", name)
		require.Contains(t, shown, "a [", name)
	}
	require.NoError(t, h.RouteAgain(t.Context(), "calls.a"))
	require.Eventually(t, func() bool {
		e, err := h.Entry(t.Context(), "calls.a")
		return err == nil && e.Replay == 1 && e.Stage == StageDone
	}, soon, tick)
	set, err := h.streams()
	require.NoError(t, err)
	e, err := h.Entry(t.Context(), "calls.a")
	require.NoError(t, err)
	kept, err := h.found(t.Context(), set, e)
	require.NoError(t, err)
	require.Equal(t, "a sale", kept.Trackers[0].Quotes[0].Text, "a replay begins from what was said")
}

func TestAQuoteFindsItsLine(t *testing.T) {
	quote := func(text string, at float64) notify.Quote { return notify.Quote{Text: text, At: at, Phrase: "p"} }
	lines := []Line{{Text: "yes", Start: 1}, {Text: "yes", Start: 5}, {Text: "no", Start: unknownTime}}
	got := mark(lines, []notify.Tracker{{Name: "T", Quotes: []notify.Quote{quote("yes", 5.001), quote("no", 9), quote("gone", 3)}}})
	var at []float64
	for _, l := range got {
		if len(l.Found) > 0 {
			at = append(at, l.Start)
		}
	}
	require.Equal(t, []float64{unknownTime, 3, 5}, at)
	require.Len(t, got, 4, "a quote without a line becomes one")
}

func TestRoutingAgainTakesWhatWasFound(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	h.accept(transcript("a"))
	first := h.settled(h.Service, "calls.a", StageDone)
	router, err := notify.NewRouter(nil, "#elsewhere")
	require.NoError(t, err)
	h.Aim(Aims{Router: router, Notifiers: h.dep.Notifiers})
	require.NoError(t, h.RouteAgain(t.Context(), "calls.a"))
	require.Eventually(t, func() bool { return len(h.slack.posted()) == 2 }, soon, tick)
	e := h.settled(h.Service, "calls.a", StageDone)
	require.Equal(t, 1, h.symbl.count(), "it is not submitted again")
	require.Equal(t, first.ConversationID, e.ConversationID)
	require.Equal(t, "#elsewhere", h.slack.posted()[1].Destination)
	require.Equal(t, 1, e.Replay)
	require.Len(t, e.Earlier, 1)
	require.ErrorIs(t, h.RouteAgain(t.Context(), "calls.none"), ErrNotFound)
}

func TestWatchersLearnOfEachChange(t *testing.T) {
	h := newHouse(t, nil)
	h.run(h.Service)
	changed := make(chan string, 100)
	ended := make(chan error, 1)
	go func() { ended <- h.Watch(t.Context(), func(key string) { changed <- key }) }()
	require.Eventually(t, func() bool {
		h.write(Entry{Key: "calls.b", Stage: StageReady, Replay: len(changed), ReceivedAt: time.Now()})
		return len(changed) > 0
	}, soon, tick)
	require.Equal(t, "calls.b", <-changed)
}
