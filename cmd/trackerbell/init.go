package main

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/trackerbell/trackerbell/config"
)

// What init writes.
//
//go:embed init
var initFiles embed.FS

const genericProvider = "generic"

type initCmd struct {
	Provider         string `help:"Telephony system that sends webhooks." placeholder:"NAME"`
	Source           string `help:"Name of the source, which becomes part of the webhook's address." placeholder:"NAME"`
	PublicURL        string `name:"public-url" help:"How the provider reaches this machine." placeholder:"URL"`
	Secret           string `help:"What the provider signs with; generated for generic." placeholder:"TEXT" xor:"secret"`
	SecretFile       string `help:"File with it." placeholder:"FILE" xor:"secret"`
	SlackToken       string `help:"Token of the Slack bot; without one alerts are printed." placeholder:"xoxb-…" xor:"slack"`
	SlackTokenFile   string `help:"File with it." placeholder:"FILE" xor:"slack"`
	Channel          string `help:"Slack channel of alerts that no route takes." placeholder:"#NAME"`
	TranscriberURL   string `name:"transcriber-url" help:"Whisper-compatible server that hears recordings, up to and with /v1." placeholder:"URL"`
	TranscriberModel string `name:"transcriber-model" help:"Its model, where it has several." placeholder:"NAME"`
	Dir              string `help:"Folder to write to." default:"." placeholder:"DIR"`
	Force            bool   `help:"Replace files that are there."`
}

// Help gives the examples.
func (initCmd) Help() string {
	return "Writes trackerbell.yaml and trackers.yaml. On a terminal it asks for what no flag gives.\n\nExamples:\n" +
		"  trackerbell init && trackerbell check && trackerbell serve\n" +
		"  trackerbell init --provider twilio --source support --secret-file auth-token --public-url https://calls.example.com\n" +
		"  trackerbell init --slack-token-file slack-token --channel \"#sales\""
}

// Run writes the files, once it is seen that a service would start with them.
func (c *initCmd) Run(g *globals) error {
	if g.Config != "" && filepath.Clean(g.Config) != c.path(defaultConfig) {
		return usagef("--config (or TRACKERBELL_CONFIG) is %s, but init writes %s: leave it out, and name the folder by --dir", g.Config, c.path(defaultConfig))
	}
	if err := c.free(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	written, err := c.settle(g)
	if err != nil {
		return err
	}
	trackers, err := initFiles.ReadFile("init/trackers.yaml")
	if err == nil {
		err = os.WriteFile(c.path("trackers.yaml"), trackers, 0o644) //nolint:gosec // nothing secret
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the trackers: %w", err), os.Remove(written))
	}
	if err := os.Rename(written, c.path(defaultConfig)); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = fmt.Fprintf(g.out, "wrote %s and %s\nnext: %strackerbell check && trackerbell serve\n", c.path(defaultConfig), c.path("trackers.yaml"), c.enter())
	return err
}

// enter is what brings the commands to the files.
func (c *initCmd) enter() string {
	if filepath.Clean(c.Dir) == "." {
		return ""
	}
	return "cd " + c.Dir + " && "
}

// settle gives a file with a configuration that a service would start with. On a
// terminal it asks.
func (c *initCmd) settle(g *globals) (string, error) {
	if f, ok := g.in.(*os.File); ok && isTerminal(f) && isTerminal(g.out) {
		i := interview{initCmd: c, g: g, in: bufio.NewScanner(g.in)}
		i.run(g.ctx)
		if i.ended {
			_, _ = fmt.Fprintln(g.out)
		}
		if g.ctx.Err() != nil {
			return "", errors.New("interrupted: nothing is written")
		}
	}
	return c.compose(g)
}

// compose writes the configuration beside its place, and loads it as serve would.
func (c *initCmd) compose(g *globals) (string, error) {
	if err := c.complete(); err != nil {
		return "", err
	}
	text, err := c.render()
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(c.Dir, ".*-"+defaultConfig) // for its owner only: it may hold secrets
	if err != nil {
		return "", fmt.Errorf("--dir: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = verify(f.Name(), g.environ)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
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

// complete fills in the defaults.
func (c *initCmd) complete() error {
	for value, otherwise := range map[*string]string{
		&c.Provider: genericProvider, &c.Source: config.DefaultSource, &c.Channel: config.Default().Slack.DefaultChannel,
		&c.TranscriberModel: config.Default().Engine.OpenAI.Model,
	} {
		if *value == "" {
			*value = otherwise
		}
	}
	for _, file := range []*string{&c.SecretFile, &c.SlackTokenFile} {
		if *file == "" || filepath.Clean(c.Dir) == "." {
			continue
		}
		var err error
		if *file, err = filepath.Abs(*file); err != nil { // the service runs in --dir
			return fmt.Errorf("find %s: %w", *file, err)
		}
	}
	if c.Provider != genericProvider || c.Secret != "" || c.SecretFile != "" {
		return nil
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

// verify loads what was written as serve would. Of what is wrong it does not say
// the line: the file is not going to be there.
func verify(path string, environ []string) error {
	cfg, _, err := config.Load(path, environ)
	if cfg != nil {
		cfg.Trackers = "" // written next
	}
	if err != nil {
		err = withPreflight(cfg, err)
	} else {
		err = preflight(cfg)
	}
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for i, p := range problems {
		if p.Line > 0 {
			problems[i].Origin, problems[i].Line = "", 0
		}
	}
	return problems
}
