package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

const (
	variablePrefix = "TRACKERBELL_"
	fileVariable   = variablePrefix + "CONFIG" // read by the commands: the path of the file
)

// readEnviron sets the keys that environment variables name, and warns of the
// variables that name none.
func (l *loader) readEnviron(environ []string) {
	given := variables(environ)
	known := map[string]bool{fileVariable: true}
	walk(reflect.ValueOf(l.cfg).Elem(), "", func(list []field) {
		for _, f := range list {
			if !settable(f) {
				continue
			}
			name := variable(f.key)
			known[name] = true
			if text, ok := given[name]; ok {
				l.setFromVariable(f, name, text)
			}
		}
	})
	names := slices.Sorted(maps.Keys(known))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !known[name] {
			l.warnings = append(l.warnings, unknownVariable(name, names))
		}
	}
}

// variables picks ours out of an environment; the last of two wins.
func variables(environ []string) map[string]string {
	given := map[string]string{}
	for _, pair := range environ {
		if name, text, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, variablePrefix) {
			given[name] = text
		}
	}
	return given
}

// variable is the environment variable of a key.
func variable(key string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// settable tells whether a variable can set f: a scalar or a list of text that
// is not part of a list itself.
func settable(f field) bool {
	kind := f.value.Kind()
	return kind != reflect.Struct && kind != reflect.Map && !isStructList(f.value.Type()) && !strings.Contains(f.key, "[")
}

func (l *loader) setFromVariable(f field, name, text string) {
	l.cfg.vars[f.key] = name
	if f.value.Kind() == reflect.Slice {
		f.value.Set(reflect.ValueOf(split(text, f.words)))
		return
	}
	if !set(f.value, text) {
		l.report(f.key, "must be %s", expected(f.value.Type()))
	}
}

// split gives the items of a list in a variable.
func split(text string, words bool) []string {
	if words || strings.TrimSpace(text) == "" {
		return strings.Fields(text)
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

func unknownVariable(name string, known []string) string {
	warning := name + ": ignored, no key of the configuration has this variable"
	if near, ok := nearest(name, known, func(s string) string { return s }); ok {
		warning += "; did you mean " + near + "?"
	}
	return warning
}
