package config

import "go.yaml.in/yaml/v3"

// entry is one key of a YAML mapping.
type entry struct {
	name    string
	line    int
	comment string // on the same line, before the value
	value   *yaml.Node
}

// entries lists the keys of the mapping n at key: its own, then those of the
// mappings that it merges (<<) and does not set itself. Keys set twice in one
// mapping are reported.
func (l *loader) entries(n *yaml.Node, key string) []entry {
	m := merger{loader: l, key: key, owner: map[string]*yaml.Node{}, merged: map[*yaml.Node]bool{}}
	m.add(n)
	return m.list
}

// merger flattens a mapping and what it merges.
type merger struct {
	*loader
	key    string
	list   []entry
	owner  map[string]*yaml.Node // which mapping gave a name
	merged map[*yaml.Node]bool   // each counts once: no cycle, no tower of aliases
}

func (m *merger) add(n *yaml.Node) {
	if m.merged[n] {
		return
	}
	m.merged[n] = true
	var bases []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := resolve(n.Content[i]), n.Content[i+1]
		switch {
		case name.Kind != yaml.ScalarNode:
			m.at(n.Content[i], m.key, "a key must be text")
		case name.ShortTag() == "!!merge":
			bases = append(bases, m.bases(value)...)
		default:
			m.own(n, entry{name: name.Value, line: n.Content[i].Line, comment: n.Content[i].LineComment, value: value})
		}
	}
	for _, base := range bases {
		m.add(base)
	}
}

// own adds a key that the mapping n sets.
func (m *merger) own(n *yaml.Node, e entry) {
	switch m.owner[e.name] {
	case nil:
		m.owner[e.name] = n
		m.list = append(m.list, e)
	case n:
		m.at(&yaml.Node{Line: e.line}, join(m.key, printable(e.name)), "set twice; keep one")
	}
}

// bases gives the mappings that the value of a merge key names.
func (m *merger) bases(value *yaml.Node) []*yaml.Node {
	value = resolve(value)
	list := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		list = value.Content
	}
	var bases []*yaml.Node
	for _, n := range list {
		base := resolve(n)
		if base.Kind != yaml.MappingNode {
			m.at(n, m.key, "<< must name a mapping or a list of mappings")
			continue
		}
		bases = append(bases, base)
	}
	return bases
}

// at reports a problem in the line of n.
func (m *merger) at(n *yaml.Node, key, message string) {
	m.problems = append(m.problems, Problem{Key: key, Line: n.Line, Origin: m.cfg.file, Message: message})
}

// resolve follows an alias to the node it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isPlain tells whether a scalar is meant as it is written, which !!binary and
// tags of others (!vault) are not.
func isPlain(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge":
		return true
	}
	return false
}
