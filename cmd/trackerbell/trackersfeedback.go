package main

import (
	"net/http"
	"strconv"

	"github.com/trackerbell/trackerbell/api"
)

type trackersFeedbackCmd struct {
	adminFlags
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (trackersFeedbackCmd) Help() string {
	return "Counts the Useful and False alarm buttons that were pressed in Slack, for each phrase that an alert quoted.\n\nExamples:\n  trackerbell trackers feedback\n  trackerbell trackers feedback --output json"
}

// Run shows what people thought of the alerts.
func (c *trackersFeedbackCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	var list api.FeedbackList
	if err := c.client(cfg).do(g.ctx, http.MethodGet, "/api/feedback", &list); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, list)
	}
	rows := make([][]string, 0, len(list.Phrases))
	for _, p := range list.Phrases {
		phrase := p.Phrase
		if phrase == "" {
			phrase = "(its absence)"
		}
		rows = append(rows, []string{p.Tracker, phrase, strconv.Itoa(p.Useful), strconv.Itoa(p.FalseAlarms)})
	}
	return table(g.out, []string{"TRACKER", "PHRASE", "USEFUL", "FALSE ALARMS"}, rows)
}
