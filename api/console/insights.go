package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/notify"
)

const (
	insightDays = 30
	maxBars     = 12 // sources and agents
)

// insightsPage is what the calls of the last days come to.
type insightsPage struct {
	frame
	Choices     []choice
	SourceNames []string
	Tally       *tally
	Calls       chart
	Trackers    []trackerChart
	Sources     []bar
	Agents      []bar
	Times       []quantile
	Held        []pair
}

// choice is another number of days.
type choice struct {
	Days int
	Path string
	Here bool
}

// chart is bars, one for each day, in a box of 1000 by 100.
type chart struct {
	Bars   []chartBar
	Most   int
	Spoken string // for who does not see it
}

type chartBar struct {
	X, Y, Width, Height float64
	Title               string
}

type trackerChart struct {
	*trackerTally
	Chart chart
}

// bar is a part of the largest, per mille.
type bar struct {
	pair
	Path        string // of the insights into it alone; empty: there are none
	Whole, Part float64
}

type quantile struct{ Name, Took string }

// insights is GET /insights?days=&source=&agent=.
func (s *Console) insights(c echo.Context, v access.Visitor) error {
	of, t, err := s.lastDays(c)
	if err != nil {
		return err
	}
	page := insightsPage{
		frame: s.newFrame(c, v, "/insights", "Insights"), SourceNames: withChosen(s.Store.SourceNames(), of.Source), Tally: t,
		Calls: newChart("Calls", t.PerDay, t.From, 0),
		Sources: bars(most(t.Sources, maxBars), func(name string) string {
			of := of
			of.Source = name
			return of.path("")
		}),
		Agents: bars(most(t.Agents, maxBars), func(name string) string {
			of := of
			of.Agent = name
			return of.path("")
		}),
		Held: t.held(),
	}
	for _, days := range []int{7, 30, 90} {
		other := of
		other.Days = days
		page.Choices = append(page.Choices, choice{days, other.path(""), days == of.Days})
	}
	if !page.Operator() {
		maskAgents(page.Agents)
	}
	for _, q := range quantiles() {
		took := "–"
		if d, ok := t.quantile(q.part); ok {
			took = span(d)
		}
		page.Times = append(page.Times, quantile{q.name, took})
	}
	largest := 0
	for _, one := range t.Trackers {
		largest = max(largest, slices.Max(one.PerDay))
	}
	for _, one := range t.ranked() {
		page.Trackers = append(page.Trackers, trackerChart{one, newChart(one.Name, one.PerDay, t.From, largest)})
	}
	return s.render(c, http.StatusOK, "insights", page)
}

// maskAgents hides the numbers of agents who have one for a name.
func maskAgents(list []bar) {
	for i := range list {
		if masked := notify.MaskName(list[i].Name); masked != list[i].Name {
			list[i].Name, list[i].Path = masked, ""
		}
	}
}

// part is a share of the alerts, with what to call it.
type part struct {
	part float64
	name string
}

func quantiles() []part {
	return []part{{.5, "half of them within"}, {.9, "9 of 10 within"}, {.99, "99 of 100 within"}}
}

// lastDays counts the days that a request asks for.
func (s *Console) lastDays(c echo.Context) (tallyOf, *tally, error) {
	of, err := readTallyOf(c.QueryParams())
	if err != nil {
		return of, nil, err
	}
	t, err := s.tally(c.Request().Context(), of)
	return of, t, err
}

func readTallyOf(q url.Values) (tallyOf, error) {
	of := tallyOf{insightDays, cut(q.Get("source")), cut(q.Get("agent"))}
	if raw := q.Get("days"); raw != "" {
		days, err := strconv.Atoi(raw)
		if err != nil || !slices.Contains([]int{7, 30, 90}, days) {
			return of, &failure{http.StatusBadRequest, "days is 7, 30 or 90."}
		}
		of.Days = days
	}
	return of, nil
}

// path is the address of the page, or of one of its tables.
func (of tallyOf) path(table string) string {
	q := of.query()
	if table == "" {
		return "/insights?" + q.Encode()
	}
	q.Set("table", table)
	return "/insights.csv?" + q.Encode()
}

// CSV is the address of a table, for the page.
func (of tallyOf) CSV(table string) string { return of.path(table) }

// newChart draws a number for each day; most is the height of the box, 0 for
// that of the largest number.
func newChart(what string, perDay []int, from time.Time, most int) chart {
	if most == 0 {
		most = slices.Max(perDay)
	}
	ch := chart{Most: most}
	total, width := 0, 1000/float64(len(perDay))
	for i, n := range perDay {
		total += n
		if n == 0 {
			continue
		}
		height := max(3, 100*float64(n)/float64(most))
		day := from.AddDate(0, 0, i).Format("2 Jan")
		ch.Bars = append(ch.Bars, chartBar{float64(i)*width + .1*width, 100 - height, .8 * width, height, fmt.Sprintf("%s: %d", day, n)})
	}
	ch.Spoken = fmt.Sprintf("%s by day: %d in %d days, at most %d a day", show(what), total, len(perDay), slices.Max(perDay))
	return ch
}

func bars(list []pair, path func(name string) string) []bar {
	var out []bar
	for _, p := range list {
		most := float64(list[0].Calls)
		out = append(out, bar{p, path(p.Name), 1000 * float64(p.Calls) / most, 1000 * float64(p.Found) / most})
	}
	return out
}

// held are the alerts that were held back, by why.
func (t *tally) held() []pair {
	var list []pair
	for why, n := range t.Held {
		list = append(list, pair{Name: why, Calls: n})
	}
	slices.SortFunc(list, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return list
}
