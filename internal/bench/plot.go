package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The plot's measures, in pixels.
const (
	plotLabel = 400 // width of what stands left of the bars
	plotGoal  = 110 // from there to the line of the goals
	plotBars  = 470
	plotTop   = 44
	plotRow   = 24
)

// plot draws, for every figure with a goal, how much of what the goal allows
// is used: a bar that ends left of the line has met it.
func (r *results) plot() string {
	var b strings.Builder
	y := plotTop
	for _, l := range r.rows {
		if (l.goal == goal{}) {
			continue
		}
		share := l.goal.share(l.figure())
		class := "met"
		if share > 1 {
			class = "missed"
		}
		width := math.Min(share*plotGoal, plotBars-190)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", plotLabel-8, y+12, html.EscapeString(l.part+": "+l.name))
		fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"15\"/>\n", class, plotLabel, y, width)
		fmt.Fprintf(&b, "<text class=\"figure\" x=\"%.1f\" y=\"%d\">%s</text>\n", plotLabel+math.Max(width, plotGoal)+6, y+12, html.EscapeString(l.caption()))
		y += plotRow
	}
	height := y + 12
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" font-family="sans-serif" font-size="12">
<style>.met{fill:#2e7d5b}.missed{fill:#c2553d}.figure{fill:#555}.goal{stroke:#222;stroke-dasharray:3 3}</style>
<rect width="%[1]d" height="%[2]d" fill="#fff"/>
<text x="%[3]d" y="18" text-anchor="middle">the goal</text>
<line class="goal" x1="%[3]d" x2="%[3]d" y1="26" y2="%[4]d"/>
%[5]s</svg>
`, plotLabel+plotBars, height, plotLabel+plotGoal, y, b.String())
}

// caption is the figure in words.
func (l *row) caption() string {
	if len(l.reference) > 0 {
		return fmt.Sprintf("%s × the reference (%s)", number(l.figure()), l.goal)
	}
	return fmt.Sprintf("%s %s (%s)", number(l.figure()), l.unit, l.goal)
}
