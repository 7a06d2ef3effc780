package config

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Aliases make a small file large, and one inside of what it stands for makes
// it endless.
const (
	maxFileBytes = 4 << 20
	maxLists     = 12 // in each other
	maxValues    = 20_000
)

// readFile reads the YAML file into the configuration. False means that there
// is nothing to go on with.
func (l *loader) readFile() bool {
	data, err := readLimited(l.cfg.file, maxFileBytes)
	if err != nil {
		l.problems = Problems{{Origin: l.cfg.file, Message: "cannot read the configuration: " + err.Error()}}
		return false
	}
	root, problem := parse(data)
	if problem != nil {
		problem.Origin = l.cfg.file
		l.problems = Problems{*problem}
		return false
	}
	if root != nil {
		l.read(root, reflect.ValueOf(l.cfg).Elem(), "")
	}
	return true
}

// parse gives the root of the one document in data, or nil when data is empty.
func parse(data []byte) (*yaml.Node, *Problem) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, syntaxProblem(data, err)
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return document.Content[0], nil
	case err != nil:
		return nil, syntaxProblem(data, err)
	}
	return nil, &Problem{Line: second.Line, Message: "a second YAML document starts here; the configuration is one document"}
}

var (
	yamlError     = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
	hashText      = regexp.MustCompile(`^#[^\s#]`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxProblem rewrites an error of the YAML parser. One of them quotes the
// file: a secret that starts with * reads as an alias.
func syntaxProblem(data []byte, err error) *Problem {
	p := &Problem{Line: 1, Message: "not valid YAML"}
	parts := yamlError.FindStringSubmatch(err.Error())
	if parts == nil {
		return p
	}
	if line, err := strconv.Atoi(parts[1]); err == nil {
		p.Line = line
	}
	if anchor := unknownAnchor.FindStringSubmatch(parts[2]); anchor != nil {
		before, _, _ := bytes.Cut(data, []byte("*"+anchor[1]))
		p.Line = 1 + bytes.Count(before, []byte("\n"))
		p.Message += ": an alias (*) without its anchor (&); put quotes around text that starts with *"
		return p
	}
	p.Message += ": " + parts[2]
	return p
}

// read puts node n into v, which stands at key. Null keeps what is there.
func (l *loader) read(n *yaml.Node, v reflect.Value, key string) {
	n = resolve(n)
	if l.values++; l.values > maxValues || strings.Count(key, "[") > maxLists {
		l.check(l.values > maxValues+1, key, "too much, or nested too deep; look for aliases (*) inside of what they stand for")
		return
	}
	if isNull(n) {
		return
	}
	switch {
	case v.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		l.readStruct(n, v, key)
	case v.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		l.readMap(n, v, key)
	case v.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		l.readList(n, v, key)
	case n.Kind == yaml.ScalarNode && isPlain(n) && set(v, n.Value):
	default:
		l.wrongType(n, v.Type(), key)
	}
}

func (l *loader) wrongType(n *yaml.Node, t reflect.Type, key string) {
	if key == "" {
		l.problems = append(l.problems, Problem{Line: n.Line, Origin: l.cfg.file, Message: "the configuration must be " + expected(t)})
		return
	}
	l.report(key, "must be %s", expected(t))
}

func (l *loader) readStruct(n *yaml.Node, v reflect.Value, key string) {
	list := fields(v, key)
	for _, e := range l.entries(n, key) {
		f, ok := find(list, e.name)
		if !ok {
			l.unknownKey(e, key, list)
			continue
		}
		l.cfg.lines[f.key] = e.line
		l.warnOfComment(e, f)
		l.read(e.value, f.value, f.key)
	}
}

// warnOfComment warns where a comment stands in place of the text: YAML reads
// channel: #sales as a channel without a value.
func (l *loader) warnOfComment(e entry, f field) {
	if f.value.Kind() == reflect.String && isNull(e.value) && hashText.MatchString(e.comment) {
		l.warnings = append(l.warnings, l.cfg.Problem(f.key, "has no value, as # begins a comment; put quotes around text that starts with #").Error())
	}
}

// unknownKey reports a key that the struct at key does not have. Where it is a
// misspelt one, that one is not reported as missing later.
func (l *loader) unknownKey(e entry, key string, list []field) {
	message := "unknown key"
	if f, ok := nearest(e.name, list, func(f field) string { return f.name }); ok {
		message += "; did you mean " + f.name + "?"
		l.told[f.key] = true
	}
	full := join(key, printable(e.name))
	l.cfg.lines[full] = e.line
	l.report(full, "%s", message)
}

func (l *loader) readMap(n *yaml.Node, v reflect.Value, key string) {
	m := reflect.MakeMap(v.Type())
	for _, e := range l.entries(n, key) {
		at := join(key, printable(e.name))
		l.cfg.lines[at] = e.line
		m.SetMapIndex(reflect.ValueOf(e.name), l.element(e.value, v.Type().Elem(), at))
	}
	v.Set(m)
}

func (l *loader) readList(n *yaml.Node, v reflect.Value, key string) {
	items := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	for i, item := range n.Content {
		at := index(key, i)
		l.cfg.lines[at] = item.Line
		items = reflect.Append(items, l.element(item, v.Type().Elem(), at))
	}
	v.Set(items)
}

// element reads one element of a list or map, where null has no default to keep.
func (l *loader) element(n *yaml.Node, t reflect.Type, key string) reflect.Value {
	v := reflect.New(t).Elem()
	if isNull(resolve(n)) {
		l.wrongType(n, t, key)
		return v
	}
	l.read(n, v, key)
	return v
}

// printable is a name from the file that may be shown: what follows the first
// odd character is cut, since "token:abc" without a space is a name too.
func printable(name string) string {
	odd := func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	const longest = 40
	if name == "" {
		return `""`
	}
	if i := strings.IndexFunc(name, odd); i >= 0 {
		return name[:min(i, longest)] + "…"
	}
	if len(name) > longest {
		return name[:longest] + "…"
	}
	return name
}
