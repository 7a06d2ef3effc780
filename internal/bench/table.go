package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// goal is the bound of a figure. The zero goal has none.
type goal struct {
	bound float64
	least bool // the figure is to be at least that
}

func atLeast(bound float64) goal { return goal{bound, true} }
func atMost(bound float64) goal  { return goal{bound, false} }

// met tells whether a figure reaches the goal.
func (g goal) met(figure float64) bool { return g.share(figure) <= 1 }

// share is how much of what the goal allows is used: more than 1 is a miss.
func (g goal) share(figure float64) float64 {
	switch {
	case !g.least:
		return figure / g.bound
	case figure == 0:
		return math.Inf(1)
	default:
		return g.bound / figure
	}
}

func (g goal) String() string {
	switch {
	case g == goal{}:
		return ""
	case g.least:
		return "≥ " + number(g.bound)
	default:
		return "≤ " + number(g.bound)
	}
}

// row is one figure: ours and the reference's, a value for each round. Where
// there is a reference, the goal is for the ratio of the two.
type row struct {
	part, name, unit string
	goal             goal
	ours, reference  []float64
}

// results are the figures in the order in which they were first measured, each
// part's together.
type results struct{ rows []*row }

// compare adds a round's values of a figure and of its reference.
func (r *results) compare(part, name, unit string, g goal, ours, reference float64) {
	line := r.line(part, name, unit, g)
	line.ours, line.reference = append(line.ours, ours), append(line.reference, reference)
}

// note adds a value of a figure that has no reference.
func (r *results) note(part, name, unit string, g goal, ours float64) {
	line := r.line(part, name, unit, g)
	line.ours = append(line.ours, ours)
}

func (r *results) line(part, name, unit string, g goal) *row {
	i := slices.IndexFunc(r.rows, func(l *row) bool { return l.part == part && l.name == name })
	if i >= 0 {
		return r.rows[i]
	}
	line := &row{part: part, name: name, unit: unit, goal: g}
	at := len(r.rows)
	for i, l := range r.rows {
		if l.part == part {
			at = i + 1
		}
	}
	r.rows = slices.Insert(r.rows, at, line)
	return line
}

// figure is what the goal is for: the median of the rounds' ratios, or of ours.
func (l *row) figure() float64 {
	if len(l.reference) == 0 {
		return median(l.ours)
	}
	ratios := make([]float64, len(l.ours))
	for i := range ratios {
		ratios[i] = l.ours[i] / l.reference[i]
	}
	return median(ratios)
}

// table is the figures in Markdown, each with the number of rounds behind it.
func (r *results) table() string {
	var b strings.Builder
	b.WriteString("| part | figure | trackerbell | reference | ratio | rounds | goal | |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, l := range r.rows {
		reference, ratio, verdict := "", "", ""
		if len(l.reference) > 0 {
			reference, ratio = number(median(l.reference)), fmt.Sprintf("%.2f", l.figure())
		}
		switch {
		case l.goal == goal{}:
		case l.goal.met(l.figure()):
			verdict = "met"
		default:
			verdict = "missed"
		}
		name := l.name
		if l.unit != "" {
			name += ", " + l.unit
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d | %s | %s |\n", l.part, name, number(median(l.ours)), reference, ratio, len(l.ours), l.goal, verdict)
	}
	return b.String()
}

// median is the middle value, or the mean of the two in the middle; NaN of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// percentile is the smallest value that a share q of all does not exceed
// (nearest rank); NaN of none.
func percentile(values []time.Duration, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := max(1, int(math.Ceil(q*float64(len(sorted)))))
	return millis(sorted[rank-1])
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// number writes a figure with the digits that matter.
func number(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "–"
	case math.Abs(x) >= 100:
		return fmt.Sprintf("%.0f", x)
	case math.Abs(x) >= 10:
		return fmt.Sprintf("%.1f", x)
	default:
		return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", x), "0"), ".")
	}
}
