package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the configuration. It never holds the
// value of a key, because that may be a secret.
type Problem struct { //nolint:errname // read as config.Problem: half of its users list it, not return it
	Key     string // dotted path: sources[0].secret; empty when the file as a whole is meant
	Line    int    // in the file; 0 when it does not come from there
	Origin  string // the file or the environment variable that sets the key; empty when nothing does
	Message string // what is wrong and how to put it right
}

// Error gives the problem as one line:
// "trackerbell.yaml:12: sources[0].secret: missing: …".
func (p Problem) Error() string {
	var b strings.Builder
	if p.Origin != "" {
		b.WriteString(p.Origin)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Message
}

// Problems is everything that is wrong with the configuration: first what the
// file says in the order of its lines, then the rest.
type Problems []Problem //nolint:errname // the plural of Problem

var _ error = Problems(nil)

// Sorted brings what the file says into the order of its lines, and the rest
// behind it.
func (ps Problems) Sorted() Problems {
	slices.SortStableFunc(ps, byLine)
	return ps
}

// Error gives one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Problem tells what is wrong with the value of key and where that value comes
// from: its environment variable, its line, or the line of its nearest parent
// when the file does not set the key itself. The message must not hold a secret.
func (c *Config) Problem(key, format string, args ...any) Problem {
	p := Problem{Key: key, Message: fmt.Sprintf(format, args...)}
	for at := key; at != ""; at = parent(at) {
		for _, k := range []string{at, at + twinSuffix} {
			if name, ok := c.vars[k]; ok {
				p.Origin = name
				return p
			}
			if line, ok := c.lines[k]; ok {
				p.Origin, p.Line = c.file, line
				return p
			}
		}
	}
	return p
}

// parent is the key that holds key: sources[0].secret → sources[0] → sources.
func parent(key string) string {
	return key[:max(strings.LastIndexAny(key, ".["), 0)]
}
