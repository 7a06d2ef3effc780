package slacktest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/time/rate"
)

const (
	maxText     = 40_000
	maxMetadata = 16_000 // of JSON; Slack documents that there is a limit, not which
	listLimit   = 1000
	historyMax  = 999
)

// post is chat.postMessage (docs.slack.dev/reference/methods/chat.postMessage).
func (h *Handler) post(args url.Values) answer {
	c, ok := h.find(args.Get("channel"))
	switch {
	case !ok, c.Private && c.Outside:
		return refusal("channel_not_found")
	case c.Archived:
		return refusal("is_archived")
	case c.Outside:
		return refusal("not_in_channel")
	}
	m := Message{
		Channel:  c.ID,
		Thread:   args.Get("thread_ts"),
		Text:     args.Get("text"),
		Unfurl:   args.Get("unfurl_links") != "false" || args.Get("unfurl_media") != "false",
		Markdown: args.Get("mrkdwn") != "false",
		Linked:   args.Get("parse") != "none" || truth(args.Get("link_names")),
	}
	if refused := m.fill(args); refused != nil {
		return refused
	}
	if m.Thread != "" && h.at(c.ID, m.Thread) < 0 {
		return refusal("thread_not_found")
	}
	if wait := h.wait(c.ID); wait > 0 {
		return answer{"retry_after": wait}
	}
	m.TS = h.timestamp()
	h.messages[c.ID] = append(h.messages[c.ID], m)
	return answer{"ok": true, "channel": c.ID, "ts": m.TS, "message": m.wire(true)}
}

// fill checks what a message consists of.
func (m *Message) fill(args url.Values) answer {
	if blocks := args.Get("blocks"); blocks != "" {
		m.Blocks = []byte(blocks)
		if err := CheckBlocks(m.Blocks); err != nil {
			return refusal(blocksCode(err), "[ERROR] "+err.Error())
		}
	}
	if attachments := args.Get("attachments"); attachments != "" {
		m.Attachments = []byte(attachments)
		if err := CheckAttachments(m.Attachments); err != nil {
			return refusal("invalid_attachments", "[ERROR] "+err.Error())
		}
	}
	switch {
	case m.Text == "" && len(m.Blocks) == 0:
		return refusal("no_text")
	case utf8.RuneCountInString(m.Text) > maxText:
		return refusal("msg_too_long")
	}
	raw := args.Get("metadata")
	if raw == "" {
		return nil
	}
	if len(raw) > maxMetadata {
		return refusal("metadata_too_large")
	}
	if err := json.Unmarshal([]byte(raw), &m.Metadata); err != nil || m.Metadata.EventType == "" || m.Metadata.EventPayload == nil {
		return refusal("invalid_metadata_format")
	}
	return nil
}

// wait is for how many seconds a channel's rate refuses the next message.
func (h *Handler) wait(channel string) int {
	limiter, ok := h.limits[channel]
	if !ok {
		limiter = rate.NewLimiter(h.rate, 1)
		h.limits[channel] = limiter
	}
	now := h.now()
	r, all := limiter.ReserveN(now, 1), h.workspace.ReserveN(now, 1)
	delay := max(r.DelayFrom(now), all.DelayFrom(now))
	if delay == 0 {
		return 0
	}
	r.CancelAt(now)
	all.CancelAt(now)
	return int(math.Ceil(delay.Seconds()))
}

// timestamp is the clock's, and never the same twice.
func (h *Handler) timestamp() string {
	h.lastTS = max(h.now().UnixMicro(), h.lastTS+1)
	return fmt.Sprintf("%d.%06d", h.lastTS/1e6, h.lastTS%1e6)
}

// wire is the message as the API shows it.
func (m Message) wire(metadata bool) answer {
	a := answer{"type": "message", "user": "U000000001", "bot_id": "B000000001", "ts": m.TS, "text": m.Text}
	if m.Blocks != nil {
		a["blocks"] = json.RawMessage(m.Blocks)
	}
	if m.Attachments != nil {
		a["attachments"] = json.RawMessage(m.Attachments)
	}
	if m.Thread != "" {
		a["thread_ts"] = m.Thread
	}
	if metadata && m.Metadata.EventType != "" {
		a["metadata"] = m.Metadata
	}
	return a
}

func (c Channel) wire() answer {
	return answer{"id": c.ID, "name": c.Name, "is_channel": true, "is_private": c.Private,
		"is_archived": c.Archived, "is_member": !c.Outside}
}

