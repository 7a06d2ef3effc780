package main

import (
	"fmt"
	"html"
	"strings"

	"github.com/slack-go/slack"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

type routesRenderCmd struct {
	routedCall
	Output string `enum:"text,json" default:"text" help:"text, or json: the messages as Slack gets them."`
}

// Help gives the examples.
func (routesRenderCmd) Help() string {
	return "Examples:\n  trackerbell routes render --sample\n  trackerbell routes render --recording support.RE123\n" +
		"  trackerbell routes render --transcript call.vtt --output json"
}

// renderedAlert is one alert as JSON gives it. The blocks can be pasted into
// Slack's Block Kit Builder.
type renderedAlert struct {
	Destination string            `json:"destination"`
	Error       string            `json:"error,omitempty"` // of the route's template
	Messages    []renderedMessage `json:"messages"`
}

type renderedMessage struct {
	Text     string        `json:"text"`
	Blocks   []slack.Block `json:"blocks"`
	Color    string        `json:"color,omitempty"`
	Attached []slack.Block `json:"attached,omitempty"` // blocks beside the color
}

// Run shows the alerts of a call.
func (c *routesRenderCmd) Run(g *globals) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	router, err := newRouter(cfg)
	if err != nil {
		return err
	}
	found, err := c.found(g, cfg)
	if err != nil {
		return err
	}
	list := []renderedAlert{}
	for _, p := range router.Plan(found.Call, found.Trackers) {
		opt := sourceOptions(cfg)[found.Call.Source]
		a := events.NewAlert(c.key(), 0, p, found, opt)
		_, id, _ := strings.Cut(a.Recording, ".")
		a.Link = opt.Link(a.Recording, id) // right but for ids that a key cannot hold
		one := renderAlert(a, slackOptions(cfg))
		list = append(list, one)
		if c.Output == "text" {
			if err := printAlert(g, a, one); err != nil {
				return err
			}
		}
	}
	if c.Output == "json" {
		return printJSON(g.out, list)
	}
	return nil
}

func (c *routesRenderCmd) key() string {
	if c.Recording != "" {
		return c.Recording
	}
	return "support.RE0000000000"
}

// slackOptions are how the service renders.
func slackOptions(cfg *config.Config) notify.RenderOptions {
	return notify.RenderOptions{ConsoleURL: cfg.Admin.PublicURL, Buttons: cfg.Slack.SigningSecret != ""}
}

func renderAlert(a notify.Alert, opt notify.RenderOptions) renderedAlert {
	one := renderedAlert{Destination: a.Destination}
	for a.Part = range notify.Parts(a) {
		m := notify.Render(a, opt)
		if m.TemplateError != nil {
			one.Error = m.TemplateError.Error()
		}
		one.Messages = append(one.Messages, renderedMessage{Text: m.Text, Blocks: m.Blocks, Color: m.Color, Attached: m.Barred})
	}
	return one
}

// printAlert prints an alert for people, as it would read.
func printAlert(g *globals, a notify.Alert, one renderedAlert) error {
	if one.Error != "" {
		_, _ = fmt.Fprintf(g.err, "trackerbell: warning: %s: the template failed, and the built-in message is used: %s\n", printable(a.Destination), printable(one.Error))
	}
	if a.Style.Template.IsZero() || one.Error != "" {
		_, err := fmt.Fprintln(g.out, notify.Text(a, isTerminal(g.out)))
		return err
	}
	lines := []string{"→ " + printable(a.Destination)}
	for _, b := range append(one.Messages[0].Blocks, one.Messages[0].Attached...) {
		lines = append(lines, markupOf(b, isTerminal(g.out))...)
	}
	_, err := fmt.Fprintln(g.out, strings.Join(lines, "\n")+"\n")
	return err
}

// markupOf is what a template has a part in: headers and sections.
func markupOf(block slack.Block, color bool) (lines []string) {
	switch b := block.(type) {
	case *slack.HeaderBlock:
		lines = append(lines, html.UnescapeString(printable(b.Text.Text)))
	case *slack.SectionBlock:
		texts := b.Fields
		if b.Text != nil {
			texts = append([]*slack.TextBlockObject{b.Text}, texts...)
		}
		for _, t := range texts {
			for line := range strings.SplitSeq(t.Text, "\n") {
				lines = append(lines, "  "+readMarkup(printable(line), color))
			}
		}
	}
	return lines
}
