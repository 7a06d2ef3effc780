package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// routedCall is the call that routes are tried on.
type routedCall struct {
	symblFlags
	Recording  string `help:"Key of a recording of the running service: SOURCE.ID." placeholder:"KEY" xor:"what"`
	Transcript string `help:"Transcript: JSON, WebVTT or SRT." placeholder:"FILE" xor:"what"`
	Sample     bool   `help:"A made-up call." xor:"what"`

	Trackers  string            `help:"File of trackers for --transcript; default: the configured file, or else those of the account." placeholder:"FILE"`
	Source    string            `help:"Name of the source; default: the first one." placeholder:"NAME"`
	Label     map[string]string `help:"Labels of the call, NAME=VALUE." placeholder:"NAME=VALUE"`
	Direction string            `help:"inbound or outbound."`
	From      string            `help:"Number of the caller."`
	To        string            `help:"Number that was called."`
	Agent     string            `help:"Name of the agent."`
	Duration  time.Duration     `help:"How long the call was; default: as the transcript tells."`
	Language  string            `default:"en-US" help:"Language of the transcript (BCP-47)."`
}

// found is what was found in the call.
func (c *routedCall) found(g *globals, cfg *config.Config) (events.Processed, error) {
	switch {
	case c.Recording != "":
		var found events.Processed
		err := c.adminFlags.client(cfg).do(g.ctx, http.MethodGet, "/api/recordings/"+url.PathEscape(c.Recording)+"/matches", &found)
		return found, notFound(err, "processed recording", c.Recording)
	case c.Transcript != "":
		return c.read(g, cfg)
	case c.Sample:
		a := notify.SampleAlert()
		return events.Processed{Call: a.Call, Trackers: a.Trackers[:1]}, nil
	default:
		return events.Processed{}, usagef("give one of --recording, --transcript and --sample")
	}
}

// read finds the trackers in the transcript, without any service.
func (c *routedCall) read(g *globals, cfg *config.Config) (events.Processed, error) {
	raw, err := os.ReadFile(c.Transcript)
	if err != nil {
		return events.Processed{}, usagef("--transcript: %v", err)
	}
	said, err := source.ParseTranscript(raw)
	if err != nil {
		return events.Processed{}, usagef("--transcript %s: %v", c.Transcript, err)
	}
	trackers, err := c.trackers(g, cfg)
	if err != nil {
		return events.Processed{}, err
	}
	src, err := c.source(cfg)
	if err != nil {
		return events.Processed{}, err
	}
	labels := map[string]string{}
	for _, fixed := range []map[string]string{c.Label, src.Labels} {
		for name, value := range fixed {
			labels[name] = value
		}
	}
	call := notify.Call{
		Source: src.Name, Direction: c.Direction, From: c.From, To: c.To, Agent: c.Agent,
		StartedAt: time.Now().UTC().Truncate(time.Second), Seconds: c.Duration.Seconds(), Labels: labels,
	}
	messages := asMessages(said, call.StartedAt)
	results := findTrackers(c.Language, trackers, messages)
	return events.NewProcessed(call, results, messages, true, call.StartedAt, events.SourceOptions{AgentChannel: src.AgentChannel}), nil
}

// trackers are those of the file, or of the account.
func (c *routedCall) trackers(g *globals, cfg *config.Config) ([]symbl.Tracker, error) {
	path := c.Trackers
	if path == "" {
		path = cfg.Trackers
	}
	if path != "" {
		list, _, err := readTrackers(path)
		return list, err
	}
	client, err := c.client(g)
	if err != nil {
		return nil, fmt.Errorf("no file of trackers is given, and the account's cannot be read: %w", err)
	}
	return client.Trackers(g.ctx)
}

// source is the configured source of that name; without a name the first one.
func (c *routedCall) source(cfg *config.Config) (config.Source, error) {
	for _, s := range cfg.Sources {
		if c.Source == s.Name || c.Source == "" {
			return s, nil
		}
	}
	if c.Source == "" || c.Source == config.DefaultSource {
		return config.Source{Name: config.DefaultSource}, nil
	}
	return config.Source{}, usagef("--source: no source is named %q", c.Source)
}

// asMessages are a transcript as Symbl would give it back.
func asMessages(said []events.Utterance, start time.Time) []symbl.Message {
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	list := make([]symbl.Message, 0, len(said))
	for i, u := range said {
		list = append(list, symbl.Message{
			ID: strconv.Itoa(i), Text: u.Text, From: symbl.Person{Name: u.Speaker}, StartTime: at(u.Start), EndTime: at(u.End),
		})
	}
	return list
}

// findTrackers finds the trackers in messages as the embedded engine does.
func findTrackers(language string, trackers []symbl.Tracker, messages []symbl.Message) []symbl.TrackerResult {
	compiled := make([]match.Tracker, 0, len(trackers))
	results := make([]symbl.TrackerResult, len(trackers))
	for i, t := range trackers {
		compiled = append(compiled, matchable(t))
		results[i].Name = t.Name
	}
	set := match.Compile(language, compiled)
	for _, m := range messages {
		for _, h := range set.Match(m.Text) {
			ref := symbl.MessageRef{ID: m.ID, Text: m.Text, Offset: h.Offset, Score: h.Score, Words: h.Words}
			results[h.Tracker].Matches = append(results[h.Tracker].Matches, symbl.Match{
				Type: "vocabulary", Value: trackers[h.Tracker].Vocabulary[h.Phrase], MessageRefs: []symbl.MessageRef{ref},
			})
		}
	}
	return results
}
