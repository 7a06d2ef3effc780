package slacktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// The limits of docs.slack.dev/reference/block-kit/blocks, in characters.
const (
	maxBlocks   = 50
	maxHeader   = 150
	maxTextBody = 3000 // of a text object, in a section or a context
	maxFields   = 10
	maxField    = 2000
	maxElements = 10 // of a context
	maxActions  = 25
	maxButton   = 75
	maxActionID = 255
	maxValue    = 2000
	maxURL      = 3000
	maxBlockID  = 255

	// What Slack refuses as msg_blocks_too_long without documenting it: the
	// text of all blocks; 9,597 characters were accepted and 11,341 refused
	// (github.com/slackapi/bolt-js/issues/2867).
	maxAllText = 10_000
)

var errTooLong = errors.New("blocks hold too much text")

func blocksCode(err error) string {
	if errors.Is(err, errTooLong) {
		return "msg_blocks_too_long"
	}
	return "invalid_blocks"
}

// CheckBlocks tells whether Slack would take the blocks of a message, a JSON
// array. It knows the blocks header, section, context, divider, rich_text and
// actions with buttons; any other block, element or field is an error that
// names its place.
func CheckBlocks(raw []byte) error {
	var blocks []json.RawMessage
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return fmt.Errorf("blocks are not a JSON array: %w", err)
	}
	if len(blocks) > maxBlocks {
		return fmt.Errorf("no more than %d items allowed [json-pointer:/blocks]", maxBlocks)
	}
	c := checker{}
	for i, b := range blocks {
		if err := c.block(b); err != nil {
			return fmt.Errorf("%w [json-pointer:/blocks/%d]", err, i)
		}
	}
	if c.text > maxAllText {
		return errTooLong
	}
	return nil
}

// checker counts the text of all blocks.
type checker struct{ text int }

type kind struct {
	Type string `json:"type"`
}

type textObject struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji"`
	Verbatim *bool  `json:"verbatim"`
}

type base struct {
	Type    string `json:"type"`
	BlockID string `json:"block_id"`
}

func (c *checker) block(raw json.RawMessage) error {
	var b base
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	if utf8.RuneCountInString(b.BlockID) > maxBlockID {
		return errors.New("block_id is too long")
	}
	switch b.Type {
	case "header":
		return c.header(raw)
	case "section":
		return c.section(raw)
	case "context":
		return c.context(raw)
	case "divider":
		return strict(raw, &b)
	case "rich_text":
		return c.richText(raw)
	case "actions":
		return c.actions(raw)
	default:
		return fmt.Errorf("unsupported block type %q", b.Type)
	}
}

func (c *checker) header(raw json.RawMessage) error {
	var b struct {
		base
		Text  *textObject `json:"text"`
		Level int         `json:"level"`
	}
	if err := strict(raw, &b); err != nil {
		return err
	}
	return c.object(b.Text, maxHeader, "plain_text")
}

func (c *checker) section(raw json.RawMessage) error {
	var b struct {
		base
		Text   *textObject  `json:"text"`
		Fields []textObject `json:"fields"`
		Expand *bool        `json:"expand"`
	}
	if err := strict(raw, &b); err != nil {
		return err
	}
	if len(b.Fields) > maxFields {
		return errors.New("too many fields")
	}
	for i := range b.Fields {
		if err := c.object(&b.Fields[i], maxField, "plain_text", "mrkdwn"); err != nil {
			return err
		}
	}
	if b.Text == nil && len(b.Fields) > 0 {
		return nil
	}
	return c.object(b.Text, maxTextBody, "plain_text", "mrkdwn")
}

func (c *checker) context(raw json.RawMessage) error {
	var b struct {
		base
		Elements []textObject `json:"elements"`
	}
	if err := strict(raw, &b); err != nil {
		return err
	}
	if len(b.Elements) == 0 || len(b.Elements) > maxElements {
		return fmt.Errorf("a context has 1 to %d elements", maxElements)
	}
	for i := range b.Elements {
		if err := c.object(&b.Elements[i], maxTextBody, "plain_text", "mrkdwn"); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) actions(raw json.RawMessage) error {
	var b struct {
		base
		Elements []struct {
			Type     string      `json:"type"`
			ActionID string      `json:"action_id"`
			Text     *textObject `json:"text"`
			URL      string      `json:"url"`
			Value    string      `json:"value"`
			Style    string      `json:"style"`
		} `json:"elements"`
	}
	if err := strict(raw, &b); err != nil {
		return err
	}
	if len(b.Elements) == 0 || len(b.Elements) > maxActions {
		return fmt.Errorf("actions have 1 to %d elements", maxActions)
	}
	seen := map[string]bool{}
	for _, e := range b.Elements {
		switch {
		case e.Type != "button":
			return fmt.Errorf("unsupported element %q", e.Type)
		case seen[e.ActionID]:
			return fmt.Errorf("action_id %q is not unique", e.ActionID)
		case utf8.RuneCountInString(e.ActionID) > maxActionID, utf8.RuneCountInString(e.Value) > maxValue, utf8.RuneCountInString(e.URL) > maxURL:
			return errors.New("action_id, value or url is too long")
		}
		seen[e.ActionID] = true
		if err := c.object(e.Text, maxButton, "plain_text"); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) object(t *textObject, limit int, kinds ...string) error {
	switch {
	case t == nil:
		return errors.New("missing text")
	case !slices.Contains(kinds, t.Type):
		return fmt.Errorf("unsupported text type %q", t.Type)
	case t.Emoji != nil && t.Type != "plain_text":
		return errors.New("emoji is for plain_text only")
	case t.Verbatim != nil && t.Type != "mrkdwn":
		return errors.New("verbatim is for mrkdwn only")
	}
	return c.count(t.Text, limit)
}

func (c *checker) count(text string, limit int) error {
	n := utf8.RuneCountInString(text)
	c.text += n
	switch {
	case n == 0:
		return errors.New("must be more than 0 characters")
	case n > limit:
		return fmt.Errorf("must be less than %d characters", limit+1)
	}
	return nil
}

// strict refuses fields that Slack does not know.
func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
