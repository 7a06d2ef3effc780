package notify

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/slack-go/slack"
)

// MetadataEvent is the event_type of every message's metadata.
const MetadataEvent = "trackerbell_alert"

// RenderOptions is what rendering needs to know beside the alert.
type RenderOptions struct {
	ConsoleURL string // of the admin console, without a trailing slash; empty: no link
}

// Message is an alert in Slack's form. It keeps all of Slack's limits, and
// nothing foreign in it can format text, make a link or ring a channel.
type Message struct {
	Text     string        // for notifications and screen readers; escaped, to be sent with mrkdwn=false and parse=none
	Blocks   []slack.Block // what people see
	Metadata Metadata
}

// Metadata is what a message tells other programs, and how an alert is found
// again in a channel's history.
type Metadata struct {
	AlertID   string
	Recording string
	Trackers  []string // names as they were given, at most 40 of at most 100 characters
}

// Render writes an alert as a Slack message. It is pure: the same alert gives
// the same message.
//
// Foreign text stands only where Slack reads no markup: quotes, speakers and
// tracker names in rich_text (docs.slack.dev/reference/block-kit/blocks/rich-text-block),
// the rest in plain_text and in the top-level text, both escaped. Without
// link_names and with parse=none Slack makes nothing of a written @channel.
func Render(a Alert, opt RenderOptions) Message {
	v := newView(a)
	return Message{
		Text:     fitMarkup(escape(v.fallback(a.Call)), maxText),
		Blocks:   fit(v.blocks(a, opt)),
		Metadata: newMetadata(a),
	}
}

func newMetadata(a Alert) Metadata {
	m := Metadata{AlertID: a.ID, Recording: a.Recording, Trackers: []string{}}
	for _, t := range a.Trackers[:min(len(a.Trackers), maxMetadataNames)] {
		m.Trackers = append(m.Trackers, cutText(t.Name, maxTrackerName))
	}
	return m
}

// blocks are the header, one block for each tracker that fits, what was left
// out, and the context line.
func (v view) blocks(a Alert, opt RenderOptions) []slack.Block {
	head, foot := header(v.title), v.context(a, opt)
	left := budget{blocks: maxBlocks, chars: maxBlocksJSON}
	left.take(head)
	left.take(foot)
	left.take(leftOut(len(v.trackers))) // room for it, should it be needed

	blocks := []slack.Block{head}
	for i, t := range v.trackers {
		b := t.blockWithin(&left)
		if b == nil {
			blocks = append(blocks, leftOut(len(v.trackers)-i))
			break
		}
		blocks = append(blocks, b)
	}
	return append(blocks, foot)
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

// header is plain text, the only kind that Slack's header takes.
func header(title string) *slack.HeaderBlock { return slack.NewHeaderBlock(plain(bell + title)) }

// plain is a text object without markup; emoji false keeps a written :name:
// as it is.
func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, escape(text), false, false)
}

// context is the line about the call. Only the date and the link are markup,
// and both are built from what is ours.
func (v view) context(a Alert, opt RenderOptions) slack.Block {
	var elements []slack.MixedElement
	if s := strings.Join(v.summary, " · "); s != "" {
		elements = append(elements, plain(s))
	}
	if at := a.Call.StartedAt; at.Unix() > 0 {
		elements = append(elements, mrkdwn(fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", at.Unix(), v.when)))
	}
	if s := strings.Join(v.rest, " · "); s != "" {
		elements = append(elements, plain(s))
	}
	if link := consoleLink(opt.ConsoleURL, a.Recording); link != "" {
		elements = append(elements, mrkdwn("<"+link+"|Open in console>"))
	}
	return slack.NewContextBlock("", elements...)
}

func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, false)
}

// consoleLink is where the console shows a recording; empty without a console
// and for what no key can be.
func consoleLink(console, key string) string {
	base, err := url.Parse(console)
	if strings.Trim(key, ".") == "" || len(key) > maxKey || err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return ""
	}
	link := base.JoinPath("recordings", url.PathEscape(key)).String()
	return strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", "&", "&amp;").Replace(link)
}
