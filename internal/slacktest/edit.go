package slacktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// update is chat.update: only what is given changes, and the metadata only
// with the rest (docs.slack.dev/reference/methods/chat.update).
func (h *Handler) update(args url.Values) answer {
	c, i, refused := h.own(args)
	if refused != nil {
		return refused
	}
	m := h.messages[c.ID][i]
	m.Text = args.Get("text")
	if refused := m.fill(args); refused != nil {
		return refused
	}
	m.Edited++
	h.messages[c.ID][i] = m
	return answer{"ok": true, "channel": c.ID, "ts": m.TS, "text": m.Text, "message": m.wire(true)}
}

// remove is chat.delete (docs.slack.dev/reference/methods/chat.delete).
func (h *Handler) remove(args url.Values) answer {
	c, i, refused := h.own(args)
	if refused != nil {
		return refused
	}
	h.messages[c.ID] = slices.Delete(slices.Clone(h.messages[c.ID]), i, i+1)
	return answer{"ok": true, "channel": c.ID, "ts": args.Get("ts")}
}

// own finds a message to change; unlike for a post, a name will not do.
func (h *Handler) own(args url.Values) (Channel, int, answer) {
	c, ok := h.byID(args.Get("channel"))
	if !ok {
		return c, 0, refusal("channel_not_found")
	}
	i := h.at(c.ID, args.Get("ts"))
	if i < 0 {
		return c, i, refusal("message_not_found")
	}
	return c, i, nil
}

// at is the index of a message in its channel; -1 when there is none.
func (h *Handler) at(channel, ts string) int {
	return slices.IndexFunc(h.messages[channel], func(m Message) bool { return m.TS == ts })
}

// maxAttachments is what docs.slack.dev/reference/messaging/attachments advises.
const maxAttachments = 20

// CheckAttachments tells whether Slack would take the attachments of a message,
// a JSON array of attachments with a color and blocks.
func CheckAttachments(raw []byte) error {
	var list []struct {
		Color    string          `json:"color"`
		Fallback string          `json:"fallback"`
		Blocks   json.RawMessage `json:"blocks"`
	}
	if err := strict(raw, &list); err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	if len(list) > maxAttachments {
		return errors.New("too many attachments")
	}
	for i, a := range list {
		if err := CheckBlocks(a.Blocks); err != nil {
			return fmt.Errorf("attachments[%d]: %w", i, err)
		}
	}
	return nil
}
