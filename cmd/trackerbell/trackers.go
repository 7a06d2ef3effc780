package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/symbl"
)

type trackersCmd struct {
	List     trackersListCmd     `cmd:"" help:"List all trackers."`
	Get      trackersGetCmd      `cmd:"" help:"Show one tracker."`
	Create   trackersCreateCmd   `cmd:"" help:"Create trackers; a list creates in bulk."`
	Update   trackersUpdateCmd   `cmd:"" help:"Make a tracker what a file says."`
	Apply    trackersApplyCmd    `cmd:"" help:"Make the account's trackers what a file says, and print the plan."`
	Export   trackersExportCmd   `cmd:"" help:"Print all trackers as a file for apply."`
	Delete   trackersDeleteCmd   `cmd:"" help:"Delete a tracker with its vocabulary."`
	Test     trackersTestCmd     `cmd:"" help:"Try trackers on text, offline."`
	Feedback trackersFeedbackCmd `cmd:"" help:"Show which phrases people found useful, and which cry wolf."`
}

// Help gives the examples.
func (trackersCmd) Help() string {
	return "Examples:\n  trackerbell trackers create promotion.yaml\n  trackerbell trackers get \"Promotion Mention\"\n  trackerbell trackers apply trackers.yaml --dry-run\n  trackerbell trackers test trackers.yaml --text \"we have a sale right now\"\n\nA FILE is YAML or JSON: a tracker {name, vocabulary, description, categories, languages, sensitivity} or a list of them. The sensitivity is exact, strict, balanced (the default) or broad."
}

// symblFlags say which Symbl the trackers are managed at.
type symblFlags struct {
	adminFlags
}

// client is the configured Symbl, or the engine inside the running service.
func (f symblFlags) client(g *globals) (*symbl.Client, error) {
	cfg, err := g.load()
	if err != nil {
		return nil, err
	}
	return f.clientOf(g, cfg)
}

func (f symblFlags) clientOf(g *globals, cfg *config.Config) (*symbl.Client, error) {
	if cfg.Symbl.BaseURL != "" {
		return newSymbl(cfg.Symbl)
	}
	admin := f.adminFlags.client(cfg)
	var cred api.Credentials
	if err := admin.do(g.ctx, http.MethodGet, "/api/engine/credentials", &cred); err != nil {
		return nil, err
	}
	return newSymbl(config.Symbl{BaseURL: admin.base, AppID: cred.AppID, AppSecret: cred.AppSecret, Generation: cfg.Symbl.Generation})
}

// find looks a tracker up by its id or its name.
func find(g *globals, client *symbl.Client, idOrName string) (symbl.Tracker, error) {
	if _, err := strconv.ParseUint(idOrName, 10, 64); err == nil {
		t, err := client.Tracker(g.ctx, idOrName)
		var failed *symbl.Error
		if !errors.As(err, &failed) || failed.Class != symbl.NotFound {
			return t, err
		}
	}
	t, found, err := client.TrackerByName(g.ctx, idOrName)
	if err == nil && !found {
		err = fmt.Errorf("there is no tracker with the id or name %q", idOrName)
	}
	return t, err
}

type trackersListCmd struct {
	symblFlags
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// trackerList is how trackers are listed as JSON: as Symbl itself does.
type trackerList struct {
	Trackers []symbl.Tracker `json:"trackers"`
}

// Help gives the examples.
func (trackersListCmd) Help() string {
	return "Examples:\n  trackerbell trackers list\n  trackerbell trackers list --output json"
}

// Run lists the trackers.
func (c *trackersListCmd) Run(g *globals) error {
	client, err := c.client(g)
	if err != nil {
		return err
	}
	list, err := client.Trackers(g.ctx)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, trackerList{Trackers: append([]symbl.Tracker{}, list...)})
	}
	rows := make([][]string, 0, len(list))
	for _, t := range list {
		rows = append(rows, []string{t.ID, t.Name, strconv.Itoa(len(t.Vocabulary)), strings.Join(t.Languages, ", ")})
	}
	return table(g.out, []string{"ID", "NAME", "PHRASES", "LANGUAGES"}, rows)
}

