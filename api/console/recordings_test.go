package console_test

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

func TestTheListShowsEachCallInALine(t *testing.T) {
	s := newSite(t, "", "")
	failed := s.entry
	failed.Key, failed.DeadLetters, failed.Error, failed.Alerts = "calls.RE2", []uint64{1}, "no such channel", []events.AlertRecord{{}, {Post: events.Post{PostedAt: time.Now()}}}
	failed.Call.Direction = "outbound"
	s.entry.Trackers, s.entry.Call.Agent, s.entry.Call.Seconds = []string{"Sale"}, "Anna", 65
	s.page = events.SearchPage{Page: events.Page{Entries: []events.Entry{s.entry, failed}, Next: 7}}
	page := s.get("/", "").Body.String()
	for _, want := range []string{
		"&#43;1 415 •••• 0137", "agent <bdi>Anna</bdi>", "1 min 05 s", "Sale", "1 h", `href="/recordings/calls.RE1"`,
		"&#43;44 20 •••• 0123", "no such channel", "1 of 2 alerts", "failed", `href="/recordings?cursor=7"`, `sse-connect="/live"`,
		"Last change: calls.RE1, done",
	} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "4155550137", "the list masks numbers for everybody")
	require.NotContains(t, s.get("/?cursor=9", "").Body.String(), "sse-connect", "older pages stand still")
	require.Equal(t, uint64(9), s.cursor)
	require.NotContains(t, s.get("/?live=off", "").Body.String(), "sse-connect")
}

func TestALiveListTakesItsLinkToOlderOnesAlong(t *testing.T) {
	s := newSite(t, "", "")
	require.Contains(t, s.get("/", "").Body.String(), `<div id="older">`, "a list may come to have more than a page")
	require.Regexp(t, `hx-select-oob="[^"]*#older[",]`, s.get("/", "").Body.String())
}

func TestWhatTakesLongToFindIsNotLookedForEachSecond(t *testing.T) {
	s := newSite(t, "", "")
	page := s.get("/recordings?q=refund", "").Body.String()
	require.NotContains(t, page, "sse-connect")
	require.Contains(t, page, "Not live while you search for text")
	require.Contains(t, s.get("/recordings?stage=dead", "").Body.String(), `sse-connect="/live?pace=slow"`)

	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "")
		s.watch = func(ctx context.Context, changed func(string)) error {
			for ctx.Err() == nil {
				changed(key)
				<-time.After(100 * time.Millisecond)
			}
			return nil
		}
		for path, want := range map[string]int{"/live": 60, "/live?pace=slow": 4} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute-time.Millisecond)
			r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(ctx)
			r.Host = "localhost"
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			cancel()
			require.Equal(t, want, strings.Count(w.Body.String(), "event: changed"), path)
		}
	})
}

func TestTheFiltersOfferWhatThereIsAndSayWhatIsChosen(t *testing.T) {
	s := newSite(t, "", "")
	page := s.get("/recordings?source=removed", "").Body.String()
	require.Contains(t, page, "<option selected>removed</option>", "it is looked for, although nothing comes from there any more")
	require.Contains(t, page, "Nothing matches.")
	require.Contains(t, s.get("/insights?source=removed", "").Body.String(), "<option selected>removed</option>")
	require.NotContains(t, s.get("/recordings?source=phone", "").Body.String(), "<option>phone</option>", "each stands there once")

	e := s.entry
	e.ReceivedAt, e.Trackers = time.Now(), []string{"Sale <b>", "Price"}
	s.page.Entries = []events.Entry{e}
	require.Equal(t, 200, s.get("/insights", "").Code)
	require.Contains(t, s.get("/", "").Body.String(), `<option value="Price"></option><option value="Sale &lt;b&gt;"></option></datalist>`)
	s.page = events.SearchPage{Page: events.Page{Next: 4}, Reached: time.Now()}
	page = s.get("/recordings?tracker=none", "").Body.String()
	require.Contains(t, page, "Nothing matches so far.")
	require.Contains(t, page, "Search further back")
}

func TestTheTrackersSayThatNotAllCallsAreCountedYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "")
		for i := range 3 {
			e := s.entry
			e.Key, e.ReceivedAt = fmt.Sprint("calls.", i), time.Now()
			s.page.Entries = append(s.page.Entries, e)
		}
		s.slow = 4 * time.Second
		require.Contains(t, s.get("/trackers", "").Body.String(), "Go on counting")
		s.slow = 0
		require.NotContains(t, s.get("/trackers", "").Body.String(), "Go on counting")
	})
}

func TestTheFormSaysWhatIsLookedFor(t *testing.T) {
	s := newSite(t, "op", "view")
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	s.page.Next, s.page.Reached = 5, at
	query := url.Values{"q": {" <0137> "}, "source": {"phone"}, "stage": {"dead"}, "tracker": {"Sale"}, "since": {"2026-11-02"}, "until": {"2026-11-03"}}
	page := s.get("/recordings?"+query.Encode(), "view").Body.String()
	require.Equal(t, events.Search{
		Query: "<0137>", Source: "phone", Stage: events.StageDead, Tracker: "Sale", Since: at, Until: at.AddDate(0, 0, 2), Masked: true,
	}, s.searched)
	require.Contains(t, page, `value="&lt;0137&gt;"`)
	require.Contains(t, page, "came back to 2 Nov 2026")
	require.Contains(t, page, "Search further back")
	require.Contains(t, page, "cursor=5&amp;q=%3C0137%3E&amp;since=2026-11-02")
	s.get("/recordings?q="+strings.Repeat("x", 500), "op")
	require.Len(t, s.searched.Query, 200)
	require.False(t, s.searched.Masked)
}

