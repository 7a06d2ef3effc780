package console_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// month puts calls of some days into the ledger.
func (s *site) month(now time.Time) {
	for i, days := range []int{0, 0, 1, 5, 29, 31} {
		e := s.entry
		e.Key = fmt.Sprintf("calls.%d", i)
		e.ReceivedAt = now.AddDate(0, 0, -days)
		e.Call.Agent = []string{"Anna", "+14155550188"}[i%2]
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
		`href="/insights.csv?days=30&amp;table=days"`, "<title>", "1 415 •••• 0188",
	} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "14155550188", "an agent who has a number for a name")
	require.Contains(t, s.get("/insights", "op").Body.String(), "14155550188")
	require.Contains(t, s.get("/insights?days=7", "view").Body.String(), "4 calls")
	require.Contains(t, s.get("/insights?agent=Anna", "view").Body.String(), "3 calls ·")
	require.Contains(t, s.get("/insights?source=phone", "view").Body.String(), "0 calls ·")
	require.Equal(t, 400, s.get("/insights?days=8", "view").Code)
	require.Equal(t, 200, newSite(t, "", "").get("/insights", "").Code, "without any call")
}

func TestInsightsFollowTheLedger(t *testing.T) {
	s := newSite(t, "", "")
	s.month(time.Now())
	calls := func() string {
		return regexp.MustCompile(`\d+ calls? ·`).FindString(s.get("/insights", "").Body.String())
	}
	require.Equal(t, "5 calls ·", calls())
	more := s.page.Entries[0]
	more.Key = "calls.more"
	gone := s.page.Entries[1]
	gone.Forgotten = time.Now()
	s.page.Entries = append(s.page.Entries, more, more, gone)
	require.Equal(t, "5 calls ·", calls(), "one came twice, and one is to be forgotten")
	s.broken = events.ErrUnavailable
	require.Equal(t, 503, s.get("/insights", "").Code)
}

func TestInsightsAreTables(t *testing.T) {
	s := newSite(t, "op", "view")
	now := time.Now()
	s.month(now)
	day := now.UTC().Format(time.DateOnly)
	for query, want := range map[string]string{
		"":                           "\n" + day + ",(all calls),2\n" + day + ",'=cmd(),1\n" + day + ",Sale,1\n",
		"?table=trackers":            "\ufefftracker,calls,useful,false alarms\n'=cmd(),3,0,3\nSale,3,0,3\n",
		"?table=sources":             "\ufeffsource,calls,with a tracker\ncalls,5,3\n",
		"?table=agents":              "\ufeffagent,calls,with a tracker\nAnna,3,3\n'+1 415 •••• 0188,2,0\n",
		"?table=times":               "\nhalf of them within,2.000\n9 of 10 within,2.000\n99 of 100 within,2.000\n",
		"?table=held&days=7":         "\ufeffheld back by,alerts\nsilence,2\n",
		"?table=sources&agent=Anna":  "\ncalls,3,3\n",
		"?table=agents&source=phone": "\ufeffagent,calls,with a tracker\n",
	} {
		w := s.get("/insights.csv"+query, "view")
		require.Equal(t, "text/csv; charset=utf-8", w.Header().Get("Content-Type"))
		require.Contains(t, w.Body.String(), want, query)
	}
	require.Contains(t, s.get("/insights.csv?table=agents", "op").Body.String(), "'+14155550188,2,0")
	require.Equal(t, 400, s.get("/insights.csv?table=all", "view").Code)
}

