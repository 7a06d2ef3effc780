package config

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// hidden stands for a secret.
const hidden = "********"

// Document is the whole configuration as it holds now, as YAML. Secrets are
// hidden, those that files hold are left out, and a comment tells where each
// value that is no default comes from.
func (c *Config) Document() *yaml.Node {
	p := printer{cfg: c}
	return p.mapping(reflect.ValueOf(c).Elem(), "")
}

// printer makes YAML of values.
type printer struct{ cfg *Config }

func (p printer) mapping(v reflect.Value, key string) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	list := fields(v, key)
	for _, f := range list {
		twin, secret := find(list, f.name+twinSuffix)
		_, listed := find(list, strings.TrimSuffix(f.name, "s")+twinSuffix)
		switch {
		case secret && twin.value.String() != "", f.value.IsZero() && strings.Contains(key, "["):
			continue // read from the file; or nothing, in one of many entries
		case secret && f.value.String() != "":
			p.add(m, f, text(hidden))
		case listed && f.value.Kind() == reflect.Slice:
			p.add(m, f, hiddenList(f.value.Len()))
		default:
			p.add(m, f, p.value(f.value, f.key))
		}
	}
	return m
}

func hiddenList(n int) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for range n {
		list.Content = append(list.Content, text(hidden))
	}
	return list
}

// add puts a key into a mapping, and beside it where its value comes from.
func (p printer) add(m *yaml.Node, f field, value *yaml.Node) {
	if name, ok := p.cfg.vars[f.key]; ok {
		value.LineComment = "# " + name
	} else if line, ok := p.cfg.lines[f.key]; ok && value.Kind == yaml.ScalarNode {
		value.LineComment = fmt.Sprintf("# line %d", line)
	}
	m.Content = append(m.Content, text(f.name), value)
}

func (p printer) value(v reflect.Value, key string) *yaml.Node {
	switch {
	case isStructList(v.Type()):
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			list.Content = append(list.Content, p.mapping(v.Index(i), index(key, i)))
		}
		if v.Len() == 0 {
			list.Style = yaml.FlowStyle
		}
		return list
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[Window]():
		return p.mapping(v, key)
	case v.Kind() == reflect.Slice:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			list.Content = append(list.Content, text(withoutUser(v.Index(i).String())))
		}
		return list
	case v.Kind() == reflect.Map:
		return labels(v.Interface())
	}
	return single(v)
}

// labels are a mapping of names to text, in the order of the names.
func labels(value any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	pairs, _ := value.(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		m.Content = append(m.Content, text(name), text(pairs[name]))
	}
	return m
}

// single is a scalar as the file writes it.
func single(v reflect.Value) *yaml.Node {
	n := &yaml.Node{}
	switch value := v.Interface().(type) {
	case time.Duration:
		return text(shortDuration(value))
	case Switch:
		if value == Unset {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
		}
		n.SetString(fmt.Sprint(value == On))
		n.Tag = "!!bool"
		return n
	case Size, Window, Clock:
		return text(fmt.Sprint(value))
	case string:
		return text(withoutUser(value))
	}
	n.Kind, n.Value = yaml.ScalarNode, fmt.Sprint(v.Interface())
	return n
}

// text is a scalar that is read back as text, whatever it looks like.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	if s == "" {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// withoutUser hides user and password in a URL, or in each of a list of them.
func withoutUser(s string) string {
	if !strings.Contains(s, "@") || !strings.Contains(s, "://") {
		return s
	}
	parts := strings.Split(s, ",")
	for i, part := range parts {
		u, err := url.Parse(strings.TrimSpace(part))
		switch {
		case err != nil:
			parts[i] = hidden
		case u.User != nil:
			u.User = url.User("xxxxx")
			parts[i] = u.String()
		}
	}
	return strings.Join(parts, ",")
}