func TestASearchSaysWhereItDoesNotLook(t *testing.T) {
	const hint = "only the sentences in which a tracker was found are searched"
	near, far := newSite(t, "", ""), newSite(t, "", "", func(d *console.Deps) { d.Remote = true })
	require.NotContains(t, near.get("/recordings?q=refund", "").Body.String(), hint)
	require.Contains(t, far.get("/recordings?q=refund", "").Body.String(), hint)
	require.NotContains(t, far.get("/recordings", "").Body.String(), hint)
}

func TestAViewerSeesNoNumberThatStandsForAName(t *testing.T) {
	s := newSite(t, "op", "view")
	s.entry.Call.Agent, s.entry.Call.Labels = "+14155550188", map[string]string{"caller": "+14155550188"}
	s.page.Entries = []events.Entry{s.entry}
	s.transcript = events.Transcript{Lines: []events.Line{{Speaker: "+14155550188", Text: "hello"}}}
	for _, path := range []string{"/recordings", "/recordings/" + key} {
		require.Contains(t, s.get(path, "op").Body.String(), "14155550188", path)
		page := s.get(path, "view").Body.String()
		require.NotContains(t, page, "14155550188", path)
		require.Contains(t, page, "1 415 •••• 0188", path)
	}
	require.Contains(t, s.get("/recordings/"+key, "op").Body.String(), "Open the recording where it is kept")
	require.NotContains(t, s.get("/recordings/"+key, "view").Body.String(), "Open the recording where it is kept")
}

// A page that shows 50 calls with much in them stays small.
func TestTheFirstPageIsSmall(t *testing.T) {
	s := newSite(t, "", "")
	for i := range 50 {
		e := s.entry
		e.Key = fmt.Sprintf("support-north.%036d", i)
		e.Trackers = []string{"Promotion Mention", "Cancellation", "Competitor"}
		e.Call.Agent = "Alexandra Featherstonehaugh"
		s.page.Entries = append(s.page.Entries, e)
	}
	total := 0
	for _, path := range []string{"/", "/static/console.css", "/static/htmx.min.js", "/static/htmx-sse.min.js", "/static/console.js", "/static/icon.svg"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code)
		total += w.Body.Len()
	}
	require.Less(t, total, 100_000, "with all that it needs")
}

func TestChangesAreToldAtOnceAndThenOnceASecond(t *testing.T) {
	s := newSite(t, "", "")
	tell := make(chan string)
	s.watch = func(ctx context.Context, changed func(string)) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case k := <-tell:
				changed(k)
			}
		}
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL + "/live?key=" + key)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if text := lines.Text(); strings.HasPrefix(text, "event") {
				return text
			}
		}
		return "the end"
	}
	require.Equal(t, "event: changed", next(), "what came before the stream is not missed")
	tell <- "calls.other"
	for range 5 {
		tell <- key
	}
	require.Equal(t, "event: changed", next())
	close(s.stop)
	require.Equal(t, "the end", next(), "a server that stops waits for nobody")
}

func TestReallyAllDeadLettersAreChangedInBulk(t *testing.T) {
	s := newSite(t, "", "")
	var letters []events.DeadLetter
	for id := range uint64(2*console.MaxBulk + 50) {
		letters = append(letters, events.DeadLetter{ID: id + 1})
	}
	s.letters, s.poison = letters, 1100
	slices.Reverse(s.letters) // the newest first
	require.Contains(t, s.get("/dead", "").Body.String(), "Drop all 2050")
	require.Contains(t, s.get("/dead", "").Body.String(), `name="cursor" value="2051"`, "those that come in later were not seen")
	all := url.Values{"do": {"drop"}, "all": {"yes"}, "sure": {"yes"}, "cursor": {"2051"}}
	w := s.post("/dead", all)
	require.Equal(t, "/dead?cursor=1051&done=dead-more-failed", w.Header().Get("Location"))
	require.Len(t, s.changed, console.MaxBulk-1)
	require.Equal(t, []string{"drop 1951", "drop 2050", "drop 1851"}, []string{s.changed[0], s.changed[99], s.changed[100]})
	page := s.get(w.Header().Get("Location"), "").Body.String()
	require.Contains(t, page, "more than one request takes")
	require.Contains(t, page, `name="cursor" value="1051"`)
	require.Contains(t, page, "Drop these and all older ones")
	all.Set("cursor", "1051")
	require.Equal(t, "/dead?cursor=51&done=dead-more", s.post("/dead", all).Header().Get("Location"))
	all.Set("cursor", "51")
	require.Equal(t, "/dead?done=dropped", s.post("/dead", all).Header().Get("Location"))
	require.Len(t, s.changed, len(letters)-1, "one that cannot be changed keeps back no other")
	require.Len(t, s.deeds, len(letters), "the audit log has each")
	s.poison = 7
	require.Equal(t, "/dead?done=dead-failed", s.post("/dead", all).Header().Get("Location"))

	s.broken = events.ErrUnavailable
	require.Equal(t, 503, s.do("POST", "/dead", "", all).Code)
}

