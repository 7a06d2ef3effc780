package slacktest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// richText checks docs.slack.dev/reference/block-kit/blocks/rich-text-block.
func (c *checker) richText(raw json.RawMessage) error {
	var b struct {
		base
		Elements []json.RawMessage `json:"elements"`
	}
	if err := strict(raw, &b); err != nil {
		return err
	}
	if len(b.Elements) == 0 {
		return errors.New("rich_text without elements")
	}
	for _, e := range b.Elements {
		if err := c.richGroup(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) richGroup(raw json.RawMessage) error {
	var g struct {
		Type     string            `json:"type"`
		Elements []json.RawMessage `json:"elements"`
		Border   int               `json:"border"`
		Style    string            `json:"style"`
		Indent   int               `json:"indent"`
		Offset   int               `json:"offset"`
	}
	if err := strict(raw, &g); err != nil {
		return err
	}
	check := c.richElement
	switch g.Type {
	case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
	case "rich_text_list":
		check = c.richGroup
	default:
		return fmt.Errorf("unsupported rich_text element %q", g.Type)
	}
	if len(g.Elements) == 0 {
		return fmt.Errorf("%s without elements", g.Type)
	}
	for _, e := range g.Elements {
		if err := check(e); err != nil {
			return err
		}
	}
	return nil
}

type style struct {
	Bold, Italic, Strike, Code, Underline bool
}

func (c *checker) richElement(raw json.RawMessage) error {
	var k kind
	if err := json.Unmarshal(raw, &k); err != nil {
		return err
	}
	switch k.Type {
	case "text":
		var e struct {
			kind
			Text  string `json:"text"`
			Style *style `json:"style"`
		}
		if err := strict(raw, &e); err != nil {
			return err
		}
		return c.count(e.Text, maxAllText)
	case "link":
		var e struct {
			kind
			URL   string `json:"url"`
			Text  string `json:"text"`
			Style *style `json:"style"`
		}
		if err := strict(raw, &e); err != nil {
			return err
		}
		return c.count(e.URL, maxTextBody)
	case "broadcast", "user", "usergroup", "channel", "emoji", "date":
		return nil
	default:
		return fmt.Errorf("unsupported element %q", k.Type)
	}
}
