package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/config"
)

// validator compiles the schema of the configuration.
func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := config.NewSchema()
	require.NoError(t, err)
	data, err := json.Marshal(schema)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("trackerbell.schema.json", document))
	compiled, err := c.Compile("trackerbell.schema.json")
	require.NoError(t, err)
	return compiled
}

func TestTheSchemaAcceptsAndRefusesAsLoadDoes(t *testing.T) {
	schema := validator(t)
	for text, valid := range map[string]bool{
		"{}": true,
		"server: {addr: ':80', shutdownTimeout: 1h30m, maxBody: 2MiB}": true,
		"server: {maxBody: 4096}\nadmin:":                              true,
		"server: {adr: ':80'}":                                         false,
		"server: []":                                                   false,
		"server: {shutdownTimeout: soon}":                              false,
		"server: {shutdownTimeout: 25}":                                false,
		"server: {maxBody: much}":                                      false,
		"nats: {sync: sometimes}":                                      false,
		"nats: {replicas: three}":                                      false,
		"engine: {command: [a, '{input}'], transcriber: command}":      true,
		"engine: {command: {a: b}}":                                    false,
		"slack: {ratePerChannel: 0.5}":                                 true,
		"sources: [{name: a, provider: twilio, secret: s, labels: {team: 1}, labelsFromQuery: [b]}]": true,
		"sources: [{name: a, secert: s}]": false,
		"sources: {name: a}":              false,
		"routes: [{channel: '#a', thread: false, match: {within: last 2m, any: [{none: [{absent: true}]}]}}]":     true,
		"routes: [{channel: '#a', match: {any: [{none: [{absnt: true}]}]}}]":                                      false,
		"routes: [{channel: '#a', match: {within: 2m}}]":                                                          false,
		"routes: [{channel: '#a', severity: critical, template: {fields: [{name: a, value: b}]}, color: '#fff'}]": true,
	} {
		var node any
		require.NoError(t, yaml.Unmarshal([]byte(text), &node), text)
		data, err := json.Marshal(node)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, valid, schema.Validate(value) == nil, text)
	}
}

func TestTheSchemaTellsWhatAnEditorShows(t *testing.T) {
	schema, err := config.NewSchema()
	require.NoError(t, err)
	addr := schema.Properties["server"].Properties["addr"]
	require.Contains(t, addr.Description, "public listener")
	require.JSONEq(t, `"127.0.0.1:8080"`, string(addr.Default))
	require.JSONEq(t, `"8GiB"`, string(schema.Properties["nats"].Properties["maxBytes"].Default))
	require.JSONEq(t, `1`, string(schema.Properties["nats"].Properties["replicas"].Default))
}

const chartSchemaFile = "../helm/trackerbell/values.schema.json"

// The chart's values hold the configuration; what it may hold is not written
// twice.
func TestTheSchemaOfTheChartHasThatOfTheConfiguration(t *testing.T) {
	data, err := os.ReadFile(chartSchemaFile)
	require.NoError(t, err)
	var chart map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &chart))
	var properties, definitions map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(chart["properties"], &properties))
	require.NoError(t, json.Unmarshal(chart["definitions"], &definitions))

	schema, err := config.NewSchema()
	require.NoError(t, err)
	for name, definition := range schema.Definitions {
		definitions[name] = marshal(t, definition)
	}
	schema.Schema, schema.Title, schema.Definitions, schema.Type = "", "", nil, []string{"object"}
	properties["config"] = marshal(t, schema)
	chart["properties"], chart["definitions"] = marshal(t, properties), marshal(t, definitions)
	want, err := json.MarshalIndent(chart, "", "  ")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(chartSchemaFile, append(want, '\n'), 0o644))
		return
	}
	require.Equal(t, string(want)+"\n", string(data), "run make docs")
}

func marshal(t *testing.T, v any) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return data
}