func TestWhatWasDoneIsToldWhereTheStoreGoesAway(t *testing.T) {
	s := newSite(t, "", "")
	s.poison, s.away = 2, 4
	s.letters = []events.DeadLetter{{ID: 5}, {ID: 4}, {ID: 3}, {ID: 2}, {ID: 1}}
	for _, form := range []url.Values{{"id": {"1", "2", "3", "4", "5"}}, {"all": {"yes"}, "sure": {"yes"}}} {
		form.Set("do", "drop")
		w := s.post("/dead", form)
		require.Equal(t, 503, w.Code)
		require.Contains(t, w.Body.String(), "Before that, 2 dead letters changed and 1 could not be; asking again is safe.")
	}
	require.Equal(t, []string{"drop 1", "drop 3", "drop 1", "drop 3"}, s.changed)
}

func TestARequestDoesNotTakeLongerForChosenDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "")
		s.slow = time.Second
		var ids []string
		for id := range 25 {
			ids = append(ids, strconv.Itoa(id+1))
		}
		w := s.post("/dead", url.Values{"do": {"drop"}, "id": ids})
		require.Equal(t, "/dead?done=dead-left", w.Header().Get("Location"))
		require.Len(t, s.changed, 10)
		require.Contains(t, s.get("/dead?done=dead-left", "").Body.String(), "Choose them again")
	})
}

func TestDeadLettersSayWhatToDo(t *testing.T) {
	s := newSite(t, "", "")
	for i, reason := range events.Reasons() {
		s.letters = append(s.letters, events.DeadLetter{ID: uint64(i + 1), Recording: key, Step: "submit", Reason: reason, Error: "<i>why</i>", At: time.Now()})
	}
	page := s.get("/dead", "").Body.String()
	require.NotContains(t, page, "It could not be handled.", "each reason has words of its own")
	require.Contains(t, page, "&lt;i&gt;why&lt;/i&gt;")
	require.Contains(t, page, `<span class="pill bad">`+strconv.Itoa(len(events.Reasons()))+`</span>`)

	require.Equal(t, 400, s.post("/dead", url.Values{"do": {"replay"}}).Code, "none is chosen")
	many := s.post("/dead", url.Values{"do": {"replay"}, "id": slices.Repeat([]string{"1"}, console.MaxBulk+1)})
	require.Equal(t, 400, many.Code)
	require.Contains(t, many.Body.String(), "1001 dead letters are chosen, and at most 1000 can be at once")
	require.Equal(t, 400, s.post("/dead", url.Values{"do": {"burn"}, "id": {"1"}}).Code)
	require.Equal(t, 400, s.post("/dead", url.Values{"do": {"drop"}, "id": {"x"}}).Code)
	w := s.post("/dead", url.Values{"do": {"replay"}, "id": {"3", "1", "3", "404"}})
	require.Equal(t, "/dead?done=dead-replayed", w.Header().Get("Location"), "one that is gone meanwhile is no error")
	require.Equal(t, 303, s.post("/dead", url.Values{"do": {"drop"}, "id": {"2"}}).Code)
	require.Equal(t, []string{"replay 1", "replay 3", "drop 2"}, s.changed)
	require.Equal(t, "dead letter 1", s.deeds[0].Object)
	s.changed = nil
	require.Equal(t, 303, s.post("/dead", url.Values{"do": {"replay"}, "all": {"yes"}}).Code)
	require.Len(t, s.changed, len(events.Reasons()))
	require.Equal(t, 400, s.post("/dead", url.Values{"do": {"drop"}, "all": {"yes"}}).Code, "nobody ticked the box")
	require.Equal(t, 400, s.post("/dead", url.Values{"do": {"replay"}, "all": {"yes"}, "cursor": {"x"}}).Code)

	s.letters = nil
	require.Contains(t, s.get("/dead", "").Body.String(), "There are none")
}

func TestInvisibleCharactersDoNotReachThePage(t *testing.T) {
	s := newSite(t, "", "")
	s.entry.Call = notify.Call{From: "\u202egnp.exe\u0000", Agent: "a\u2066b"}
	s.page.Entries = []events.Entry{s.entry}
	for _, path := range []string{"/", "/recordings/" + key} {
		page := s.get(path, "").Body.String()
		require.Contains(t, page, "gnp.exe", path)
		for _, bad := range []string{"\u202e", "\u2066", "\x00"} {
			require.NotContains(t, page, bad, path)
		}
	}
	raw := html.UnescapeString(s.get("/recordings/"+key+"/events", "").Body.String())
	require.Contains(t, raw, `"from": "\u202egnp.exe\u0000"`)
	require.Contains(t, raw, `"agent": "a\u2066b"`)
}
