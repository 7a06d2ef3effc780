package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/config"
)

// preflight finds what is wrong with a configuration that only its users can
// see, before anything is opened: a service that starts must not find out later
// that it cannot work.
func preflight(cfg *config.Config) error {
	var problems config.Problems
	if _, err := openSources(cfg); err != nil && !errors.As(err, &problems) {
		return err
	}
	if cfg.Trackers != "" && cfg.Symbl.BaseURL == "" {
		if _, _, err := readTrackers(cfg.Trackers); err != nil {
			problems = append(problems, cfg.Problem("trackers", "%v", err))
		}
	}
	if _, err := newRouter(cfg); err != nil {
		var wrong config.Problems
		if !errors.As(err, &wrong) {
			return err
		}
		problems = append(problems, wrong...)
	}
	if cfg.Symbl.BaseURL == "" {
		var wrong config.Problems
		if _, err := newTranscriber(cfg); errors.As(err, &wrong) {
			problems = append(problems, wrong...)
		}
	}
	if _, err := newNotifiers(cfg, io.Discard); err != nil {
		var wrong config.Problems
		if !errors.As(err, &wrong) {
			return &usageError{err: err}
		}
		problems = append(problems, wrong...)
	}
	if len(problems) > 0 {
		return problems.Sorted()
	}
	return nil
}

// withPreflight adds to what is wrong with a configuration what its users find
// wrong, so that all is told at once. cfg is what could be read of it, or nil.
func withPreflight(cfg *config.Config, err error) error {
	var problems, more config.Problems
	if cfg == nil || !errors.As(err, &problems) || !errors.As(preflight(cfg), &more) {
		return err
	}
	for _, p := range more {
		told := func(known config.Problem) bool { // the same, or of what could not be read
			return known.Key == p.Key || known.Key == p.Key+"File" || within(known.Key, p.Key) || within(p.Key, known.Key)
		}
		if !slices.ContainsFunc(problems, told) {
			problems = append(problems, p)
		}
	}
	return problems.Sorted()
}

// within tells whether a key is part of another.
func within(key, of string) bool {
	return strings.HasPrefix(key, of+".") || strings.HasPrefix(key, of+"[")
}

// beside is a file that the configuration names: a relative path is looked for
// in the configuration file's folder first, and then in the working directory.
func beside(configuration, path string) string {
	if configuration == "" || path == "" || filepath.IsAbs(path) {
		return path
	}
	near := filepath.Join(filepath.Dir(configuration), path)
	if _, err := os.Stat(near); err == nil {
		return near
	}
	return path
}
