package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/trackerplan"
	"github.com/trackerbell/trackerbell/symbl"
)

// maxHostedTrackers is how many an account of hosted Symbl may have
// (docs.symbl.ai, changelog of 2022-02-08).
const maxHostedTrackers = 500

type trackersApplyCmd struct {
	symblFlags
	File   string `arg:"" help:"File with the trackers."`
	Prune  bool   `help:"Delete trackers that the file does not have; those named Symbl.… stay."`
	DryRun bool   `help:"Print the plan and change nothing."`
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (trackersApplyCmd) Help() string {
	return "Trackers are told apart by their names. What was written is read again and compared.\n\nExamples:\n" +
		"  trackerbell trackers apply trackers.yaml --dry-run\n  trackerbell trackers apply trackers.yaml --prune\n" +
		"  trackerbell trackers apply trackers.yaml --dry-run --output json"
}

// appliedPlan is a plan as JSON, and whether it was carried out.
type appliedPlan struct {
	trackerplan.Plan
	Applied bool `json:"applied"`
}

// Run prints the plan and, unless it is a dry run, carries it out.
func (c *trackersApplyCmd) Run(g *globals) error {
	wanted, _, err := readTrackers(c.File)
	if err != nil {
		return err
	}
	cfg, err := g.load()
	if err != nil {
		return err
	}
	client, err := c.clientOf(g, cfg)
	if err != nil {
		return err
	}
	present, err := client.Trackers(g.ctx)
	if err != nil {
		return err
	}
	options := trackerplan.Options{Prune: c.Prune, Vocabulary: cfg.Symbl.Generation == 1}
	plan := trackerplan.New(present, wanted, options)
	if err := withinLimit(c.File, plan, trackerLimit(cfg)); err != nil {
		return err
	}
	warnOfLoss(g.err, wanted, options)
	if c.Output == "json" {
		return c.applyJSON(g, client, plan)
	}
	if err := plan.Write(g.out); err != nil || c.DryRun {
		return err
	}
	return plan.Apply(g.ctx, client, func(verb trackerplan.Verb, t symbl.Tracker) {
		_, _ = fmt.Fprintf(g.out, "%s %s\n", verb, printable(t.Name))
	})
}

// applyJSON prints the plan after what was done, as one document.
func (c *trackersApplyCmd) applyJSON(g *globals, client *symbl.Client, plan trackerplan.Plan) error {
	var err error
	if !c.DryRun {
		err = plan.Apply(g.ctx, client, func(trackerplan.Verb, symbl.Tracker) {})
	}
	return errors.Join(err, printJSON(g.out, appliedPlan{Plan: plan, Applied: err == nil && !c.DryRun}))
}

func trackerLimit(cfg *config.Config) int {
	if cfg.Symbl.BaseURL == "" {
		return cfg.Engine.MaxTrackers
	}
	return maxHostedTrackers
}

// warnOfLoss tells what an account of generation 1 does not keep.
func warnOfLoss(w io.Writer, wanted []symbl.Tracker, options trackerplan.Options) {
	loses := func(t symbl.Tracker) bool {
		return t.Description != "" || len(t.Categories)+len(t.Languages) > 0
	}
	if options.Vocabulary && slices.ContainsFunc(wanted, loses) {
		_, _ = fmt.Fprintln(w, "trackerbell: warning: with symbl.generation 1 only names and vocabularies are applied, no descriptions, categories and languages")
	}
}

type trackersExportCmd struct {
	symblFlags
	Output string `enum:"yaml,json" default:"yaml" help:"yaml or json."`
}

// Help gives the examples.
func (trackersExportCmd) Help() string {
	return "Trackers named Symbl.… belong to Symbl and are left out.\n\nExamples:\n" +
		"  trackerbell trackers export > trackers.yaml\n  trackerbell trackers export --output json"
}

// Run prints the trackers, by name, so that two exports can be compared.
func (c *trackersExportCmd) Run(g *globals) error {
	client, err := c.client(g)
	if err != nil {
		return err
	}
	list, err := client.Trackers(g.ctx)
	if err != nil {
		return err
	}
	entries := entriesOf(list)
	if c.Output == "json" {
		return printJSON(g.out, entries)
	}
	enc := yaml.NewEncoder(g.out)
	enc.SetIndent(2)
	if err := enc.Encode(entries); err != nil {
		return fmt.Errorf("print the trackers: %w", err)
	}
	return enc.Close()
}

// entriesOf are an account's trackers as a file holds them, by name, but for
// Symbl's own.
func entriesOf(list []symbl.Tracker) []trackerEntry {
	entries := []trackerEntry{}
	for _, t := range slices.SortedFunc(slices.Values(list), func(a, b symbl.Tracker) int { return cmp.Compare(a.Name, b.Name) }) {
		if !trackerplan.Managed(t.Name) {
			entries = append(entries, entryOf(t))
		}
	}
	return entries
}
