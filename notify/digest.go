package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// The reasons why alerts are held back: a closed set, for metric labels.
const (
	HeldSilence    = "silence"     // somebody silenced them; they are told nowhere
	HeldQuietHours = "quiet_hours" // a digest tells them when the hours end
	HeldCap        = "cap"         // a digest tells them when the hour ends
	HeldFold       = "fold"        // not held, but posted in the thread of an earlier alert about the caller
)

// HeldReasons lists the reasons.
func HeldReasons() []string { return []string{HeldSilence, HeldQuietHours, HeldCap, HeldFold} }

// MaxHeld is how many alerts a digest tells of; it counts the others.
const MaxHeld = 50

// Digest is what an alert says in place of trackers: which alerts of its
// destination were held back.
type Digest struct {
	Reason string    `json:"reason"` // HeldQuietHours or HeldCap
	From   time.Time `json:"from"`   // when the first was held
	Until  time.Time `json:"until"`
	Count  int       `json:"count"`
	Alerts []Held    `json:"alerts,omitempty"` // the first of them, MaxHeld at most
}

// Held is an alert in one line of a digest. Its text may be shown to anybody
// who may see the alert: numbers are masked.
type Held struct {
	Recording string    `json:"recording"`
	Title     string    `json:"title"`
	Severity  string    `json:"severity,omitempty"`
	Who       string    `json:"who,omitempty"` // direction, parties and agent
	StartedAt time.Time `json:"startedAt,omitzero"`
}

// NewHeld is the line of an alert.
func NewHeld(a Alert) Held {
	v := newView(a)
	text := v.title
	if len(v.trackers) == 1 && v.trackers[0].absent != "" {
		text += " " + v.trackers[0].missing()
	}
	return Held{
		Recording: a.Recording, Title: text, Severity: a.Style.Severity,
		Who: strings.Join(v.summary, " · "), StartedAt: a.Call.StartedAt,
	}
}

// title counts the alerts and says why they come together.
func (d Digest) title() string {
	noun := "alerts"
	if d.Count == 1 {
		noun = "alert"
	}
	if d.Reason == HeldCap {
		return fmt.Sprintf("%d more %s within the hour", d.Count, noun)
	}
	return fmt.Sprintf("%d %s in the quiet hours", d.Count, noun)
}

func (d Digest) sign() string {
	if d.Reason == HeldCap {
		return "🔕 "
	}
	return "🌙 "
}

// left counts the alerts of which shown are told; empty when all are.
func (d Digest) left(shown int) string {
	if shown >= d.Count {
		return ""
	}
	return fmt.Sprintf("and %d more in the console", d.Count-shown)
}

// span is when the alerts were held, for where Slack's date format is not to be
// had.
func (d Digest) span() string {
	const layout = "2 Jan 2006 15:04"
	return d.From.UTC().Format(layout) + " to " + d.Until.UTC().Format(layout+" UTC")
}

// renderDigest is Render for a digest.
func renderDigest(a Alert, opt RenderOptions) Message {
	d := *a.Digest
	lines := []string{d.title(), d.span()}
	for _, h := range d.Alerts {
		lines = append(lines, h.line())
	}
	lines = append(lines, present(d.left(len(d.Alerts)))...)
	m := Message{Metadata: newMetadata(a), Text: fitMarkup(escape(strings.Join(lines, "\n")), maxText)}

	left := budget{blocks: maxBlocks, chars: maxBlocksJSON}
	head := []slack.Block{slack.NewHeaderBlock(plain(d.sign() + d.title()))}
	if rung := mentions(a.Style.Mentions); rung != "" {
		head = append(head, slack.NewSectionBlock(mrkdwn(rung), nil, nil))
	}
	if note := clean(a.Note, maxQuoteLength); note != "" {
		head = append(head, slack.NewContextBlock("", plain("⚠ "+note)))
	}
	head = fitTo(&left, head)
	foot := fitTo(&left, []slack.Block{d.context(opt)})
	m.Blocks = append(append(head, d.body(&left, opt)...), foot...)
	return m
}

