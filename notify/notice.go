package notify

import (
	"context"
	"strings"

	"github.com/slack-go/slack"
)

// Notice is what trackerbell has to say of itself to whoever runs it. Its texts
// are plain: they are escaped where that is needed.
type Notice struct {
	Title string
	Lines []string // at most maxLines are shown
	Hint  string   // what to do
}

// Teller is a Notifier that can post a Notice. An error is an *Error; a notice
// of unknown outcome may be posted again.
type Teller interface {
	Tell(ctx context.Context, destination string, n Notice) error
}

var (
	_ Teller = (*Slack)(nil)
	_ Teller = (*Console)(nil)
)

const (
	maxLines     = 20
	maxLineRunes = 200
)

// text is the notice as people read it, one line for each of its lines.
func (n Notice) text() string {
	lines := []string{clean(n.Title, maxLineRunes)}
	for _, line := range n.Lines[:min(len(n.Lines), maxLines)] {
		lines = append(lines, "• "+clean(line, maxLineRunes))
	}
	return strings.Join(append(lines, clean(n.Hint, maxLineRunes)), "\n")
}

// Tell posts the notice as plain text, without the metadata of an alert.
func (s *Slack) Tell(ctx context.Context, destination string, n Notice) error {
	failed := call(ctx, s.timeout, func(ctx context.Context) error {
		_, _, err := s.api.PostMessageContext(ctx, destination, slack.MsgOptionText(escape(n.text()), false),
			slack.MsgOptionDisableMarkdown(), slack.MsgOptionParse(false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
		return err
	})
	if failed != nil {
		return failed
	}
	return nil
}

// Tell prints the notice.
func (c *Console) Tell(ctx context.Context, _ string, n Notice) error {
	return c.print(ctx, n.text()+"\n\n")
}
