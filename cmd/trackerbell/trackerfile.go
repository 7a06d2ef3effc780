package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/symbl"
)

// trackerEntry is a tracker as a file holds it, in YAML or JSON.
type trackerEntry struct {
	ID          string   `yaml:"id"` // ignored: the backend gives ids
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Categories  []string `yaml:"categories"`
	Languages   []string `yaml:"languages"`
	Vocabulary  []string `yaml:"vocabulary"`
	CreatedOn   string   `yaml:"createdOn"` // ignored
	UpdatedOn   string   `yaml:"updatedOn"` // ignored
}

// readTrackers reads a file with one tracker or a list of them; single tells
// which.
func readTrackers(path string) (list []symbl.Tracker, single bool, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, false, usagef("%v", err)
	}
	var entries []trackerEntry
	if single = isObject(raw); single {
		entries = make([]trackerEntry, 1)
		err = decodeStrict(raw, &entries[0])
	} else {
		err = decodeStrict(raw, &entries)
	}
	if err != nil {
		return nil, false, usagef("%s: %v", path, err)
	}
	for i, e := range entries {
		if problem := e.problem(); problem != "" {
			return nil, false, usagef("%s: tracker %d: %s", path, i+1, problem)
		}
		list = append(list, symbl.Tracker{
			Name: e.Name, Description: e.Description, Categories: e.Categories, Languages: e.Languages, Vocabulary: e.Vocabulary,
		})
	}
	if len(list) == 0 {
		return nil, false, usagef("%s: holds no tracker", path)
	}
	return list, single, nil
}

func isObject(raw []byte) bool {
	var node yaml.Node
	return yaml.Unmarshal(raw, &node) == nil && len(node.Content) > 0 && node.Content[0].Kind == yaml.MappingNode
}

func decodeStrict[T any](raw []byte, out *T) error {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(out); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// problem says what is wrong with an entry, "" if nothing is.
func (e trackerEntry) problem() string {
	switch {
	case e.Name == "":
		return "name: is missing"
	case len(e.Vocabulary) == 0:
		return fmt.Sprintf("vocabulary: tracker %q has no phrase", e.Name)
	}
	for i, phrase := range e.Vocabulary {
		if phrase == "" {
			return fmt.Sprintf("vocabulary[%d]: is empty", i)
		}
	}
	return ""
}

// applyFile makes the trackers of a file exist as the file has them; others
// stay. An empty path does nothing.
func applyFile(ctx context.Context, client *symbl.Client, path string) error {
	if path == "" {
		return nil
	}
	wanted, _, err := readTrackers(path)
	if err != nil {
		return fmt.Errorf("trackers: %w", err)
	}
	return applyTrackers(ctx, client, wanted)
}

func applyTrackers(ctx context.Context, client *symbl.Client, wanted []symbl.Tracker) error {
	present, err := client.Trackers(ctx)
	if err != nil {
		return fmt.Errorf("list trackers: %w", err)
	}
	var missing []symbl.Tracker
	for _, w := range wanted {
		i := slices.IndexFunc(present, func(p symbl.Tracker) bool { return p.Name == w.Name })
		switch {
		case i < 0:
			missing = append(missing, w)
		case !sameTracker(present[i], w):
			if _, err := client.UpdateTracker(ctx, present[i].ID, w); err != nil {
				return fmt.Errorf("update tracker %q: %w", w.Name, err)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := client.CreateTrackers(ctx, missing); err != nil {
		return fmt.Errorf("create trackers: %w", err)
	}
	return nil
}

func sameTracker(a, b symbl.Tracker) bool {
	return a.Description == b.Description && slices.Equal(a.Vocabulary, b.Vocabulary) &&
		slices.Equal(a.Categories, b.Categories) && slices.Equal(a.Languages, b.Languages)
}
