package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	listPage    = 1000 // channels; Slack's most
	historyPage = 200  // messages; what Slack recommends
	maxPages    = 100  // of either
)

// Find looks for the alert's id in the metadata of what was posted to its
// channel or its thread since (docs.slack.dev/reference/methods/conversations.history; the
// app must be a member). It reads at most 20,000 messages.
func (s *Slack) Find(ctx context.Context, a Alert, since time.Time) (Receipt, bool, error) {
	if channel := a.summaryChannel(); channel != "" {
		return s.findIn(ctx, channel, a, since)
	}
	if a.Channel == "" {
		channel, err := s.Resolve(ctx, a.Destination)
		if err != nil {
			return Receipt{}, false, err
		}
		return s.findIn(ctx, channel, a, since)
	}
	r, found, err := s.findIn(ctx, a.Channel, a, since)
	var failed *Error
	gone := errors.As(err, &failed) && failed.Reason == codeNoChannel
	if found || err != nil && !gone || err == nil && a.Thread.TS != "" {
		return r, found, err
	}
	if !gone && s.isNamed(ctx, a.Channel, a.Destination) {
		return r, false, err
	}
	// The name may be another channel's by now, and that have the message.
	channel, unknown := s.Resolve(ctx, a.Destination)
	var away *Error
	switch {
	case gone && unknown != nil, errors.As(unknown, &away) && away.Outcome != Permanent && away.Reason != ReasonSlackOther: // which may be for good
		return r, false, unknown
	case unknown != nil, channel == a.Channel:
		return r, false, err
	}
	return s.findIn(ctx, channel, a, since)
}

// isNamed tells whether a channel certainly has the destination's name
// (docs.slack.dev/reference/methods/conversations.info). It asks for the one channel,
// not for the list of all, which a workspace may have too many of.
func (s *Slack) isNamed(ctx context.Context, id, destination string) bool {
	if known, ok := s.known(destination); ok {
		return known == id
	}
	channel, failed := s.channel(ctx, id)
	if failed != nil || channel.ID != id || channel.Name != strings.TrimPrefix(destination, "#") {
		return false
	}
	s.remember(destination, id)
	return true
}

// channel gets what Slack knows of a channel.
func (s *Slack) channel(ctx context.Context, id string) (channel *slack.Channel, failed *Error) {
	failed = call(ctx, s.timeout, func(ctx context.Context) (err error) {
		channel, err = s.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		return err
	})
	return channel, reading(failed)
}

// findIn is Find in one channel.
func (s *Slack) findIn(ctx context.Context, channel string, a Alert, since time.Time) (Receipt, bool, error) {
	oldest := fmt.Sprintf("%d.%06d", since.Unix(), since.Nanosecond()/1000)
	cursor := ""
	for range maxPages {
		var messages []slack.Message
		var failed *Error
		if a.Thread.TS == "" {
			messages, failed = s.history(ctx, channel, oldest, &cursor)
		} else {
			messages, failed = s.replies(ctx, channel, a.Thread.TS, oldest, &cursor)
		}
		if failed != nil {
			if a.summaryChannel() == "" {
				s.mayForget(a.Destination, failed)
			}
			return Receipt{}, false, failed
		}
		if ts, found := findAlert(messages, a.messageID()); found {
			return Receipt{Channel: channel, TS: ts}, true, nil
		}
		if cursor == "" {
			return Receipt{}, false, nil
		}
	}
	return Receipt{}, false, &Error{Outcome: Permanent, Reason: ReasonHistory}
}

// replies gets a page of a thread and moves the cursor to the next one
// (docs.slack.dev/reference/methods/conversations.replies).
func (s *Slack) replies(ctx context.Context, channel, ts, oldest string, cursor *string) (messages []slack.Message, failed *Error) {
	query := slack.GetConversationRepliesParameters{
		ChannelID: channel, Timestamp: ts, Oldest: oldest, Inclusive: true, Limit: historyPage, IncludeAllMetadata: true, Cursor: *cursor,
	}
	failed = call(ctx, s.timeout, func(ctx context.Context) (err error) {
		messages, _, *cursor, err = s.api.GetConversationRepliesContext(ctx, &query)
		return err
	})
	if failed == nil && len(messages) == 0 && *cursor == "" { // every thread has its first message
		failed = badAnswer()
	}
	return messages, reading(failed)
}

// history gets a page of a channel and moves the cursor to the next one.
func (s *Slack) history(ctx context.Context, channel, oldest string, cursor *string) ([]slack.Message, *Error) {
	query := slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Inclusive: true, Limit: historyPage, IncludeAllMetadata: true, Cursor: *cursor,
	}
	var page *slack.GetConversationHistoryResponse
	failed := call(ctx, s.timeout, func(ctx context.Context) (err error) {
		page, err = s.api.GetConversationHistoryContext(ctx, &query)
		return err
	})
	if failed == nil && !page.Ok { // "not there" must be Slack's own word
		failed = badAnswer()
	}
	if failed != nil {
		return nil, reading(failed)
	}
	*cursor = page.ResponseMetaData.NextCursor
	return page.Messages, nil
}

func findAlert(messages []slack.Message, id string) (ts string, found bool) {
	for _, m := range messages {
		got, ok := m.Metadata.EventPayload[metaAlertID].(string)
		if ok && got == id && m.Metadata.EventType == MetadataEvent && timestamp.MatchString(m.Timestamp) {
			return m.Timestamp, true
		}
	}
	return "", false
}

// Resolve gives the id of a destination's channel: itself when it is one, or
// what conversations.list says of the name. Ids are remembered as long as the
// Slack lives. Errors are *Error; channel_not_found also means a private
// channel that the app is not in.
func (s *Slack) Resolve(ctx context.Context, destination string) (string, error) {
	if id, ok := s.known(destination); ok {
		return id, nil
	}
	name := strings.TrimPrefix(destination, "#")
	query := slack.GetConversationsParameters{
		Types: []string{"public_channel", "private_channel"},
		Limit: listPage,
	}
	for range maxPages {
		channels, failed := s.channels(ctx, &query)
		if failed != nil {
			return "", failed
		}
		for _, c := range channels {
			if c.Name == name && isChannelID(c.ID) {
				s.remember(destination, c.ID)
				return c.ID, nil
			}
		}
		if query.Cursor == "" {
			break
		}
	}
	return "", codeError(codeNoChannel)
}

// channels gets a page and moves the query to the next one.
func (s *Slack) channels(ctx context.Context, query *slack.GetConversationsParameters) ([]slack.Channel, *Error) {
	var page []slack.Channel
	failed := call(ctx, s.timeout, func(ctx context.Context) (err error) {
		page, query.Cursor, err = s.api.GetConversationsContext(ctx, query)
		return err
	})
	if failed == nil && len(page) == 0 && query.Cursor == "" { // every workspace has #general
		failed = badAnswer()
	}
	return page, reading(failed)
}
