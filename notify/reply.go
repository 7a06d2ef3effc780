package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// maxReplies bounds how many messages one alert can become.
const maxReplies = 5

// Parts is how many messages an alert is: its summary, and the replies that
// hold all quotes, in the order of the call, where the summary does not.
func Parts(a Alert) int { return newView(a).parts(a) }

func (v view) parts(a Alert) int {
	if a.Digest != nil || a.Style.Alone || !a.Style.Template.IsZero() && a.Style.Template.Body != "" || !v.overflows(a) {
		return 1
	}
	return 1 + len(pages(a))
}

// overflows tells whether the summary leaves something out. It is asked
// without a template: that may fail when the message is rendered.
func (v view) overflows(a Alert) bool {
	left := budget{blocks: maxBlocks, chars: maxBlocksJSON}
	fitTo(&left, v.head(a, rendered{}))
	fitTo(&left, v.foot(a, RenderOptions{Buttons: true}))
	for _, t := range v.trackers {
		if t.more() != "" || !left.take(t.block()) {
			return true
		}
	}
	return false
}

// threaded notes that what the trackers do not show stands in replies.
func (v *view) threaded(yes bool) {
	for i := range v.trackers {
		v.trackers[i].inThread = yes
	}
}

// said is a sentence and the tracker that was found in it.
type said struct {
	tracker string // empty where the alert is about one
	at      float64
	quote   quoteView
}

// inOrder are all sentences in the order of the call, those of unknown time
// last.
func inOrder(a Alert) []said {
	var list []said
	spoken := slices.DeleteFunc(slices.Clone(a.Trackers), func(t Tracker) bool { return len(t.Quotes) == 0 })
	for _, t := range spoken {
		name := ""
		if len(spoken) > 1 {
			name = clean(t.Name, maxTrackerName)
		}
		for _, group := range sentences(t.Quotes) {
			list = append(list, said{name, group[0].At, newQuoteView(group, a.speaker)})
		}
	}
	slices.SortStableFunc(list, func(a, b said) int {
		return cmp.Or(compareBool(a.at >= 0, b.at >= 0), cmp.Compare(max(a.at, 0), max(b.at, 0)))
	})
	return list
}

// page is what one reply says.
type page struct {
	blocks []slack.Block
	lines  []string // without any formatting
}

// pages are the replies.
func pages(a Alert) []page {
	list := inOrder(a)
	title := fmt.Sprintf("All %d quotes, in the order of the call", len(list))
	var out []page
	for len(list) > 0 && len(out) < maxReplies {
		left := budget{blocks: maxBlocks, chars: maxBlocksJSON}
		head := richText(section(words(title, italic())))
		left.take(head)
		left.take(leftOutQuotes(len(list))) // room for it, should it be needed
		p := page{[]slack.Block{head}, []string{title, a.key()}}
		for len(list) > 0 {
			b := richText(list[0].quote.under(list[0].tracker))
			if !left.take(b) {
				break
			}
			p.blocks = append(p.blocks, b)
			p.lines = append(p.lines, strings.Join(present(list[0].tracker, list[0].quote.line()), ": "))
			list = list[1:]
		}
		out, title = append(out, p), "… continued"
	}
	if len(list) > 0 {
		last := len(out) - 1
		out[last].blocks = append(out[last].blocks, leftOutQuotes(len(list)))
	}
	return out
}

func leftOutQuotes(n int) slack.Block {
	return richText(section(words(fmt.Sprintf("and %d more quotes", n), italic())))
}

// renderReply is a reply; one that the alert does not have says nothing.
func renderReply(a Alert) Message {
	list := pages(a)
	if a.Part > len(list) {
		return Message{Metadata: newMetadata(a), Text: "No more quotes"}
	}
	p := list[a.Part-1]
	return Message{Metadata: newMetadata(a), Blocks: p.blocks, Text: fitMarkup(escape(strings.Join(p.lines, "\n")), maxText)}
}
