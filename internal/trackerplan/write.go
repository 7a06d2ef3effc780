package trackerplan

import (
	"fmt"
	"io"
	"strings"

	"github.com/trackerbell/trackerbell/symbl"
)

// Summary is the plan in one line.
func (p Plan) Summary() string {
	return fmt.Sprintf("%d to create, %d to change, %d to delete, %d as they should be",
		len(p.Create), len(p.Change), len(p.Delete), len(p.Unchanged))
}

// Write prints the plan for people: a line for each tracker, and below it what
// is different.
func (p Plan) Write(w io.Writer) error {
	b := &strings.Builder{}
	for _, t := range p.Create {
		fmt.Fprintf(b, "+ create %s\n", label(t.Name))
		lines(b, "+", t.Vocabulary)
		for _, f := range compare(symbl.Tracker{}, t, p.options).Fields {
			fmt.Fprintf(b, "    %s: %s\n", f.Field, label(f.To))
		}
	}
	for _, c := range p.Change {
		fmt.Fprintf(b, "~ change %s (id %s)\n", label(c.Name), c.ID)
		lines(b, "-", c.Removed)
		lines(b, "+", c.Added)
		for _, f := range c.Fields {
			fmt.Fprintf(b, "    %s: %s → %s\n", f.Field, label(f.From), label(f.To))
		}
	}
	for _, t := range p.Delete {
		fmt.Fprintf(b, "- delete %s (id %s)\n", label(t.Name), t.ID)
		lines(b, "-", t.Vocabulary)
	}
	if len(p.Keep) > 0 {
		fmt.Fprintf(b, "%d that the file does not have are kept\n", len(p.Keep))
	}
	fmt.Fprintf(b, "plan: %s\n", p.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func lines(b *strings.Builder, sign string, phrases []string) {
	for _, phrase := range phrases {
		fmt.Fprintf(b, "    %s %s\n", sign, label(phrase))
	}
}

// label quotes text that somebody wrote, so that nothing in it controls the
// terminal.
func label(text string) string { return fmt.Sprintf("%q", text) }
