package notify

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"
)

// linkPause is how long Slack is not asked for its address again after that
// failed.
const linkPause = time.Minute

// workspace is the address of a workspace, asked for once.
type workspace struct {
	mu      sync.Mutex
	address string
	failed  error
	asked   time.Time
}

// Link is the address of a message, as chat.getPermalink gives it
// (docs.slack.dev/reference/methods/chat.getPermalink): the workspace's, which
// auth.test tells, then archives, the channel, and p with the ts without its dot.
func (s *Slack) Link(ctx context.Context, at Receipt) (string, error) {
	if !isChannelID(at.Channel) || !timestamp.MatchString(at.TS) {
		return "", badAnswer()
	}
	s.home.mu.Lock()
	defer s.home.mu.Unlock()
	if s.home.address == "" {
		if s.home.failed != nil && time.Since(s.home.asked) < linkPause {
			return "", s.home.failed
		}
		s.home.address, s.home.failed = s.workspaceURL(ctx)
		s.home.asked = time.Now()
		if s.home.failed != nil {
			return "", s.home.failed
		}
	}
	return s.home.address + "/archives/" + at.Channel + "/p" + strings.ReplaceAll(at.TS, ".", ""), nil
}

// workspaceURL is https://<name>.slack.com, or what a Slack of one's own says.
func (s *Slack) workspaceURL(ctx context.Context) (string, error) {
	who, err := s.Check(ctx)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(who.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", reading(badAnswer())
	}
	return u.Scheme + "://" + u.Host, nil
}
