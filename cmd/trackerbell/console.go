package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/trackerplan"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// consoleTrackers manages the trackers of the running service for the console.
type consoleTrackers struct{ app *app }

var _ console.Trackers = consoleTrackers{}

func (c consoleTrackers) client() (*symbl.Client, error) {
	if client := c.app.client.Load(); client != nil {
		return client, nil
	}
	return nil, errors.New("the service is starting")
}

// List gives the trackers by their names.
func (c consoleTrackers) List(ctx context.Context) ([]symbl.Tracker, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	list, err := client.Trackers(ctx)
	slices.SortFunc(list, func(a, b symbl.Tracker) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

// Save writes one tracker, and reads it again to see that it is as wanted.
func (c consoleTrackers) Save(ctx context.Context, id string, t symbl.Tracker) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	present, err := client.Trackers(ctx)
	if err != nil {
		return err
	}
	named := slices.IndexFunc(present, func(p symbl.Tracker) bool { return p.Name == t.Name })
	switch {
	case named >= 0 && present[named].ID != id:
		return fmt.Errorf("name: there is a tracker named %q already", t.Name)
	case named < 0 && id != "":
		if t.Sensitivity == "" && slices.ContainsFunc(present, func(p symbl.Tracker) bool { return p.ID == id && p.Sensitivity != "" }) {
			t.Sensitivity = string(match.Balanced) // an empty one is not written, so the old one would stay
		}
		_, err := client.UpdateTracker(ctx, id, t)
		return err
	}
	return c.apply(ctx, client, present, []symbl.Tracker{t})
}

func (c consoleTrackers) apply(ctx context.Context, client *symbl.Client, present, wanted []symbl.Tracker) error {
	plan := trackerplan.New(present, wanted, trackerplan.Options{Vocabulary: c.app.cfg.Symbl.Generation == 1})
	if limit := trackerLimit(c.app.cfg); len(plan.Create) > 0 && plan.Total() > limit {
		return fmt.Errorf("the account would have %d trackers, and may have %d", plan.Total(), limit)
	}
	return plan.Apply(ctx, client, func(trackerplan.Verb, symbl.Tracker) {})
}

// Delete deletes a tracker.
func (c consoleTrackers) Delete(ctx context.Context, id string) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	return client.DeleteTracker(ctx, id)
}

// Import applies a file without deleting anything.
func (c consoleTrackers) Import(ctx context.Context, file []byte) (int, error) {
	wanted, _, err := parseTrackers("the file", file)
	if err != nil {
		return 0, err
	}
	client, err := c.client()
	if err != nil {
		return 0, err
	}
	present, err := client.Trackers(ctx)
	if err != nil {
		return 0, err
	}
	return len(wanted), c.apply(ctx, client, present, wanted)
}

// Export gives the trackers as a file in YAML, without Symbl's own.
func (c consoleTrackers) Export(ctx context.Context) ([]byte, error) {
	list, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	enc := yaml.NewEncoder(&file)
	enc.SetIndent(2)
	if err := enc.Encode(entriesOf(list)); err != nil {
		return nil, fmt.Errorf("encode trackers: %w", err)
	}
	return file.Bytes(), enc.Close()
}

// Check says what the engine would refuse.
func (consoleTrackers) Check(t symbl.Tracker) error { return engine.CheckTracker(t) }

// previewLanguage is that of the calls, as recordings are submitted without one
// of their own.
const previewLanguage = "en-US"

// Match finds a tracker in texts.
func (consoleTrackers) Match(t symbl.Tracker, texts []string) []console.Hit {
	if len(t.Vocabulary) == 0 {
		return nil
	}
	set := match.Compile(previewLanguage, []match.Tracker{matchable(t)})
	var hits []console.Hit
	for i, text := range texts {
		for _, h := range set.Match(text) {
			hits = append(hits, console.Hit{Text: i, Quote: notify.Quote{
				Text: text, Phrase: t.Vocabulary[h.Phrase], Offset: h.Offset, Words: h.Words, Score: h.Score,
			}})
		}
	}
	return hits
}

// File is the trackers' file of the configuration, which the embedded engine
// reads.
func (c consoleTrackers) File() string {
	if c.app.cfg.Symbl.BaseURL != "" {
		return ""
	}
	return c.app.cfg.Trackers
}

// setup is the configuration without its secrets.
func setup(cfg *config.Config) string {
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(cfg.Document()); err != nil {
		return "it cannot be shown: " + err.Error()
	}
	return text.String()
}

// dependencies asks Symbl and Slack at once how they are.
func dependencies(ctx context.Context, cfg *config.Config) []console.Dependency {
	list := []console.Dependency{{Name: "Symbl"}, {Name: "Slack"}}
	var asked sync.WaitGroup
	for i, ask := range []func(context.Context, *config.Config) (string, error){checkSymbl, greetSlack} {
		asked.Go(func() {
			text, err := ask(ctx, cfg)
			if err != nil {
				text = err.Error()
			}
			list[i].OK, list[i].Text = err == nil, text
		})
	}
	asked.Wait()
	return list
}

// greetSlack asks Slack whose token it is, and no more: the console asks often.
func greetSlack(ctx context.Context, cfg *config.Config) (string, error) {
	if cfg.Slack.Token == "" {
		return "no token: alerts go to standard output", nil
	}
	slack, err := notify.NewSlack(cfg.Slack, notify.SlackOptions{})
	if err != nil {
		return "", err
	}
	defer slack.Close()
	who, err := slack.Check(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("the token is that of %s in %s", who.Bot, who.Team), nil
}
