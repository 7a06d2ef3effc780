package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

// interview asks on a terminal for what no flag gives.
type interview struct {
	*initCmd // what is known so far

	g     *globals
	in    *bufio.Scanner
	ended bool // there is nobody to ask any more
}

func (i *interview) run(ctx context.Context) {
	i.ask(ctx, &i.Provider, "sources[0].provider", "Telephony system ("+strings.Join(source.Providers(), ", ")+")", genericProvider)
	i.ask(ctx, &i.Source, "sources[0].name", "Name of the source", config.DefaultSource)
	i.ask(ctx, &i.PublicURL, "server.publicURL", "Public https address of this machine (may be empty)", "")
	if i.Provider != genericProvider && i.SecretFile == "" {
		i.ask(ctx, &i.Secret, "sources[0].secret", "Secret that "+i.Provider+" signs with", "")
	}
	if i.SlackTokenFile == "" {
		i.ask(ctx, &i.SlackToken, "slack.token", "Token of the Slack bot (xoxb-…; without it alerts are printed)", "")
	}
	i.ask(ctx, &i.Channel, "slack.defaultChannel", "Slack channel for alerts", config.Default().Slack.DefaultChannel)
	i.ask(ctx, &i.TranscriberURL, "engine.openai.baseURL", "Whisper-compatible server that hears recordings, such as http://127.0.0.1:8000/v1 (may be empty)", "")
	if i.TranscriberURL != "" {
		i.ask(ctx, &i.TranscriberModel, "engine.openai.model", "Its model", config.Default().Engine.OpenAI.Model)
	}
}

// ask asks for a value that no flag gives, until it will do as that key of the
// configuration. An empty answer takes the default.
func (i *interview) ask(ctx context.Context, value *string, key, text, otherwise string) {
	if *value != "" {
		return
	}
	if otherwise != "" {
		text += " [" + otherwise + "]"
	}
	for !i.ended {
		_, _ = fmt.Fprint(i.g.out, text+": ")
		if *value = i.line(ctx); *value == "" {
			*value = otherwise
		}
		problem := i.problem(key)
		if problem == "" {
			return
		}
		_, _ = fmt.Fprintln(i.g.out, "  "+problem)
	}
}

// problem tells what is wrong with a key as far as the answers go; empty when
// nothing is.
func (i *interview) problem(key string) string {
	draft := *i.initCmd
	path, err := draft.compose(i.g)
	if err == nil {
		err = os.Remove(path)
	}
	var problems config.Problems
	errors.As(err, &problems)
	at := slices.IndexFunc(problems, func(p config.Problem) bool { return p.Key == key })
	if at < 0 {
		return "" // with what is wrong apart from that, the last look fails
	}
	return problems[at].Message
}

// line is the next answer, empty when there is none. A read from a terminal cannot
// be broken off: when ctx ends it is left to end with the program.
func (i *interview) line(ctx context.Context) string {
	answered := make(chan bool, 1)
	go func() { answered <- i.in.Scan() }()
	select {
	case ok := <-answered:
		i.ended = !ok
		return strings.TrimSpace(i.in.Text())
	case <-ctx.Done():
		i.ended = true
		return ""
	}
}