type trackersGetCmd struct {
	symblFlags
	Tracker string `arg:"" name:"id-or-name" help:"Id or name of the tracker."`
	Output  string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (trackersGetCmd) Help() string {
	return "Examples:\n  trackerbell trackers get \"Promotion Mention\"\n  trackerbell trackers get 4476908732794496 --output json"
}

// Run shows a tracker.
func (c *trackersGetCmd) Run(g *globals) error {
	client, err := c.client(g)
	if err != nil {
		return err
	}
	t, err := find(g, client, c.Tracker)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(g.out, t)
	}
	rows := [][]string{{"id", t.ID}}
	if t.Description != "" {
		rows = append(rows, []string{"description", t.Description})
	}
	for _, phrase := range t.Vocabulary {
		rows = append(rows, []string{"phrase", phrase})
	}
	return table(g.out, []string{"tracker", t.Name}, rows)
}

type trackersCreateCmd struct {
	symblFlags
	Files  []string `arg:"" name:"file" help:"Files with a tracker, or with a list of them."`
	Output string   `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (trackersCreateCmd) Help() string {
	return "Examples:\n  trackerbell trackers create promotion.yaml\n  trackerbell trackers create trackers.yaml more.json"
}

// Run creates trackers, each list in bulk.
func (c *trackersCreateCmd) Run(g *globals) error {
	files := make([]trackerFile, 0, len(c.Files))
	for _, path := range c.Files { // all are read before anything is created
		list, single, err := readTrackers(path)
		if err != nil {
			return err
		}
		files = append(files, trackerFile{path, list, single})
	}
	client, err := c.client(g)
	if err != nil {
		return err
	}
	var created []symbl.Tracker
	for _, f := range files {
		more, err := f.create(g.ctx, client)
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		created = append(created, more...)
	}
	return printTrackers(g, c.Output, "created", created)
}

// trackerFile is a file that was read: one tracker, or a list for bulk.
type trackerFile struct {
	path   string
	list   []symbl.Tracker
	single bool
}

func (f trackerFile) create(ctx context.Context, client *symbl.Client) ([]symbl.Tracker, error) {
	if !f.single {
		return client.CreateTrackers(ctx, f.list)
	}
	t, err := client.CreateTracker(ctx, f.list[0])
	return []symbl.Tracker{t}, err
}

type trackersUpdateCmd struct {
	symblFlags
	Tracker string `arg:"" name:"id-or-name" help:"Id or name of the tracker."`
	File    string `arg:"" help:"File with the tracker."`
	Output  string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (trackersUpdateCmd) Help() string {
	return "Examples:\n  trackerbell trackers update \"Promotion Mention\" promotion.yaml"
}

// Run updates a tracker.
func (c *trackersUpdateCmd) Run(g *globals) error {
	list, _, err := readTrackers(c.File)
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return usagef("%s: update takes a single tracker", c.File)
	}
	client, err := c.client(g)
	if err != nil {
		return err
	}
	t, err := find(g, client, c.Tracker)
	if err != nil {
		return err
	}
	if t, err = client.UpdateTracker(g.ctx, t.ID, list[0]); err != nil {
		return err
	}
	return printTrackers(g, c.Output, "updated", []symbl.Tracker{t})
}

type trackersDeleteCmd struct {
	symblFlags
	Tracker string `arg:"" name:"id-or-name" help:"Id or name of the tracker."`
}

// Help gives the examples.
func (trackersDeleteCmd) Help() string {
	return "Examples:\n  trackerbell trackers delete \"Promotion Mention\""
}

// Run deletes a tracker.
func (c *trackersDeleteCmd) Run(g *globals) error {
	client, err := c.client(g)
	if err != nil {
		return err
	}
	t, err := find(g, client, c.Tracker)
	if err != nil {
		return err
	}
	if err := client.DeleteTracker(g.ctx, t.ID); err != nil {
		return err
	}
	return printTrackers(g, "text", "deleted", []symbl.Tracker{t})
}

// printTrackers says what was done to trackers.
func printTrackers(g *globals, output, done string, list []symbl.Tracker) error {
	if output == "json" {
		return printJSON(g.out, trackerList{Trackers: list})
	}
	for _, t := range list {
		if _, err := fmt.Fprintf(g.out, "%s %s (id %s, %d phrases)\n", done, printable(t.Name), t.ID, len(t.Vocabulary)); err != nil {
			return err
		}
	}
	return nil
}
