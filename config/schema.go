package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Schema is a JSON Schema (2020-12, and valid as draft-07) of the
// configuration file, for editors and for the values of the chart. It knows
// keys, types and closed sets; what depends on other keys only Load knows.
type Schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        []string           `json:"type,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Default     json.RawMessage    `json:"default,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Additional  *Additional        `json:"additionalProperties,omitempty"`
	Definitions map[string]*Schema `json:"definitions,omitempty"`
}

// Additional says whether a mapping may have other keys than its properties:
// none, or those whose values are as Schema says.
type Additional struct{ Schema *Schema }

// MarshalJSON writes false or the schema.
func (a *Additional) MarshalJSON() ([]byte, error) {
	if a.Schema == nil {
		return []byte("false"), nil
	}
	return json.Marshal(a.Schema)
}

// The patterns of values that YAML reads as text.
const (
	durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	sizePattern     = `^[0-9]+ ?([KkMmGgTt][Ii]?)?[Bb]?$`
	windowPattern   = `^(first|last) .+$`
)

// NewSchema makes the schema of the configuration out of its reference.
func NewSchema() (*Schema, error) {
	root, err := Reference()
	if err != nil {
		return nil, err
	}
	s := newDefinitions()
	schema := s.mapping(root)
	schema.Schema, schema.Title = "http://json-schema.org/draft-07/schema#", "trackerbell.yaml"
	schema.Definitions = s.definitions
	return schema, nil
}

// schemas makes schemas of keys, and keeps those of types that hold themselves.
type schemas struct{ definitions map[string]*Schema }

func newDefinitions() *schemas { return &schemas{definitions: map[string]*Schema{}} }

// mapping is the schema of a mapping with fixed keys.
func (s *schemas) mapping(k Key) *Schema {
	m := &Schema{Description: k.Text, Type: []string{"object", "null"}, Properties: map[string]*Schema{}, Additional: &Additional{}}
	for _, below := range k.Keys {
		m.Properties[below.Name] = s.value(below)
	}
	return m
}

// value is the schema of what stands at a key. Null always keeps the default.
func (s *schemas) value(k Key) *Schema {
	t := k.Type
	switch {
	case isStructList(t):
		return &Schema{Description: k.Text, Type: []string{"array", "null"}, Items: s.shared(k, t.Elem())}
	case len(k.Keys) > 0:
		return s.shared(k, t)
	}
	v := scalar(t)
	v.Description, v.Default = k.Text, defaultJSON(k)
	if len(k.Choices) > 0 {
		v.Enum, v.Type = k.Choices, nil
	}
	return v
}

// shared is a mapping; the one of a type that holds itself is defined once.
func (s *schemas) shared(k Key, t reflect.Type) *Schema {
	if t != reflect.TypeFor[Match]() {
		return s.mapping(k)
	}
	const name = "match"
	if s.definitions[name] == nil {
		s.definitions[name] = &Schema{} // what is below refers to it
		s.definitions[name] = s.mapping(k)
	}
	return &Schema{Ref: "#/definitions/" + name}
}

// scalar is the schema of a value without keys of its own.
func scalar(t reflect.Type) *Schema {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return &Schema{Type: []string{"string", "null"}, Pattern: durationPattern}
	case reflect.TypeFor[Size]():
		return &Schema{Type: []string{"string", "integer", "null"}, Pattern: sizePattern}
	case reflect.TypeFor[Window]():
		return &Schema{Type: []string{"string", "null"}, Pattern: windowPattern}
	case reflect.TypeFor[Clock]():
		return &Schema{Type: []string{"string", "null"}, Pattern: clockText.String()}
	case reflect.TypeFor[Switch]():
		return &Schema{Type: []string{"boolean", "null"}}
	}
	switch t.Kind() {
	case reflect.Bool:
		return &Schema{Type: []string{"boolean", "null"}}
	case reflect.Int:
		return &Schema{Type: []string{"integer", "null"}}
	case reflect.Float64:
		return &Schema{Type: []string{"number", "null"}}
	case reflect.Slice:
		return &Schema{Type: []string{"array", "null"}, Items: &Schema{Type: []string{"string", "number", "boolean"}}}
	case reflect.Map:
		return &Schema{Type: []string{"object", "null"}, Additional: &Additional{&Schema{Type: []string{"string", "number", "boolean"}}}}
	}
	return &Schema{Type: []string{"string", "number", "boolean", "null"}}
}

// defaultJSON is a default as JSON; nil where there is none.
func defaultJSON(k Key) json.RawMessage {
	if k.Default == "" {
		return nil
	}
	switch k.Type.Kind() {
	case reflect.Bool, reflect.Int, reflect.Float64:
		if k.Type != reflect.TypeFor[Switch]() {
			return json.RawMessage(k.Default)
		}
	}
	return json.RawMessage(fmt.Sprintf("%q", k.Default))
}
