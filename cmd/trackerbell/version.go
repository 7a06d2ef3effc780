package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the release that this tree becomes.
const version = "0.1.0"

// commit is set by the linker (-X main.commit=…) where the build has no Git
// tree to read it from, as in a container build.
var commit string //nolint:gochecknoglobals // the linker can set nothing else

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
		Go      string `json:"go"`
	}{version, buildCommit(), runtime.Version()}
	if c.Output == "json" {
		return printJSON(g.out, v)
	}
	_, err := fmt.Fprintf(g.out, "trackerbell %s (commit %s, %s)\n", v.Version, v.Commit, v.Go)
	return err
}

// buildCommit is the commit the binary was built from.
func buildCommit() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
