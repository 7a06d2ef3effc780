package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/internal/trackerplan"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// trackerEntry is a tracker as a file holds it, in YAML or JSON.
type trackerEntry struct {
	ID          string   `yaml:"id,omitempty" json:"-"` // ignored: the backend gives ids
	Name        string   `yaml:"name" json:"name"`
	Description string   `yaml:"description,omitempty" json:"description,omitempty"`
	Categories  []string `yaml:"categories,omitempty,flow" json:"categories,omitempty"`
	Languages   []string `yaml:"languages,omitempty,flow" json:"languages,omitempty"`
	Vocabulary  []string `yaml:"vocabulary" json:"vocabulary"`
	Sensitivity string   `yaml:"sensitivity,omitempty" json:"sensitivity,omitempty"`
	CreatedOn   string   `yaml:"createdOn,omitempty" json:"-"` // ignored
	UpdatedOn   string   `yaml:"updatedOn,omitempty" json:"-"` // ignored
}

// readTrackers reads a file with one tracker or a list of them; single tells
// which. Everything that the engine would refuse is told at once.
func readTrackers(path string) (list []symbl.Tracker, single bool, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, false, usagef("%v", err)
	}
	return parseTrackers(path, raw)
}

// parseTrackers is readTrackers of what a file of that name holds.
func parseTrackers(path string, raw []byte) (list []symbl.Tracker, single bool, err error) {
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
	if len(entries) == 0 {
		return nil, false, usagef("%s: holds no tracker", path)
	}
	var problems []error
	for i, e := range entries {
		list = append(list, e.tracker())
		err := engine.CheckTracker(list[i])
		if first := slices.IndexFunc(list[:i], func(t symbl.Tracker) bool { return t.Name == e.Name }); err == nil && first >= 0 {
			err = fmt.Errorf("name: %q is the name of tracker %d too", e.Name, first+1)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: tracker %d: %w", path, entryLine(raw, i), i+1, err))
		}
	}
	if len(problems) > 0 {
		return nil, false, &usageError{err: errors.Join(problems...)}
	}
	return list, single, nil
}

// entryLine is the line in which an entry of the file starts.
func entryLine(raw []byte, i int) int {
	var document yaml.Node
	if yaml.Unmarshal(raw, &document) != nil || len(document.Content) == 0 {
		return 1 // not reached: it was decoded before
	}
	root := document.Content[0]
	if root.Kind == yaml.SequenceNode && i < len(root.Content) {
		return root.Content[i].Line
	}
	return root.Line
}

func isObject(raw []byte) bool {
	var node yaml.Node
	return yaml.Unmarshal(raw, &node) == nil && len(node.Content) > 0 && node.Content[0].Kind == yaml.MappingNode
}

// decodeStrict decodes YAML, of which JSON is a part. What is wrong is told in
// one line, in the words of the file.
func decodeStrict[T any](raw []byte, out *T) error {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	err := dec.Decode(out)
	var wrong *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &wrong):
		return errors.New(plainYAML(strings.Join(wrong.Errors, "; ")))
	case err != nil:
		return err
	}
	for {
		var more yaml.Node
		if err := dec.Decode(&more); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if len(more.Content) > 0 && more.Content[0].Tag != "!!null" { // a last "---" begins an empty one
			return fmt.Errorf("line %d: a second YAML document starts here; put all trackers into one", more.Line)
		}
	}
}

// plainYAML takes the words of Go out of what package yaml says.
func plainYAML(text string) string {
	for _, r := range []struct{ said, plain string }{
		{`field (\S+) not found in type \S+`, "unknown key $1"},
		{"cannot unmarshal !!\\S+ (`[^`]*`) into \\[\\]\\S+", "$1 is not a list"},
		{"cannot unmarshal !!\\S+ (`[^`]*`) into string", "$1 is not a text"},
		{`cannot unmarshal !!seq into \S+`, "a list stands where none belongs"},
		{`cannot unmarshal !!map into \S+`, "keys stand where none belong"},
		{"cannot unmarshal !!\\S+ (`[^`]*`) into \\S+", "$1 does not belong here"},
	} {
		text = regexp.MustCompile(r.said).ReplaceAllString(text, r.plain)
	}
	return text
}

func (e trackerEntry) tracker() symbl.Tracker {
	return symbl.Tracker{
		Name: e.Name, Description: e.Description, Categories: e.Categories, Languages: e.Languages, Vocabulary: e.Vocabulary,
		Sensitivity: e.Sensitivity,
	}
}

// entryOf is a tracker as a file holds it: without what the account decides.
func entryOf(t symbl.Tracker) trackerEntry {
	return trackerEntry{
		Name: t.Name, Description: t.Description, Categories: t.Categories, Languages: t.Languages, Vocabulary: t.Vocabulary,
		Sensitivity: t.Sensitivity,
	}
}

// applyFile makes the trackers of a file exist as the file has them; others
// stay. Nothing is done when that would be more than the limit. An empty path does
// nothing.
func applyFile(ctx context.Context, client *symbl.Client, path string, limit int) error {
	if path == "" {
		return nil
	}
	wanted, _, err := readTrackers(path)
	if err != nil {
		return fmt.Errorf("trackers: %w", err)
	}
	present, err := client.Trackers(ctx)
	if err != nil {
		return fmt.Errorf("list trackers: %w", err)
	}
	plan := trackerplan.New(present, wanted, trackerplan.Options{})
	if err := withinLimit(path, plan, limit); err != nil {
		return fmt.Errorf("trackers: %w", err)
	}
	return plan.Apply(ctx, client, func(trackerplan.Verb, symbl.Tracker) {})
}

// withinLimit refuses a plan that would create more trackers than there may be.
func withinLimit(path string, plan trackerplan.Plan, limit int) error {
	if len(plan.Create) > 0 && plan.Total() > limit {
		return usagef("%s: the account would have %d trackers, and may have %d", path, plan.Total(), limit)
	}
	return nil
}
