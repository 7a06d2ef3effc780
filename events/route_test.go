package events

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// wordy is an account with many trackers in one sentence that does not end.
type wordy struct{ *fakeSymbl }

func (w wordy) TrackerResults(context.Context, string) (list []symbl.TrackerResult, err error) {
	for i := range 20 {
		list = append(list, symbl.TrackerResult{ID: strconv.Itoa(i), Name: "T" + strconv.Itoa(i), Matches: []symbl.Match{{
			Type: "vocabulary", Value: "sale", MessageRefs: []symbl.MessageRef{{ID: "m1", Text: "a sale", Offset: 2}},
		}}})
	}
	return list, nil
}

func (w wordy) Messages(context.Context, string) ([]symbl.Message, error) {
	return []symbl.Message{{ID: "m1", Text: "a sale" + strings.Repeat(" word", embeddedPayload/80)}}, nil
}

func TestAnAlertLargerThanWhatNATSTakesIsPostedWithCutQuotes(t *testing.T) {
	// A source that is known redacts nothing, which takes long with so much text.
	h := newHouse(t, func(o *Options) { o.Sources = map[string]SourceOptions{"calls": {}} })
	h.dep.Backend = func(context.Context) (Symbl, error) { return wordy{h.symbl}, nil }
	h.run(h.Service)
	h.accept(transcript("a"))
	require.Eventually(t, func() bool { return len(h.slack.posted()) > 0 }, 4*soon, tick, "of ten megabytes")
	require.Empty(t, h.settled(h.Service, "calls.a", StageDone).Attempts)
	posts := h.slack.posted()
	require.Len(t, posts, 1)
	require.Len(t, posts[0].Trackers, 20)
	require.LessOrEqual(t, len(posts[0].Trackers[19].Quotes[0].Text), quoteChars+len("…"))
	found, err := h.Found(t.Context(), "calls.a")
	require.NoError(t, err)
	require.Greater(t, len(found.Trackers[19].Quotes[0].Text), embeddedPayload/20, "the event of what was found has it whole")
}

func TestAnAlertQuotesNoMoreThanFits(t *testing.T) {
	for name, c := range map[string]struct{ trackers, quotes, shown int }{
		"few":                {2, 60, quotesPerTracker},
		"many":               {20, 60, 6},
		"more than trackers": {2000, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var found Processed
			plan := notify.Plan{Destination: "#a"}
			for i := range c.trackers {
				tracker := notify.Tracker{Name: "T" + strconv.Itoa(i)}
				for range c.quotes {
					tracker.Quotes = append(tracker.Quotes, notify.Quote{Text: strings.Repeat("é ", quoteChars), Offset: -1})
				}
				found.Trackers = append(found.Trackers, tracker)
				plan.Parts = append(plan.Parts, notify.Part{Tracker: tracker.Name})
			}
			alert := NewAlert("calls.a", 0, plan, found, SourceOptions{})
			raw, err := json.Marshal(alert)
			require.NoError(t, err)
			require.Less(t, len(raw), quotesBytes+1<<10)
			for _, tracker := range alert.Trackers {
				require.Len(t, tracker.Quotes, c.shown)
				require.Equal(t, c.quotes-c.shown, tracker.More)
			}
		})
	}
}

func TestAQuoteIsRedactedBeforeItIsCut(t *testing.T) {
	redact, err := notify.NewRedactor(config.Redact{Cards: true})
	require.NoError(t, err)
	text := strings.Repeat("x ", quoteChars/2-6) + "4111 1111 1111 1111" + strings.Repeat(" x", quoteChars)
	found := Processed{Trackers: []notify.Tracker{{Name: "T", Quotes: []notify.Quote{{Text: text, Offset: -1}}}}}
	alert := NewAlert("calls.a", 0, notify.Plan{Parts: []notify.Part{{Tracker: "T"}}}, found, SourceOptions{Redact: redact})
	require.NotContains(t, alert.Trackers[0].Quotes[0].Text, "4111")
	require.Contains(t, alert.Trackers[0].Quotes[0].Text, "[card]")
}
