package main

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

type silencesCmd struct {
	List silencesListCmd `cmd:"" help:"List the silences that have not expired."`
	Add  silencesAddCmd  `cmd:"" help:"Hold alerts back for a while."`
	Drop silencesDropCmd `cmd:"" help:"End a silence."`
}

// Help gives the examples.
func (silencesCmd) Help() string {
	return "What a silence holds back is not posted later; it is counted, and stands with its recording.\n\nExamples:\n" +
		"  trackerbell silences add --tracker \"Promotion Mention\" --for 2h --reason \"the campaign ends today\"\n  trackerbell silences list"
}

type silencesListCmd struct {
	adminFlags
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (silencesListCmd) Help() string {
	return "Examples:\n  trackerbell silences list\n  trackerbell silences list --output json"
}

// Run lists the silences.
func (c *silencesListCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	var list api.SilenceList
	if err := c.client(cfg).do(g.ctx, http.MethodGet, "/api/silences", &list); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, list)
	}
	rows := make([][]string, 0, len(list.Silences))
	for _, q := range list.Silences {
		rows = append(rows, []string{q.ID, q.Until.Local().Format(time.DateTime), q.Destination, q.Tracker, q.Source, q.Reason})
	}
	return table(g.out, []string{"ID", "UNTIL", "CHANNEL", "TRACKER", "SOURCE", "REASON"}, rows)
}

type silencesAddCmd struct {
	adminFlags
	Channel string        `help:"Channel or destination." placeholder:"CHANNEL"`
	Tracker string        `help:"Name of a tracker." placeholder:"NAME"`
	Source  string        `help:"Name of a source." placeholder:"NAME"`
	For     time.Duration `required:"" help:"How long, such as 2h." placeholder:"DURATION"`
	Reason  string        `required:"" help:"Why, for those who wonder." placeholder:"TEXT"`
	Output  string        `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (silencesAddCmd) Help() string {
	return "Give at least one of --channel, --tracker and --source; what is not given is not looked at.\n\nExamples:\n  trackerbell silences add --channel \"#promotions\" --for 8h --reason \"load test\""
}

// Run adds a silence.
func (c *silencesAddCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	switch {
	case c.Channel == "" && c.Tracker == "" && c.Source == "":
		return usagef("give at least one of --channel, --tracker and --source: what is to be silent")
	case c.For <= 0:
		return usagef("--for: %s is not longer than nothing", c.For)
	}
	what := url.Values{"destination": {c.Channel}, "tracker": {c.Tracker}, "source": {c.Source}, "for": {c.For.String()}, "reason": {c.Reason}}
	var q events.Silence
	if err := c.client(cfg).do(g.ctx, http.MethodPost, "/api/silences?"+what.Encode(), &q); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, q)
	}
	_, err = fmt.Fprintf(g.out, "silence %s holds until %s\n", q.ID, q.Until.Local().Format(time.DateTime))
	return err
}

type silencesDropCmd struct {
	adminFlags
	ID string `arg:"" help:"Id of the silence."`
}

// Help gives the examples.
func (silencesDropCmd) Help() string {
	return "Examples:\n  trackerbell silences drop 3f7kq2ab"
}

// Run ends a silence.
func (c *silencesDropCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if err := c.client(cfg).do(g.ctx, http.MethodDelete, "/api/silences/"+url.PathEscape(c.ID), nil); err != nil {
		return notFound(err, "silence", c.ID)
	}
	_, err = fmt.Fprintf(g.out, "silence %s is ended\n", c.ID)
	return err
}
