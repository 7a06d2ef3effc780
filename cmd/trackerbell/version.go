package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the release that this tree becomes.
const version = "0.1.0"

// commit and date (RFC 3339) are set by the linker (-X main.commit=…) where the
// build has no Git tree to read them from, as in a container build.
var commit, date string //nolint:gochecknoglobals // the linker can set nothing else

type versionCmd struct {
	Output string `enum:"text,json" default:"text" help:"text or json."`
}

// Help gives the examples.
func (versionCmd) Help() string {
	return "Examples:\n  trackerbell version\n  trackerbell version --output json"
}

// Run prints the build's version.
func (c *versionCmd) Run(g *globals) error {
	v := struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
		Date    string `json:"date"` // of the commit
		Go      string `json:"go"`
	}{version, built(commit, "vcs.revision"), built(date, "vcs.time"), runtime.Version()}
	if c.Output == "json" {
		return printJSON(g.out, v)
	}
	_, err := fmt.Fprintf(g.out, "trackerbell %s (commit %s of %s, %s)\n", v.Version, v.Commit, v.Date, v.Go)
	return err
}

// built is what the linker set, or else a setting of the build.
func built(set, setting string) string {
	if set != "" {
		return set
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == setting {
				return s.Value
			}
		}
	}
	return "unknown"
}
