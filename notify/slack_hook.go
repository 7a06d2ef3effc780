package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/slack-go/slack"
)

// SlackHook posts alerts to a Slack incoming webhook
// (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): one
// channel, and no token needed. It can neither reply, update, delete nor look
// anything up, so what it posts is at least once, an alert is one message
// without a thread, and its buttons are links.
type SlackHook struct {
	hook
	render RenderOptions
}

var _ Notifier = (*SlackHook)(nil)

// NewSlackHook checks the address and calls nobody.
func NewSlackHook(address string, opt SlackOptions) (*SlackHook, error) {
	h, err := newHook(address, opt.HTTPClient)
	return &SlackHook{hook: h, render: RenderOptions{ConsoleURL: opt.ConsoleURL}}, err
}

// Notify posts the alert once; the receipt is empty.
func (s *SlackHook) Notify(ctx context.Context, a Alert) (Receipt, error) {
	a.Style.Alone, a.Part = true, 0
	m := Render(a, s.render)
	body := slack.WebhookMessage{Text: m.Text, Blocks: &slack.Blocks{BlockSet: m.Blocks}, Parse: "none"}
	if m.Color != "" {
		body.Attachments = []slack.Attachment{{Color: m.Color, Blocks: slack.Blocks{BlockSet: m.Barred}}}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Receipt{}, fmt.Errorf("encode the message: %w", err)
	}
	err = s.post(ctx, http.Header{"Content-Type": {"application/json"}}, raw, slackHookStatus)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{TemplateFailed: m.TemplateError != nil}, nil
}

// slackHookStatus reads the codes that Slack answers with as plain text.
func slackHookStatus(status int, answer string) *Error {
	switch answer {
	case "channel_is_archived":
		return codeError(codeArchived)
	case "channel_not_found", "action_prohibited", "posting_to_general_channel_denied", "no_service", "no_active_hooks", "no_team",
		"team_disabled", "invalid_token", "user_not_found", "invalid_payload", "invalid_blocks", "no_text", "too_many_attachments":
		return &Error{Outcome: Permanent, Reason: ReasonRefused, Err: fmt.Errorf("slack answered %s", answer)}
	}
	return hookStatus(status, answer)
}
