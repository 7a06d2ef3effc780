package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// newRouter makes the router; what is wrong with a route names its key and
// line.
func newRouter(cfg *config.Config) (*notify.Router, error) {
	router, err := notify.NewRouter(cfg.Routes, cfg.Slack.DefaultChannel)
	if err == nil {
		return router, nil
	}
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, err
	}
	var problems config.Problems
	for _, err := range all.Unwrap() {
		if mistake, ok := errors.AsType[*notify.KeyError](err); ok {
			problems = append(problems, cfg.Problem(mistake.Key, "%s", mistake.Message))
		}
	}
	return nil, problems
}

// newNoise is what the configuration holds back; webhooks are read by machines,
// so they are only held where a rule names them.
func newNoise(cfg *config.Config) (*notify.Noise, error) {
	var machines []string
	for _, d := range cfg.Destinations {
		if d.Type == "webhook" {
			machines = append(machines, d.Name)
		}
	}
	return notify.NewNoise(cfg.Noise, machines...)
}

// sourceOptions are what the stages need to know of each source.
func sourceOptions(cfg *config.Config) map[string]events.SourceOptions {
	list := make(map[string]events.SourceOptions, len(cfg.Sources))
	for _, s := range cfg.Sources {
		redact, err := notify.NewRedactor(s.Redact)
		if err != nil {
			continue // the configuration was checked
		}
		list[s.Name] = events.SourceOptions{
			AgentChannel: s.AgentChannel, Redact: redact, ShowNumbers: s.ShowNumbers, RecordingURL: s.RecordingURL, Retention: s.Retention,
		}
	}
	return list
}

// newNotifiers are Slack when there is a token, else out.
func newNotifiers(cfg *config.Config, out io.Writer) (*notify.Switchboard, error) {
	console := notify.NewConsole(out, isTerminal(out))
	named := map[string]notify.Notifier{}
	for i, d := range cfg.Destinations {
		n, err := newDestination(cfg, d, console)
		if err != nil {
			key, text, _ := strings.Cut(err.Error(), ": ")
			return nil, config.Problems{cfg.Problem(fmt.Sprintf("destinations[%d].%s", i, key), "%s", text)}
		}
		named[d.Name] = n
	}
	if cfg.Slack.Token == "" {
		return notify.NewSwitchboard(console, named), nil
	}
	slack, err := notify.NewSlack(cfg.Slack, notify.SlackOptions{ConsoleURL: cfg.Admin.PublicURL, Buttons: cfg.Slack.SigningSecret != ""})
	if err != nil {
		return nil, err
	}
	return notify.NewSwitchboard(slack, named), nil
}

// newDestination makes the notifier of a destination; an error begins with the
// key inside of it.
func newDestination(cfg *config.Config, d config.Destination, console *notify.Console) (notify.Notifier, error) {
	switch d.Type {
	case "webhook":
		return notify.NewWebhook(d.URL, d.Secret, nil)
	case "slackWebhook":
		return notify.NewSlackHook(d.URL, notify.SlackOptions{ConsoleURL: cfg.Admin.PublicURL})
	default:
		return console, nil
	}
}

// rates are Slack's limits where alerts go to Slack; a terminal has none.
func rates(cfg *config.Config) config.Slack {
	if cfg.Slack.Token == "" {
		return config.Slack{}
	}
	return cfg.Slack
}
