package main

import (
	"fmt"
	"strings"

	"github.com/trackerbell/trackerbell/notify"
)

type routesCmd struct {
	Test   routesTestCmd   `cmd:"" help:"Say which routes match a recording or a transcript, and why."`
	Render routesRenderCmd `cmd:"" help:"Show the alerts of a recording, a transcript or a sample."`
}

// Help gives the examples.
func (routesCmd) Help() string {
	return "Examples:\n  trackerbell routes test --transcript call.vtt --source support\n  trackerbell routes render --recording support.RE123 --output json"
}

type routesTestCmd struct {
	routedCall
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (routesTestCmd) Help() string {
	return "The routes are those of --config, not those of the running service: try a change before it is deployed.\n\nExamples:\n" +
		"  trackerbell routes test --recording support.RE123\n" +
		"  trackerbell routes test --transcript call.json --source support --direction inbound --label team=blue --output json"
}

// Run explains what the routes make of a call.
func (c *routesTestCmd) Run(g *globals) error {
	if c.Sample {
		return usagef("--sample is for routes render")
	}
	cfg, err := g.load()
	if err != nil {
		return err
	}
	router, err := newRouter(cfg)
	if err != nil {
		return err
	}
	found, err := c.found(g, cfg)
	if err != nil {
		return err
	}
	x := router.Explain(found.Call, found.Trackers)
	if c.Output == "json" {
		return printJSON(g.out, x)
	}
	_, err = fmt.Fprint(g.out, explain(x))
	return err
}

// explain puts an explanation into words.
func explain(x notify.Explanation) string {
	var b strings.Builder
	if len(x.Trackers) == 0 {
		b.WriteString("No tracker was found, and no route is about one that is absent.\n")
	}
	for _, t := range x.Trackers {
		fmt.Fprintf(&b, "%s: %s\n", printable(t.Tracker), whatAbout(t))
		for _, r := range t.Routes {
			verdict := "no"
			if r.Matches {
				verdict = "yes"
			}
			fmt.Fprintf(&b, "  %-10s  %-3s  %s\n", fmt.Sprintf("routes[%d]", r.Route), verdict, printable(strings.Join(r.Why, "; ")))
		}
		fmt.Fprintf(&b, "  -> %s\n", destinationsOf(t))
	}
	if len(x.Alerts) > 0 {
		b.WriteString("Alerts:\n")
	}
	for _, a := range x.Alerts {
		fmt.Fprintf(&b, "  %s: %s%s\n", printable(a.Destination), printable(strings.Join(a.Names(), ", ")), styled(a.Style))
	}
	return b.String()
}

func whatAbout(t notify.TrackerExplanation) string {
	if t.Absence {
		return "is it absent?"
	}
	if t.Quotes == 1 {
		return "1 quote"
	}
	return fmt.Sprintf("%d quotes", t.Quotes)
}

func destinationsOf(t notify.TrackerExplanation) string {
	taken := false
	for _, r := range t.Routes {
		taken = taken || r.Matches
	}
	switch to := printable(strings.Join(t.Destinations, ", ")); {
	case to == "":
		return "nowhere"
	case !taken:
		return to + " (slack.defaultChannel, as no route takes it)"
	default:
		return to
	}
}

func styled(s notify.Style) string {
	var parts []string
	if s.Severity != "" {
		parts = append(parts, s.Severity)
	}
	if len(s.Mentions) > 0 {
		parts = append(parts, "mentions "+strings.Join(s.Mentions, ", "))
	}
	if !s.Template.IsZero() {
		parts = append(parts, "with a template")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}
