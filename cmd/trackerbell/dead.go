package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

type deadCmd struct {
	List   deadListCmd   `cmd:"" help:"List dead letters, newest first."`
	Show   deadShowCmd   `cmd:"" help:"Show one dead letter with its event."`
	Replay deadReplayCmd `cmd:"" help:"Try dead letters again from the step that failed."`
	Drop   deadDropCmd   `cmd:"" help:"Delete a dead letter for good."`
}

// Help gives the examples.
func (deadCmd) Help() string {
	return "Examples:\n  trackerbell dead list\n  trackerbell dead show 17\n  trackerbell dead replay 17 18\n  trackerbell dead replay --all\n  trackerbell dead drop 17"
}

type deadListCmd struct {
	adminFlags
	Limit  int    `default:"50" help:"How many."`
	Cursor string `help:"Where to go on: the next of the last list." placeholder:"CURSOR"`
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (deadListCmd) Help() string {
	return "Examples:\n  trackerbell dead list\n  trackerbell dead list --limit 500 --output json"
}

// Run lists dead letters.
func (c *deadListCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if c.Limit < 1 || c.Limit > 500 {
		return usagef("--limit: %d is not between 1 and 500", c.Limit)
	}
	var list api.DeadList
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Cursor != "" {
		q.Set("cursor", c.Cursor)
	}
	if err := c.client(cfg).do(g.ctx, http.MethodGet, "/api/dead?"+q.Encode(), &list); err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, list)
	}
	rows := make([][]string, 0, len(list.Dead))
	for _, d := range list.Dead {
		rows = append(rows, []string{
			strconv.FormatUint(d.ID, 10), d.At.Local().Format(time.DateTime), d.Recording, d.Step, d.Reason, d.Error,
		})
	}
	if err := table(g.out, []string{"ID", "AT", "RECORDING", "STAGE", "REASON", "ERROR"}, rows); err != nil {
		return err
	}
	if list.Next != "" {
		_, err = fmt.Fprintf(g.out, "more: --cursor %s\n", list.Next)
	}
	return err
}

type deadShowCmd struct {
	adminFlags
	ID     uint64 `arg:"" help:"Id of the dead letter."`
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (deadShowCmd) Help() string {
	return "Examples:\n  trackerbell dead show 17\n  trackerbell dead show 17 --output json"
}

// Run shows a dead letter.
func (c *deadShowCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	var d events.DeadLetter
	if err := c.client(cfg).do(g.ctx, http.MethodGet, deadPath(c.ID), &d); err != nil {
		return notFound(err, "dead letter", strconv.FormatUint(c.ID, 10))
	}
	if c.Output == "json" {
		return printJSON(g.out, d)
	}
	return table(g.out, []string{"dead letter", strconv.FormatUint(d.ID, 10)}, [][]string{
		{"recording", d.Recording}, {"stage", d.Step}, {"reason", d.Reason}, {"error", d.Error},
		{"attempts", strconv.Itoa(d.Attempts)}, {"at", d.At.Local().Format(time.DateTime)}, {"subject", d.Subject},
	})
}

type deadReplayCmd struct {
	adminFlags
	IDs []uint64 `arg:"" optional:"" name:"id" help:"Ids of dead letters."`
	All bool     `help:"Every dead letter."`
}

// Help gives the examples.
func (deadReplayCmd) Help() string {
	return "Examples:\n  trackerbell dead replay 17 18\n  trackerbell dead replay --all"
}

// Run replays dead letters.
func (c *deadReplayCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if c.All == (len(c.IDs) > 0) {
		return usagef("name the ids to replay, or --all")
	}
	client := c.client(cfg)
	ids := c.IDs
	if c.All {
		if ids, err = allDead(g, client); err != nil {
			return err
		}
		if len(ids) == 0 {
			_, err = fmt.Fprintln(g.out, "there are no dead letters")
			return err
		}
	}
	var errs []error
	for _, id := range ids {
		if err := client.do(g.ctx, http.MethodPost, deadPath(id)+"/replay", nil); err != nil {
			errs = append(errs, fmt.Errorf("dead letter %d: %w", id, notFound(err, "dead letter", strconv.FormatUint(id, 10))))
			continue
		}
		_, _ = fmt.Fprintf(g.out, "dead letter %d is replayed\n", id)
	}
	return errors.Join(errs...)
}

// allDead reads the ids of all dead letters, before any of them is replayed.
func allDead(g *globals, client *adminClient) ([]uint64, error) {
	var ids []uint64
	for cursor := ""; ; {
		var list api.DeadList
		if err := client.do(g.ctx, http.MethodGet, "/api/dead?limit=500&cursor="+cursor, &list); err != nil {
			return nil, err
		}
		for _, d := range list.Dead {
			ids = append(ids, d.ID)
		}
		if cursor = list.Next; cursor == "" {
			return ids, nil
		}
	}
}

type deadDropCmd struct {
	adminFlags
	ID uint64 `arg:"" help:"Id of the dead letter."`
}

// Help gives the examples.
func (deadDropCmd) Help() string {
	return "Examples:\n  trackerbell dead drop 17"
}

// Run drops a dead letter.
func (c *deadDropCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	id := strconv.FormatUint(c.ID, 10)
	if err := c.client(cfg).do(g.ctx, http.MethodDelete, deadPath(c.ID), nil); err != nil {
		return notFound(err, "dead letter", id)
	}
	_, err = fmt.Fprintf(g.out, "dead letter %s is dropped\n", id)
	return err
}

func deadPath(id uint64) string { return "/api/dead/" + strconv.FormatUint(id, 10) }
