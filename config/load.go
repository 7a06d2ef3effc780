package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Load reads the configuration: defaults, then the YAML file at path (none when
// path is empty), then the environment, given as os.Environ gives it, then the
// secret files; and validates it. The warnings, one line each, are of environment
// variables that belong to no key, and of a # that cuts off a value.
//
// An error is always Problems, all there are. With it, cfg holds what could be
// read, so that a caller can add problems that only it can see; it is nil when
// the file cannot be read or is not YAML.
func Load(path string, environ []string) (cfg *Config, warnings []string, err error) {
	c := Default()
	c.file, c.lines, c.vars = path, map[string]int{}, map[string]string{}
	l := &loader{cfg: &c, told: map[string]bool{}}
	if path != "" && !l.readFile() {
		return nil, nil, l.problems
	}
	l.readEnviron(environ)
	l.readSecretFiles()
	l.validate()
	if len(l.problems) == 0 {
		return &c, l.warnings, nil
	}
	return &c, l.warnings, l.problems.Sorted()
}

// byLine orders problems by their line; those without one come last.
func byLine(a, b Problem) int {
	if (a.Line == 0) != (b.Line == 0) {
		return b.Line - a.Line
	}
	return a.Line - b.Line
}

// loader fills a configuration and collects what is wrong with it.
type loader struct {
	cfg      *Config
	problems Problems
	warnings []string
	told     map[string]bool // keys whose value is known to be wrong
	values   int             // that were read from the file
}

// report adds a problem with the value of key.
func (l *loader) report(key, format string, args ...any) {
	l.problems = append(l.problems, l.cfg.Problem(key, format, args...))
	l.told[key] = true
}

// check reports a problem with key unless ok. It is silent where the value, or
// what holds it, is already known to be wrong: one mistake is told once.
func (l *loader) check(ok bool, key, format string, args ...any) {
	if ok || l.isTold(key) {
		return
	}
	l.report(key, format, args...)
}

func (l *loader) isTold(key string) bool {
	for ; key != ""; key = parent(key) {
		if l.told[key] {
			return true
		}
	}
	return false
}

// readLimited reads a file of at most limit bytes. Its errors do not name the
// file: somebody may have put the secret itself where its file belongs.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than %v", Size(limit))
	}
	return data, nil
}

func withoutPath(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
