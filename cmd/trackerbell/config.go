package main

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/trackerbell/trackerbell/config"
)

type configCmd struct {
	Print  configPrintCmd  `cmd:"" help:"Print every key and its value; secrets are hidden."`
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of the file, for editors."`
}

// Help gives the examples.
func (configCmd) Help() string {
	return "Examples:\n  trackerbell config print\n  trackerbell config schema > trackerbell.schema.json"
}

type configPrintCmd struct {
	Output string `enum:"yaml,json" default:"yaml" help:"yaml or json."`
}

// Help gives the examples.
func (configPrintCmd) Help() string {
	return "A comment tells where a value comes from: the line of the file or the environment variable.\n\nExamples:\n" +
		"  trackerbell config print --config trackerbell.yaml\n  trackerbell config print --output json"
}

// Run prints the configuration that holds.
func (c *configPrintCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	document := cfg.Document()
	if c.Output == "json" {
		var values map[string]any
		if err := document.Decode(&values); err != nil {
			return fmt.Errorf("print the configuration: %w", err)
		}
		return printJSON(g.out, values)
	}
	enc := yaml.NewEncoder(g.out)
	enc.SetIndent(2)
	if err := enc.Encode(document); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return enc.Close()
}

type configSchemaCmd struct{}

// Help gives the examples.
func (configSchemaCmd) Help() string {
	return "Begin the file with \"# yaml-language-server: $schema=trackerbell.schema.json\" for an editor to find it.\n\nExamples:\n" +
		"  trackerbell config schema > trackerbell.schema.json"
}

// Run prints the schema.
func (configSchemaCmd) Run(g *globals) error {
	schema, err := config.NewSchema()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return fmt.Errorf("print the schema: %w", err)
	}
	_, err = fmt.Fprintf(g.out, "%s\n", data)
	return err
}
