package console_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// month puts calls of some days into the ledger.
func (s *site) month(now time.Time) {
	for i, days := range []int{0, 0, 1, 5, 29, 31} {
		e := s.entry
		e.ReceivedAt = now.AddDate(0, 0, -days)
		e.Call.Agent = []string{"Anna", "Ben"}[i%2]
		if i%2 == 0 {
			e.Trackers = []string{"Sale", "=cmd()"}
			e.Alerts = []events.AlertRecord{
				{Trackers: e.Trackers, Post: events.Post{PostedAt: e.ReceivedAt.Add(2 * time.Second)}, Feedback: []notify.Feedback{{Useful: false}}},
				{Held: "silence"},
			}
		}
		s.page.Entries = append(s.page.Entries, e)
	}
}

func TestInsightsCountTheLastDays(t *testing.T) {
	s := newSite(t, "op", "view")
	s.month(time.Now())
	page := s.get("/insights", "view").Body.String()
	for _, want := range []string{
		"5 calls · at most 2 a day", "Sale by day: 3 in 30 days", "3 alerts", "2.0 s", "Anna", "3 calls, 3 with a tracker", "2 calls, 0 with a tracker", "0 %",
		`href="/insights.csv?days=30"`, "<title>",
	} {
		require.Contains(t, page, want)
	}
	require.Contains(t, s.get("/insights?days=7", "view").Body.String(), "4 calls")
	require.Equal(t, 400, s.get("/insights?days=8", "view").Code)
	require.Equal(t, 200, newSite(t, "", "").get("/insights", "").Code, "without any call")
}

func TestInsightsAreATable(t *testing.T) {
	s := newSite(t, "", "")
	now := time.Now()
	s.month(now)
	w := s.get("/insights.csv?days=7", "")
	require.Equal(t, "text/csv; charset=utf-8", w.Header().Get("Content-Type"))
	day := now.UTC().Format(time.DateOnly)
	require.Contains(t, w.Body.String(), "day,tracker,calls\n")
	require.Contains(t, w.Body.String(), "\n"+day+",(all calls),2\n"+day+",'=cmd(),1\n"+day+",Sale,1\n", "no name becomes a formula")
}

func TestTheSystemSaysHowItIs(t *testing.T) {
	s := newSite(t, "op", "view")
	s.deeds = []events.Deed{{Role: "operator", Address: "192.0.2.1", Forwarded: "203.0.113.7", Action: "replay", Object: "<b>"}}
	s.silences = []events.Silence{{ID: "q1", Tracker: "Sale", Reason: "<i>too many</i>", Until: time.Now()}}
	page := s.get("/system", "op").Body.String()
	for _, want := range []string{
		"trackerbell 9", "&lt;b&gt;refuses&lt;/b&gt; us", "failing", "1 min 00 s", "token: (hidden)", "192.0.2.1, for 203.0.113.7", "&lt;i&gt;too many&lt;/i&gt;",
	} {
		require.Contains(t, page, want)
	}
	viewed := s.get("/system", "view").Body.String()
	require.NotContains(t, viewed, "192.0.2.1")
	require.NotContains(t, viewed, "token: (hidden)")
	require.NotContains(t, viewed, "/system/silences")
}

func TestSilencesAreAddedAndEnded(t *testing.T) {
	s := newSite(t, "", "")
	ask := func(hours, destination, reason string) int {
		return s.post("/system/silences", url.Values{"hours": {hours}, "destination": {destination}, "reason": {reason}}).Code
	}
	for _, hours := range []string{"", "x", "0", "-1", "2161", "NaN", "Inf"} {
		require.Equal(t, 400, ask(hours, "#a", "why"), hours)
	}
	require.Equal(t, 400, ask("2", "", "why"))
	require.Equal(t, 400, ask("2", "#a", ""))
	require.Empty(t, s.silences)
	require.Equal(t, 303, ask("1.5", "#a", "a campaign"))
	require.WithinDuration(t, time.Now().Add(90*time.Minute), s.silences[0].Until, time.Minute)
	require.Equal(t, "#a", s.silences[0].Destination)
	require.Equal(t, 303, s.post("/system/silences/drop", url.Values{"id": {"q1"}}).Code)
	require.Equal(t, []string{"unsilence q1"}, s.changed)
	require.Equal(t, []string{"added: a campaign", "ended"}, []string{s.deeds[0].Detail, s.deeds[1].Detail})
}
