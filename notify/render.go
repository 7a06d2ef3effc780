package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// MetadataEvent is the event_type of every message's metadata.
const MetadataEvent = "trackerbell_alert"

// RenderOptions is what rendering needs to know beside the alert.
type RenderOptions struct {
	ConsoleURL string // of the admin console, without a trailing slash; empty: no link
	Buttons    bool   // Slack tells somebody when they are pressed; without, links stand in the context line
}

// Message is an alert, or a reply of it, in Slack's form. It keeps all of
// Slack's limits, and nothing foreign in it can format text, make a link or
// ring a channel.
type Message struct {
	Text     string        // for notifications and screen readers; escaped, to be sent with mrkdwn=false and parse=none
	Blocks   []slack.Block // what people see
	Color    string        // of the bar beside Barred; empty: there is none
	Barred   []slack.Block // in an attachment below Blocks
	Metadata Metadata

	TemplateError error // the route's template did not work; this is the built-in message
}

// Metadata is what a message tells other programs, and how an alert is found
// again in a channel's history.
type Metadata struct {
	AlertID   string
	Recording string
	Trackers  []string // names as they were given, at most 40 of at most 100 characters
}

// Render writes an alert as a Slack message: its summary, or the reply that
// Part says. It is pure: the same alert gives the same message.
//
// Foreign text stands only where Slack reads no markup: quotes, speakers and
// tracker names in rich_text (docs.slack.dev/reference/block-kit/blocks/rich-text-block),
// the rest in plain_text and in the top-level text, both escaped. Without
// link_names and with parse=none Slack makes nothing of a written @channel.
// Only a route's own template is markup; see TemplateData.
func Render(a Alert, opt RenderOptions) Message {
	switch {
	case a.Digest != nil:
		return renderDigest(a, opt)
	case a.Part > 0:
		return renderReply(a)
	}
	v := newView(a)
	if a.Parts == 0 {
		a.Parts = v.parts(a)
	}
	v.threaded(a.Parts > 1)
	custom, err := runTemplate(a, opt)
	m := Message{Color: a.Style.Color, Metadata: newMetadata(a), TemplateError: err}
	text := escape(v.fallback(a))
	if custom.title != "" {
		text = custom.title + "\n" + text
	}
	m.Text = fitMarkup(text, maxText)

	left := budget{blocks: maxBlocks, chars: maxBlocksJSON}
	head := fitTo(&left, v.head(a, custom))
	foot := fitTo(&left, v.foot(a, opt))
	body := fitTo(&left, custom.blocks())
	if custom.body == "" {
		body = append(v.body(&left), body...)
	}
	m.Blocks, m.Barred = head, slices.Concat(body, foot)
	if m.Color == "" {
		m.Blocks, m.Barred = slices.Concat(m.Blocks, m.Barred), nil
	}
	return m
}

// newMetadata gives every message of an alert an id of its own.
func newMetadata(a Alert) Metadata {
	m := Metadata{AlertID: a.messageID(), Recording: a.Recording, Trackers: []string{}}
	for _, t := range a.Trackers[:min(len(a.Trackers), maxMetadataNames)] {
		m.Trackers = append(m.Trackers, cutText(t.Name, maxTrackerName))
	}
	return m
}

func (a Alert) messageID() string {
	if a.Part == 0 {
		return a.ID
	}
	return fmt.Sprintf("%s-%d", a.ID, a.Part)
}

// head is what is seen first: the title, whom it rings, and what is unusual.
func (v view) head(a Alert, custom rendered) []slack.Block {
	title := plain(a.Style.bell() + v.title)
	if custom.title != "" {
		title = slack.NewTextBlockObject(slack.PlainTextType, a.Style.bell()+custom.title, false, false)
	}
	blocks := []slack.Block{slack.NewHeaderBlock(title)}
	if rung := mentions(a.Style.Mentions); rung != "" {
		blocks = append(blocks, slack.NewSectionBlock(mrkdwn(rung), nil, nil))
	}
	if note := clean(a.Note, maxQuoteLength); note != "" {
		blocks = append(blocks, slack.NewContextBlock("", plain("⚠ "+note)))
	}
	return blocks
}

// mentions ring user groups and users; docs.slack.dev/messaging/formatting-message-text.
func mentions(ids []string) string {
	var out []string
	for _, id := range ids {
		if strings.HasPrefix(id, "S") {
			out = append(out, "<!subteam^"+id+">")
		} else {
			out = append(out, "<@"+id+">")
		}
	}
	return strings.Join(out, " ")
}

// body is one block for each tracker that fits, and what was left out.
func (v view) body(left *budget) []slack.Block {
	left.take(leftOut(len(v.trackers))) // room for it, should it be needed
	var blocks []slack.Block
	for i, t := range v.trackers {
		b := t.blockWithin(left)
		if b == nil {
			return append(blocks, leftOut(len(v.trackers)-i))
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// blockWithin shows fewer quotes where all of them are too much for the
// message; it is nil when even the name is.
func (t trackerView) blockWithin(left *budget) slack.Block {
	for {
		b := t.block()
		if left.take(b) {
			return b
		}
		if len(t.quotes) == 0 {
			return nil
		}
		t.quotes = t.quotes[:len(t.quotes)-1]
	}
}

// blocks are what a route's template has instead of the quotes.
func (r rendered) blocks() []slack.Block {
	var blocks []slack.Block
	if r.body != "" {
		blocks = append(blocks, slack.NewSectionBlock(verbatim(r.body), nil, nil))
	}
	if len(r.fields) > 0 {
		var fields []*slack.TextBlockObject
		for _, f := range r.fields {
			fields = append(fields, verbatim(f))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	return blocks
}

// plain is a text object without markup; emoji false keeps a written :name:
// as it is.
func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, escape(text), false, false)
}

func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, false)
}

// verbatim is markup in which Slack makes no links of its own.
func verbatim(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}
