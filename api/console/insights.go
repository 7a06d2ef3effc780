package console

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
)

const (
	insightDays = 30
	maxBars     = 12 // sources and agents
)

// insightsPage is what the calls of the last days come to.
type insightsPage struct {
	frame
	Days     int
	Choices  []int
	Tally    *tally
	Calls    chart
	Trackers []trackerChart
	Sources  []bar
	Agents   []bar
	Times    []quantile
	Held     []pair
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
	Whole, Part float64
}

type quantile struct{ Name, Took string }

// insights is GET /insights?days=.
func (s *Console) insights(c echo.Context, v access.Visitor) error {
	days, t, err := s.lastDays(c)
	if err != nil {
		return err
	}
	page := insightsPage{
		frame: s.newFrame(c, v, "/insights", "Insights"), Days: days, Choices: []int{7, 30, 90}, Tally: t,
		Calls: newChart("Calls", t.PerDay, t.From, 0), Sources: bars(most(t.Sources, maxBars)), Agents: bars(most(t.Agents, maxBars)),
		Times: []quantile{{"half of them within", t.quantile(.5)}, {"9 of 10 within", t.quantile(.9)}, {"99 of 100 within", t.quantile(.99)}},
	}
	largest := 0
	for _, one := range t.Trackers {
		largest = max(largest, slices.Max(one.PerDay))
	}
	for _, one := range t.ranked() {
		page.Trackers = append(page.Trackers, trackerChart{one, newChart(one.Name, one.PerDay, t.From, largest)})
	}
	for why, n := range t.Held {
		page.Held = append(page.Held, pair{Name: why, Calls: n})
	}
	slices.SortFunc(page.Held, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return s.render(c, http.StatusOK, "insights", page)
}

// lastDays counts the days that ?days= asks for.
func (s *Console) lastDays(c echo.Context) (int, *tally, error) {
	days, err := daysOf(c)
	if err != nil {
		return 0, nil, err
	}
	t, err := s.tally(c.Request().Context(), days)
	return days, t, err
}

func daysOf(c echo.Context) (int, error) {
	raw := c.QueryParam("days")
	if raw == "" {
		return insightDays, nil
	}
	days, err := strconv.Atoi(raw)
	if err != nil || !slices.Contains([]int{7, 30, 90}, days) {
		return 0, &failure{http.StatusBadRequest, "days is 7, 30 or 90."}
	}
	return days, nil
}

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

func bars(list []pair) []bar {
	var out []bar
	for _, p := range list {
		most := float64(list[0].Calls)
		out = append(out, bar{p, 1000 * float64(p.Calls) / most, 1000 * float64(p.Found) / most})
	}
	return out
}

// insightsCSV is GET /insights.csv?days=: a line for each day and tracker.
func (s *Console) insightsCSV(c echo.Context, _ access.Visitor) error {
	days, t, err := s.lastDays(c)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	lines := [][]string{{"day", "tracker", "calls"}}
	for i := range days {
		day := t.From.AddDate(0, 0, i).Format(time.DateOnly)
		lines = append(lines, []string{day, "(all calls)", strconv.Itoa(t.PerDay[i])})
		for _, one := range t.ranked() {
			if one.PerDay[i] > 0 {
				lines = append(lines, []string{day, plainCell(one.Name), strconv.Itoa(one.PerDay[i])})
			}
		}
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="trackerbell-%d-days.csv"`, days))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", file.Bytes())
}

// plainCell keeps a spreadsheet from taking a name for a formula.
func plainCell(name string) string {
	if name != "" && strings.ContainsRune("=+-@\t\r", rune(name[0])) {
		return "'" + name
	}
	return name
}
