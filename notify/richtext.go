package notify

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"
)

// leftOut says how many trackers a message does not show.
func leftOut(n int) slack.Block {
	noun := "trackers"
	if n == 1 {
		noun = "tracker"
	}
	return richText(section(words(fmt.Sprintf("and %d more %s", n, noun), italic())))
}

// block is one tracker: its name and count, then its quotes.
func (t trackerView) block() slack.Block {
	elements := []slack.RichTextElement{section(pieces(t.heading())...)}
	for _, q := range t.quotes {
		elements = append(elements, q.element())
	}
	if more := t.more(); more != "" {
		elements = append(elements, section(words(more, italic())))
	}
	return richText(elements...)
}

// element is the sentence with its matched words in bold, and under it who
// said it when.
func (q quoteView) element() slack.RichTextElement { return q.under("") }

// under is element that names the tracker.
func (q quoteView) under(tracker string) slack.RichTextElement {
	why := q.likeness()
	if len(q.words()) == 0 {
		why = q.why()
	}
	parts := pieces(spansOf(q.cells))
	if by := strings.Join(present(q.who, q.at, tracker, why), " · "); by != "" {
		parts = append(parts, words("\n— "+by, italic()))
	}
	return &slack.RichTextQuote{Type: slack.RTEQuote, Elements: parts}
}

func pieces(spans []span) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	for _, s := range spans {
		var style *slack.RichTextSectionTextStyle
		if s.bold {
			style = bold()
		}
		out = append(out, words(s.text, style))
	}
	return out
}

// bold and italic are the only styles of a message.
func bold() *slack.RichTextSectionTextStyle   { return &slack.RichTextSectionTextStyle{Bold: true} }
func italic() *slack.RichTextSectionTextStyle { return &slack.RichTextSectionTextStyle{Italic: true} }

// words is a piece of rich text; style may be nil.
func words(text string, style *slack.RichTextSectionTextStyle) slack.RichTextSectionElement {
	return slack.NewRichTextSectionTextElement(inert(text), style)
}

func section(parts ...slack.RichTextSectionElement) slack.RichTextElement {
	return slack.NewRichTextSection(parts...)
}

func richText(elements ...slack.RichTextElement) slack.Block {
	return slack.NewRichTextBlock("", elements...)
}