// list is conversations.list (docs.slack.dev/reference/methods/conversations.list).
func (h *Handler) list(args url.Values) answer {
	types := args.Get("types")
	if types == "" {
		types = "public_channel"
	}
	var shown []answer
	for _, c := range h.channels {
		kind := "public_channel"
		if c.Private {
			kind = "private_channel"
		}
		wanted := slices.Contains(strings.Split(types, ","), kind)
		hidden := c.Private && c.Outside || c.Archived && args.Get("exclude_archived") == "true"
		if wanted && !hidden {
			shown = append(shown, c.wire())
		}
	}
	return h.page("channels", shown, args, 100, listLimit)
}

// info is conversations.info (docs.slack.dev/reference/methods/conversations.info).
func (h *Handler) info(args url.Values) answer {
	c, ok := h.byID(args.Get("channel"))
	if !ok || c.Private && c.Outside {
		return refusal("channel_not_found")
	}
	return answer{"ok": true, "channel": c.wire()}
}

// history is conversations.history: ids only, members only, no replies, newest
// first (docs.slack.dev/reference/methods/conversations.history).
func (h *Handler) history(args url.Values) answer {
	c, refused := h.readable(args)
	if refused != nil {
		return refused
	}
	var list []Message
	for _, m := range slices.Backward(h.messages[c.ID]) {
		if m.Thread == "" {
			list = append(list, m)
		}
	}
	return h.between(list, args)
}

// replies is conversations.replies: a message and what was said under it,
// oldest first (docs.slack.dev/reference/methods/conversations.replies).
func (h *Handler) replies(args url.Values) answer {
	c, refused := h.readable(args)
	if refused != nil {
		return refused
	}
	ts := args.Get("ts")
	if h.at(c.ID, ts) < 0 {
		return refusal("thread_not_found")
	}
	var list []Message
	for _, m := range h.messages[c.ID] {
		if m.TS == ts || m.Thread == ts {
			list = append(list, m)
		}
	}
	return h.between(list, args)
}

// readable finds the channel that is to be read.
func (h *Handler) readable(args url.Values) (Channel, answer) {
	c, ok := h.byID(args.Get("channel"))
	switch {
	case !ok, c.Private && c.Outside:
		return c, refusal("channel_not_found")
	case c.Outside:
		return c, refusal("not_in_channel")
	}
	return c, nil
}

// between shows the messages that are asked for.
func (h *Handler) between(list []Message, args url.Values) answer {
	oldest, errOldest := seconds(args.Get("oldest"), 0)
	latest, errLatest := seconds(args.Get("latest"), math.MaxFloat64)
	if errOldest != nil {
		return refusal("invalid_ts_oldest")
	}
	if errLatest != nil {
		return refusal("invalid_ts_latest")
	}
	inclusive := truth(args.Get("inclusive"))
	var shown []answer
	for _, m := range list {
		ts, err := seconds(m.TS, 0)
		within := err == nil && (ts > oldest && ts < latest || inclusive && (ts == oldest || ts == latest))
		if within {
			shown = append(shown, m.wire(truth(args.Get("include_all_metadata"))))
		}
	}
	return h.page("messages", shown, args, 100, historyMax)
}

func (h *Handler) byID(id string) (Channel, bool) {
	i := slices.IndexFunc(h.channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, false
	}
	return h.channels[i], true
}

// page cuts a list at cursor and limit.
func (h *Handler) page(key string, all []answer, args url.Values, limit, most int) answer {
	if n, err := strconv.Atoi(args.Get("limit")); err == nil && n > 0 {
		limit = n
	}
	limit = min(limit, most, h.pageSize)
	start := 0
	if c := args.Get("cursor"); c != "" {
		var err error
		if start, err = strconv.Atoi(c); err != nil || start < 0 || start > len(all) {
			return refusal("invalid_cursor")
		}
	}
	end := min(start+limit, len(all))
	next := ""
	if end < len(all) {
		next = strconv.Itoa(end)
	}
	return answer{"ok": true, key: append([]answer{}, all[start:end]...), "has_more": next != "",
		"response_metadata": answer{"next_cursor": next}}
}

func truth(s string) bool { return s == "1" || s == "true" }

// seconds reads a ts. Six digits after the point fit a float64 until 2255.
func seconds(ts string, unset float64) (float64, error) {
	if ts == "" {
		return unset, nil
	}
	return strconv.ParseFloat(ts, 64)
}
