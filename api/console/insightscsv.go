package console

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/notify"
)

// insightsCSV is GET /insights.csv?table=&days=&source=&agent=: one table of the
// page. Spreadsheets know by its first bytes that it is UTF-8.
func (s *Console) insightsCSV(c echo.Context, v access.Visitor) error {
	name := c.QueryParam("table")
	if name == "" {
		name = "days"
	}
	of, t, err := s.lastDays(c)
	if err != nil {
		return err
	}
	lines, err := t.table(name, v.Role < access.Operator)
	if err != nil {
		return err
	}
	file := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(file)
	for _, line := range lines {
		for i := range line {
			line[i] = plainCell(line[i])
		}
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="trackerbell-%s-%d-days.csv"`, name, of.Days))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", file.Bytes())
}

// table is a part of the page as lines, the first of which names the columns.
func (t *tally) table(name string, masked bool) ([][]string, error) {
	switch name {
	case "days":
		return t.daysTable(), nil
	case "trackers":
		lines := [][]string{{"tracker", "calls", "useful", "false alarms"}}
		for _, one := range t.ranked() {
			lines = append(lines, []string{one.Name, strconv.Itoa(one.Calls), strconv.Itoa(one.Useful), strconv.Itoa(one.FalseAlarms)})
		}
		return lines, nil
	case "sources":
		return pairsTable("source", t.Sources), nil
	case "agents":
		lines := pairsTable("agent", t.Agents)
		for _, line := range lines[1:] {
			if masked {
				line[0] = notify.MaskName(line[0])
			}
		}
		return lines, nil
	case "times":
		lines := [][]string{{"alerts", "seconds from webhook to alert"}}
		for _, q := range quantiles() {
			if took, ok := t.quantile(q.part); ok {
				lines = append(lines, []string{q.name, strconv.FormatFloat(took.Seconds(), 'f', 3, 64)})
			}
		}
		return lines, nil
	case "held":
		lines := [][]string{{"held back by", "alerts"}}
		for _, p := range t.held() {
			lines = append(lines, []string{p.Name, strconv.Itoa(p.Calls)})
		}
		return lines, nil
	}
	return nil, &failure{http.StatusBadRequest, "table is days, trackers, sources, agents, times or held."}
}

// daysTable has a line for each day and tracker.
func (t *tally) daysTable() [][]string {
	lines := [][]string{{"day", "tracker", "calls"}}
	for i := range t.Days {
		day := t.From.AddDate(0, 0, i).Format(time.DateOnly)
		lines = append(lines, []string{day, "(all calls)", strconv.Itoa(t.PerDay[i])})
		for _, one := range t.ranked() {
			if one.PerDay[i] > 0 {
				lines = append(lines, []string{day, one.Name, strconv.Itoa(one.PerDay[i])})
			}
		}
	}
	return lines
}

func pairsTable(what string, all map[string]*pair) [][]string {
	lines := [][]string{{what, "calls", "with a tracker"}}
	for _, p := range most(all, len(all)) {
		lines = append(lines, []string{p.Name, strconv.Itoa(p.Calls), strconv.Itoa(p.Found)})
	}
	return lines
}

// plainCell keeps a spreadsheet from taking a name for a formula, and from
// showing what is invisible in it.
func plainCell(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '\n' {
			return ' '
		}
		return r
	}, show(text))
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " ")); strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + text
	}
	return text
}