func TestNoCellIsAFormula(t *testing.T) {
	s := newSite(t, "", "")
	for i, name := range []string{"=a", "+b", "-c", "@d", "\t=e", " =f", "\r\n=g", "＝h", "\u202e=i", `say "j", k`, "naïve"} {
		e := s.entry
		e.Key, e.ReceivedAt, e.Trackers = fmt.Sprintf("calls.%d", i), time.Now(), []string{name}
		s.page.Entries = append(s.page.Entries, e)
	}
	lines, err := csv.NewReader(s.get("/insights.csv?table=trackers", "").Body).ReadAll()
	require.NoError(t, err)
	var got []string
	for _, line := range lines[1:] {
		got = append(got, line[0])
	}
	require.ElementsMatch(t, []string{"'=a", "'+b", "'-c", "'@d", "'=e", "' =f", "' =g", "'＝h", "'=i", `say "j", k`, "naïve"}, got)
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

func TestOneThatHangsLeavesTheOthersTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "", func(d *console.Deps) {
			d.Checks = func(ctx context.Context) []console.Dependency {
				require.NoError(t, ctx.Err())
				<-ctx.Done()
				return []console.Dependency{{Name: "Slack", Text: "no answer"}}
			}
		})
		s.hangs = true
		begin := time.Now()
		page := s.get("/system", "").Body.String()
		require.Contains(t, page, "no answer")
		require.Equal(t, 4*time.Second, time.Since(begin), "one for what stands in the frame, and three for all that is asked")
		begin = time.Now()
		require.Equal(t, 200, s.get("/trackers", "").Code)
		require.Equal(t, time.Second, time.Since(begin), "no page waits long for how many dead letters there are")
	})
}

func TestSilencesAreAddedAndEnded(t *testing.T) {
	s := newSite(t, "", "")
	send := func(hours, destination, reason string) *httptest.ResponseRecorder {
		return s.post("/system/silences", url.Values{"hours": {hours}, "destination": {destination}, "reason": {reason}})
	}
	ask := func(hours, destination, reason string) int { return send(hours, destination, reason).Code }
	for _, hours := range []string{"", "x", "0", "-1", "2161", "NaN", "Inf"} {
		require.Equal(t, 422, ask(hours, "#a", "why"), hours)
	}
	require.Equal(t, 422, ask("2", "#a", ""))
	w := send("3.5", "", "<b>why</b>")
	require.Equal(t, 422, w.Code)
	for _, want := range []string{`role="alert" tabindex="-1" autofocus>Name at least one of`, "<details open>", `value="3.5"`, `value="&lt;b&gt;why&lt;/b&gt;"`, "What it needs"} {
		require.Contains(t, w.Body.String(), want, "what was typed is still there")
	}
	require.Empty(t, s.silences)
	require.Equal(t, 303, ask("1.5", "#a", "a campaign"))
	require.WithinDuration(t, time.Now().Add(90*time.Minute), s.silences[0].Until, time.Minute)
	require.Equal(t, "#a", s.silences[0].Destination)
	require.Equal(t, 303, s.post("/system/silences/drop", url.Values{"id": {"q1"}}).Code)
	require.Equal(t, []string{"unsilence q1"}, s.changed)
	require.Equal(t, []string{"added: a campaign", "ended"}, []string{s.deeds[0].Detail, s.deeds[1].Detail})
}

func TestWhoWaitsForACountWaitsNoLongerThanAPageMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "")
		release := make(chan struct{})
		s.walking = func() { <-release }
		first := make(chan int)
		go func() { first <- s.get("/insights", "").Code }()
		synctest.Wait()
		begin := time.Now()
		require.Equal(t, 503, s.get("/insights", "").Code)
		require.Equal(t, 10*time.Second, time.Since(begin))
		close(release)
		require.Equal(t, 200, <-first)
	})
}

func TestCallsAreCountedAheadWhileSomebodyLooksAtTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "")
		s.watch = func(ctx context.Context, _ func(string)) error {
			<-ctx.Done()
			return nil
		}
		walks := 0
		s.walking = func() { walks++ }
		s.broken = events.ErrUnavailable
		look := func() (leave func()) {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				r := httptest.NewRequest(http.MethodGet, "/live", nil).WithContext(ctx)
				r.Host = "localhost"
				s.ServeHTTP(httptest.NewRecorder(), r)
			}()
			synctest.Wait()
			return func() {
				cancel()
				<-ended
			}
		}
		look()()
		require.Equal(t, 1, walks)
		s.broken = nil
		defer look()()
		require.Equal(t, 2, walks, "the store was away")
		defer look()()
		require.Equal(t, 2, walks, "only once")
		require.Equal(t, 200, s.get("/insights", "").Code)
		require.Equal(t, 3, walks, "nobody holds the turn")
	})
}
