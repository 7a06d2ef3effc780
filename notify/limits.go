package notify

import (
	"encoding/json"
	"strings"
	"unicode/utf16"

	"github.com/slack-go/slack"
)

// Slack's limits, in characters unless said otherwise; docs.slack.dev, the
// pages of the blocks and of chat.postMessage. A character is counted as
// UTF-16 does, which is never less than Slack counts.
const (
	maxBlocks          = 50
	maxHeader          = 150   // text of a header block
	maxSection         = 3_000 // text of a section or context element
	maxFields          = 10    // of a section
	maxField           = 2_000 // text of a field
	maxContextElements = 10
	maxURL             = 3_000 // of a button
	maxText            = 4_000 // top-level text; 40,000 is where Slack cuts, this is what it recommends

	// All blocks together, as JSON. Slack documents no such limit and answers
	// msg_blocks_too_long from about 10,000 characters of text on
	// (github.com/slackapi/bolt-js/issues/2867).
	maxBlocksJSON = 9_500

	maxMetadataNames = 40 // trackers in the metadata; names as long as maxTrackerName
)

// budget counts what a message may still hold.
type budget struct {
	blocks int
	chars  int // of JSON
}

// take spends the budget on a block, or refuses it.
func (b *budget) take(block slack.Block) bool {
	size := jsonSize(block)
	if b.blocks < 1 || size > b.chars {
		return false
	}
	b.blocks--
	b.chars -= size
	return true
}

func jsonSize(block slack.Block) int {
	raw, err := json.Marshal(block)
	if err != nil { // a block of nothing but strings and numbers always marshals
		return maxBlocksJSON + 1
	}
	return length(string(raw)) + len(",")
}

// fitTo makes blocks that keep every limit of Slack, whatever is given to it:
// it cuts texts, fields and elements, and leaves out the blocks that are too
// many for what is left of the message.
func fitTo(left *budget, blocks []slack.Block) []slack.Block {
	var out []slack.Block
	for _, b := range blocks {
		if b = fitBlock(b); b != nil && left.take(b) {
			out = append(out, b)
		}
	}
	return out
}

// fitBlock is nil for a block that has nothing to show, which Slack refuses.
func fitBlock(block slack.Block) slack.Block {
	switch b := block.(type) {
	case *slack.HeaderBlock:
		text := fitTextObject(b.Text, maxHeader)
		if text == nil {
			return nil
		}
		return slack.NewHeaderBlock(text)
	case *slack.SectionBlock:
		return fitSection(b)
	case *slack.ContextBlock:
		return fitContext(b)
	default:
		return block
	}
}

func fitSection(b *slack.SectionBlock) slack.Block {
	fitted := *b
	fitted.Text = fitTextObject(b.Text, maxSection)
	fitted.Fields = nil
	for _, f := range b.Fields {
		if f = fitTextObject(f, maxField); f != nil && len(fitted.Fields) < maxFields {
			fitted.Fields = append(fitted.Fields, f)
		}
	}
	if fitted.Text == nil && len(fitted.Fields) == 0 {
		return nil
	}
	return &fitted
}

func fitContext(b *slack.ContextBlock) slack.Block {
	var elements []slack.MixedElement
	for _, e := range b.ContextElements.Elements {
		if t, ok := e.(*slack.TextBlockObject); ok {
			if t = fitTextObject(t, maxSection); t == nil {
				continue
			}
			e = t
		}
		elements = append(elements, e)
	}
	if len(elements) == 0 {
		return nil
	}
	return slack.NewContextBlock(b.BlockID, elements[:min(len(elements), maxContextElements)]...)
}

// fitTextObject is nil for an empty text, which Slack refuses too.
func fitTextObject(t *slack.TextBlockObject, limit int) *slack.TextBlockObject {
	if t == nil || t.Text == "" {
		return nil
	}
	fitted := *t
	fitted.Text = fitMarkup(t.Text, limit)
	return &fitted
}

// fitMarkup cuts escaped text, and never within an entity or <markup>.
func fitMarkup(s string, limit int) string {
	if length(s) <= limit {
		return s
	}
	end, used := 0, 0
	for i, r := range s {
		if used += utf16.RuneLen(r); used > limit-1 { // room for the ellipsis
			break
		}
		end = i + len(string(r))
	}
	kept := s[:end]
	if open := strings.LastIndexByte(kept, '<'); open > strings.LastIndexByte(kept, '>') {
		kept = kept[:open]
	}
	if amp := strings.LastIndexByte(kept, '&'); amp > strings.LastIndexByte(kept, ';') {
		kept = kept[:amp]
	}
	return kept + string(ellipsis)
}

// length counts characters as UTF-16 code units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
