package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

const (
	pageSize = 50
	maxQuery = 200 // characters
	dayForm  = time.DateOnly
)

// recordingsPage is the list of the recordings, last changed first.
type recordingsPage struct {
	frame
	Rows    []row
	Search  searchForm
	Sources []string
	Known   []string // names of trackers
	Stages  []events.Stage
	Live    bool   // not while it is searched by text, which takes long
	Here    string // the address of this page
	Next    string // that of the next one; empty at the end
	Reached string // how far back the search came; empty when it saw all
	News    string // what happened last
	Partly  bool   // of some calls, not all that was said was searched
}

// searchForm is what the list's form holds.
type searchForm struct{ Query, Source, Stage, Tracker, Since, Until string }

// row is one recording of the list.
type row struct {
	Key, Source, Agent string
	Caller, Called     string // masked
	Outbound           bool
	Received           time.Time
	Age, Length        string
	Stage              events.Stage
	Trackers           []string
	Alerts             string
	Error              string
}

// recordings is GET /recordings.
func (s *Console) recordings(c echo.Context, v access.Visitor) error {
	cursor, err := cursorOf(c)
	if err != nil {
		return err
	}
	form := readSearch(c)
	search, err := form.search(v)
	if err != nil {
		return err
	}
	found, err := s.Store.Search(c.Request().Context(), search, cursor, pageSize)
	if err != nil {
		return err
	}
	page := recordingsPage{
		frame: s.newFrame(c, v, "/", "Recordings"), Search: form, Sources: withChosen(s.Store.SourceNames(), form.Source), Known: s.counts.known(),
		Stages: []events.Stage{events.StageReady, events.StageSubmitted, events.StageProcessed, events.StageDone, events.StageDead},
		Live:   cursor == 0 && c.QueryParam("live") != "off" && form.Query == "", Here: form.path(0),
		Partly: s.Remote && form.Query != "",
	}
	for _, e := range found.Entries {
		page.Rows = append(page.Rows, s.newRow(e, page.Operator()))
	}
	if found.Next > 0 {
		page.Next = form.path(found.Next)
	}
	if !found.Reached.IsZero() {
		page.Reached = moment(found.Reached)
	}
	if len(page.Rows) > 0 {
		page.News = "Last change: " + page.Rows[0].Key + ", " + stageWords(page.Rows[0].Stage)
	}
	return s.render(c, http.StatusOK, "recordings", page)
}

// withChosen are the choices of a list, with the one that is chosen where it is
// none of them any more: it is still looked for.
func withChosen(names []string, chosen string) []string {
	if chosen == "" || slices.Contains(names, chosen) {
		return names
	}
	return append(slices.Clone(names), chosen)
}

func readSearch(c echo.Context) searchForm {
	get := func(name string) string { return strings.TrimSpace(cut(c.QueryParam(name))) }
	return searchForm{get("q"), get("source"), get("stage"), get("tracker"), get("since"), get("until")}
}

// cut keeps the first characters of what somebody looks for.
func cut(text string) string {
	if runes := []rune(text); len(runes) > maxQuery {
		return string(runes[:maxQuery])
	}
	return text
}

// search is what is looked for. Days are those of UTC; the last one is included.
func (f searchForm) search(v access.Visitor) (events.Search, error) {
	q := events.Search{
		Query: f.Query, Source: f.Source, Stage: events.Stage(f.Stage), Tracker: f.Tracker, Masked: v.Role < access.Operator,
	}
	for _, day := range []struct {
		text string
		at   *time.Time
		add  int
	}{{f.Since, &q.Since, 0}, {f.Until, &q.Until, 1}} {
		if day.text == "" {
			continue
		}
		at, err := time.Parse(dayForm, day.text)
		if err != nil {
			return q, &failure{http.StatusBadRequest, "A day is written as 2026-11-28."}
		}
		*day.at = at.AddDate(0, 0, day.add)
	}
	return q, nil
}

// path is the address of the list with this search, from a cursor on.
func (f searchForm) path(cursor uint64) string {
	q := url.Values{}
	for name, value := range map[string]string{
		"q": f.Query, "source": f.Source, "stage": f.Stage, "tracker": f.Tracker, "since": f.Since, "until": f.Until,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if cursor > 0 {
		q.Set("cursor", strconv.FormatUint(cursor, 10))
	}
	if len(q) == 0 {
		return "/recordings"
	}
	return "/recordings?" + q.Encode()
}

// Set tells whether anything is looked for.
func (f searchForm) Set() bool { return f != searchForm{} }

func (s *Console) newRow(e events.Entry, operator bool) row {
	agent := e.Call.Agent
	if !operator {
		agent = notify.MaskName(agent)
	}
	return row{
		Key: e.Key, Source: e.Source, Agent: agent, Caller: notify.Mask(e.Call.From), Called: notify.Mask(e.Call.To),
		Outbound: e.Call.Direction == "outbound", Received: e.ReceivedAt, Age: age(e.ReceivedAt, s.now()),
		Length: notify.Duration(e.Call.Seconds), Stage: e.State(), Trackers: e.Trackers, Alerts: alertWords(e), Error: e.Error,
	}
}

// alertWords counts the alerts of a recording.
func alertWords(e events.Entry) string {
	posted, held := 0, 0
	for _, a := range e.Alerts {
		switch {
		case !a.PostedAt.IsZero():
			posted++
		case a.Held != "":
			held++
		}
	}
	switch {
	case len(e.Alerts) == 0 && e.Routed:
		return "none"
	case len(e.Alerts) == 0:
		return ""
	case held == len(e.Alerts):
		return "held back"
	case posted == len(e.Alerts):
		return count(posted, "alert")
	}
	return strconv.Itoa(posted) + " of " + count(len(e.Alerts), "alert")
}
