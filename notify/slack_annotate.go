package notify

import (
	"context"
	"slices"

	"github.com/slack-go/slack"
)

var _ Annotator = (*Slack)(nil)

// Annotate shows feedback on a message as it stands in Slack, in place of the
// feedback that it shows (docs.slack.dev/reference/methods/conversations.replies
// and chat.update). Everything else of the message stays.
func (s *Slack) Annotate(ctx context.Context, at Receipt, thread string, list []Feedback) error {
	m, failed := s.read(ctx, at, thread)
	if failed != nil {
		return failed
	}
	said := slack.NewContextBlock(blockFeedback, mrkdwn(feedback(list)))
	if n := len(m.Attachments); n > 0 { // the foot stands beside the bar
		last := &m.Attachments[n-1].Blocks
		last.BlockSet = withFeedback(last.BlockSet, said)
	} else {
		m.Blocks.BlockSet = withFeedback(m.Blocks.BlockSet, said)
	}
	options := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks.BlockSet...), slack.MsgOptionMetadata(m.Metadata),
		slack.MsgOptionDisableMarkdown(), slack.MsgOptionParse(false), slack.MsgOptionUpdate(at.TS),
	}
	if len(m.Attachments) > 0 {
		options = append(options, slack.MsgOptionAttachments(asGiven(m.Attachments)...))
	}
	failed = call(ctx, s.timeout, func(ctx context.Context) error {
		_, _, err := s.api.PostMessageContext(ctx, at.Channel, options...)
		return err
	})
	if failed != nil {
		return reading(failed)
	}
	return nil
}

// read gets a message of ours: one at the top level is the first of its own
// thread.
func (s *Slack) read(ctx context.Context, at Receipt, thread string) (slack.Message, *Error) {
	if thread == "" {
		thread = at.TS
	}
	cursor := ""
	for range maxPages {
		messages, failed := s.replies(ctx, at.Channel, thread, at.TS, &cursor)
		if failed != nil {
			return slack.Message{}, failed
		}
		if i := slices.IndexFunc(messages, func(m slack.Message) bool { return m.Timestamp == at.TS }); i >= 0 {
			return messages[i], nil
		}
		if cursor == "" {
			break
		}
	}
	return slack.Message{}, codeError(codeNoMessage)
}

// asGiven are attachments without the ids and the fallback that Slack adds.
func asGiven(list []slack.Attachment) []slack.Attachment {
	var out []slack.Attachment
	for _, a := range list {
		out = append(out, slack.Attachment{Color: a.Color, Blocks: a.Blocks})
	}
	return out
}

// withFeedback replaces the feedback among the blocks of a message, or adds it.
func withFeedback(blocks []slack.Block, said slack.Block) []slack.Block {
	blocks = slices.DeleteFunc(blocks, func(b slack.Block) bool { return b.ID() == blockFeedback })
	return append(blocks, said)
}
