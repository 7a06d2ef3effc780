package main

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

// What init writes.
//
//go:embed init
var initFiles embed.FS

const genericProvider = "generic"

type initCmd struct {
	Provider       string `help:"Telephony system that sends webhooks." placeholder:"NAME"`
	Source         string `help:"Name of the source, which becomes part of the webhook's address." placeholder:"NAME"`
	PublicURL      string `name:"public-url" help:"How the provider reaches this machine." placeholder:"URL"`
	Secret         string `help:"What the provider signs with; generated for generic." placeholder:"TEXT" xor:"secret"`
	SecretFile     string `help:"File with it." placeholder:"FILE" xor:"secret"`
	SlackToken     string `help:"Token of the Slack bot; without one alerts are printed." placeholder:"xoxb-…" xor:"slack"`
	SlackTokenFile string `help:"File with it." placeholder:"FILE" xor:"slack"`
	Channel        string `help:"Slack channel of alerts that no route takes." placeholder:"#NAME"`
	Dir            string `help:"Folder to write to." default:"." placeholder:"DIR"`
	Force          bool   `help:"Replace files that are there."`
}

// Help gives the examples.
func (initCmd) Help() string {
	return "Writes trackerbell.yaml and trackers.yaml. On a terminal it asks for what no flag gives.\n\nExamples:\n" +
		"  trackerbell init && trackerbell check && trackerbell serve\n" +
		"  trackerbell init --provider twilio --source support --secret-file auth-token --public-url https://calls.example.com\n" +
		"  trackerbell init --slack-token-file slack-token --channel \"#sales\""
}

// Run writes the files, and sees that a service would start with them.
func (c *initCmd) Run(g *globals) error {
	if err := c.free(); err != nil {
		return err
	}
	if f, ok := g.in.(*os.File); ok && isTerminal(f) && isTerminal(g.out) {
		c.ask(bufio.NewScanner(g.in), g.out)
	}
	if err := c.complete(); err != nil {
		return err
	}
	text, err := c.render()
	if err != nil {
		return err
	}
	trackers, err := initFiles.ReadFile("init/trackers.yaml")
	if err != nil {
		return fmt.Errorf("read the sample trackers: %w", err)
	}
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	// It may hold secrets.
	if err := os.WriteFile(c.path(defaultConfig), text, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := c.verify(g); err != nil {
		return errors.Join(err, os.Remove(c.path(defaultConfig)))
	}
	if err := os.WriteFile(c.path("trackers.yaml"), trackers, 0o644); err != nil { //nolint:gosec // nothing secret
		return fmt.Errorf("write the trackers: %w", err)
	}
	_, err = fmt.Fprintf(g.out, "wrote %s and %s\nnext: trackerbell check && trackerbell serve\n", c.path(defaultConfig), c.path("trackers.yaml"))
	return err
}

func (c *initCmd) path(name string) string { return filepath.Join(c.Dir, name) }

// free tells whether nothing would be overwritten.
func (c *initCmd) free() error {
	for _, name := range []string{defaultConfig, "trackers.yaml"} {
		if _, err := os.Stat(c.path(name)); err == nil && !c.Force {
			return usagef("%s is there already; --force replaces it", c.path(name))
		}
	}
	return nil
}

// ask asks for what no flag gives; an empty answer takes the default.
func (c *initCmd) ask(in *bufio.Scanner, out io.Writer) {
	question := func(value *string, text, otherwise string) {
		if *value != "" {
			return
		}
		if otherwise != "" {
			text += " [" + otherwise + "]"
		}
		_, _ = fmt.Fprint(out, text+": ")
		if in.Scan() {
			*value = strings.TrimSpace(in.Text())
		}
		if *value == "" {
			*value = otherwise
		}
	}
	question(&c.Provider, "Telephony system ("+strings.Join(source.Providers(), ", ")+")", genericProvider)
	question(&c.Source, "Name of the source", config.DefaultSource)
	question(&c.PublicURL, "Public https address of this machine (may be empty)", "")
	if c.Provider != genericProvider && c.SecretFile == "" {
		question(&c.Secret, "Secret that "+c.Provider+" signs with", "")
	}
	if c.SlackTokenFile == "" {
		question(&c.SlackToken, "Token of the Slack bot (xoxb-…; without it alerts are printed)", "")
	}
	question(&c.Channel, "Slack channel for alerts", config.Default().Slack.DefaultChannel)
}

// complete fills in the defaults and checks what only init can.
func (c *initCmd) complete() error {
	for value, otherwise := range map[*string]string{
		&c.Provider: genericProvider, &c.Source: config.DefaultSource, &c.Channel: config.Default().Slack.DefaultChannel,
	} {
		if *value == "" {
			*value = otherwise
		}
	}
	if !slices.Contains(source.Providers(), c.Provider) {
		return usagef("--provider: must be one of: %s", strings.Join(source.Providers(), ", "))
	}
	if c.Secret != "" || c.SecretFile != "" {
		return nil
	}
	if c.Provider != genericProvider {
		return usagef("--secret: %s signs its webhooks; give what it signs with by --secret or --secret-file (see docs/providers)", c.Provider)
	}
	var err error
	c.Secret, err = newSecret()
	return err
}

func (c *initCmd) render() ([]byte, error) {
	t, err := template.New("trackerbell.yaml.tmpl").Funcs(template.FuncMap{"quote": strconv.Quote}).ParseFS(initFiles, "init/trackerbell.yaml.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, c); err != nil {
		return nil, fmt.Errorf("fill in the template: %w", err)
	}
	return []byte(b.String()), nil
}

// verify loads what was written as serve would.
func (c *initCmd) verify(g *globals) error {
	cfg, _, err := config.Load(c.path(defaultConfig), g.environ)
	if err != nil {
		return err
	}
	cfg.Trackers = "" // written next
	return preflight(cfg)
}