// body is a list of as many alerts as fit, and how many are left out.
func (d Digest) body(left *budget, opt RenderOptions) []slack.Block {
	list := slack.NewRichTextList(slack.RTEListBullet, 0)
	room := left.chars - jsonSize(richText(list, d.more(0)))
	for _, h := range d.Alerts {
		line := h.element(opt)
		if room -= jsonSize(richText(line)); room < 0 { // a little more than the line itself
			break
		}
		list.Elements = append(list.Elements, line)
	}
	block := richText(list)
	switch n := len(list.Elements); {
	case n == 0:
		return nil
	case n < d.Count:
		block = richText(list, d.more(n))
	}
	left.take(block)
	return []slack.Block{block}
}

func (d Digest) more(shown int) slack.RichTextElement {
	return section(words(d.left(shown), italic()))
}

// element is a line of the list.
func (h Held) element(opt RenderOptions) slack.RichTextElement {
	parts := []slack.RichTextSectionElement{words(h.heading(), bold())}
	if who := clean(h.Who, maxQuoteLength); who != "" {
		parts = append(parts, words(" · "+who, nil))
	}
	if h.StartedAt.Unix() > 0 {
		fallback := Call{StartedAt: h.StartedAt}.started()
		parts = append(parts, words(" · ", nil), slack.NewRichTextSectionDateElement(h.StartedAt.Unix(), "{date_short_pretty} {time}", nil, &fallback))
	}
	if link := consoleAddress(opt.ConsoleURL, h.Recording); link != "" {
		parts = append(parts, words(" · ", nil), slack.NewRichTextSectionLinkElement(link, "open", nil))
	}
	return section(parts...)
}

// heading is the line's title; the sign of its severity only where it has one.
func (h Held) heading() string {
	sign := ""
	if h.Severity != "" {
		sign = Style{Severity: h.Severity}.bell()
	}
	return sign + leftToRight(clean(h.Title, 2*maxTrackerName))
}

// line is the alert without formatting.
func (h Held) line() string {
	parts := present(h.heading(), clean(h.Who, maxQuoteLength), Call{StartedAt: h.StartedAt}.started(), Alert{Recording: h.Recording}.key())
	return "• " + strings.Join(parts, " · ")
}

// moment is a time in the reader's own time zone.
func moment(t time.Time) string {
	call := Call{StartedAt: t}
	return dateMarkup(call, call.started())
}

// context says when the alerts were held, and where all of them stand.
func (d Digest) context(opt RenderOptions) slack.Block {
	elements := []slack.MixedElement{plain(d.why() + " from"), mrkdwn(moment(d.From)), plain("to"), mrkdwn(moment(d.Until))}
	if link := safeLink(opt.ConsoleURL); link != "" {
		elements = append(elements, mrkdwn("<"+link+"|Open the console>"))
	}
	return slack.NewContextBlock("", elements...)
}

func (d Digest) why() string {
	if d.Reason == HeldCap {
		return "Held back by the cap of this channel"
	}
	return "Held back in the quiet hours of this channel"
}

// textDigest is Text for a digest.
func textDigest(w *writer, a Alert) {
	d := *a.Digest
	w.paragraph("", []span{{d.sign() + d.title(), true}, {"  → " + clean(a.Destination, maxName), false}})
	if note := clean(a.Note, maxQuoteLength); note != "" {
		w.paragraph(indent, []span{{note, false}})
	}
	w.blank()
	for _, h := range d.Alerts {
		w.paragraph(indent, []span{{h.line(), false}})
	}
	if more := d.left(len(d.Alerts)); more != "" {
		w.paragraph(indent, []span{{more, false}})
	}
	w.blank()
	w.paragraph(indent, []span{{d.why() + ", " + d.span(), false}})
}
