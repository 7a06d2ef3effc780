package notify

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/trackerbell/trackerbell/config"
)

// SlackOptions are what NewSlack needs beside the configuration.
type SlackOptions struct {
	HTTPClient *http.Client // its transport is used; nil: net/http's default
	ConsoleURL string       // of the admin console, for links; may be empty
	Buttons    bool         // Slack's interactions reach us
}

// Slack posts alerts with a bot token through Slack's Web API
// (docs.slack.dev/reference/methods/chat.postMessage).
type Slack struct {
	api     *slack.Client
	client  *http.Client
	render  RenderOptions
	timeout time.Duration
	idLife  time.Duration

	mu   sync.Mutex
	ids  map[string]knownID // by the slug of a channel's name
	home workspace
}

var (
	_ Notifier = (*Slack)(nil)
	_ Finder   = (*Slack)(nil)
	_ Threader = (*Slack)(nil)
	_ Editor   = (*Slack)(nil)
)

// idLife is how long a name's id is used before Slack is told the name again: who
// renames a channel may give its name to another.
const idLife = time.Hour

// knownID is the id that a channel's name led to, and until when that is trusted.
type knownID struct {
	id    string
	until time.Time
}

// SlackIdentity is who a token belongs to.
type SlackIdentity struct {
	Team string // name of the workspace
	Bot  string // name of the bot user
	URL  string // of the workspace

	Scopes []string // of the token, as the header X-OAuth-Scopes tells them; nil when it does not
}

// Missing are those of the scopes that the token lacks, as far as that is known.
func (i SlackIdentity) Missing(scopes ...string) []string {
	if i.Scopes == nil {
		return nil
	}
	return slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(i.Scopes, s) })
}

// NewSlack checks the configuration and calls nobody. Errors name the key.
func NewSlack(cfg config.Slack, opt SlackOptions) (*Slack, error) {
	if cfg.Token == "" {
		return nil, errors.New("slack.token: must be set")
	}
	apiURL, err := slackURL(cfg.APIURL)
	if err != nil {
		return nil, err
	}
	client := guardedClient(opt.HTTPClient)
	return &Slack{
		api:     slack.New(cfg.Token, slack.OptionAPIURL(apiURL), slack.OptionHTTPClient(client)),
		client:  client,
		render:  RenderOptions{ConsoleURL: opt.ConsoleURL, Buttons: opt.Buttons},
		timeout: callTimeout,
		ids:     make(map[string]knownID),
		idLife:  idLife,
	}, nil
}

func slackURL(address string) (string, error) {
	if address == "" {
		return slack.APIURL, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("slack.apiURL: must be a http or https URL")
	}
	return strings.TrimSuffix(address, "/") + "/", nil
}

// Close ends the connections that are kept open between posts.
func (s *Slack) Close() { s.client.CloseIdleConnections() }

// Notify posts one message of the alert, under Thread where that is set. The
// channel's name is good enough for that; the answer gives its id. A reply goes
// where its summary stands, whatever has that channel's name by now.
func (s *Slack) Notify(ctx context.Context, a Alert) (Receipt, error) {
	message := Render(a, s.render)
	options := messageOptions(message)
	if a.Thread.TS != "" {
		options = append(options, slack.MsgOptionTS(a.Thread.TS))
	}
	target, reply := a.Destination, a.summaryChannel()
	if reply != "" {
		target = reply
	} else if id, ok := s.known(a.Destination); ok {
		target = id
	}
	var r Receipt
	failed := call(ctx, s.timeout, func(ctx context.Context) (err error) {
		r.Channel, r.TS, err = s.api.PostMessageContext(ctx, target, options...)
		return err
	})
	if failed != nil {
		byName := target == a.Destination
		if reply == "" && (byName && failed.Reason == codeNoChannel && s.trustAgain(a.Destination) || !byName && s.mayForget(a.Destination, failed)) {
			failed.Outcome = Transient // the next time by id, or by name: each has an intent of its own
		}
		return Receipt{}, failed
	}
	if !timestamp.MatchString(r.TS) { // slack-go passes ok=false without a code
		return Receipt{}, badAnswer()
	}
	r.Channel, r.TemplateFailed = clean(r.Channel, maxName), message.TemplateError != nil
	if reply == "" {
		s.remember(a.Destination, r.Channel)
	}
	return r, nil
}

// timestamp is the id of a message in its channel: seconds and six digits.
var timestamp = regexp.MustCompile(`^[0-9]{1,12}\.[0-9]{1,12}$`)

func messageOptions(m Message) []slack.MsgOption {
	options := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), // escaped by Render
		slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionMetadata(m.Metadata.slack()),
		slack.MsgOptionDisableMarkdown(),
		slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
	if m.Color != "" {
		options = append(options, slack.MsgOptionAttachments(slack.Attachment{Color: m.Color, Blocks: slack.Blocks{BlockSet: m.Barred}}))
	}
	return options
}

const (
	metaAlertID   = "alert_id"
	metaRecording = "recording"
	metaTrackers  = "trackers"
)

func (m Metadata) slack() slack.SlackMetadata {
	return slack.SlackMetadata{
		EventType: MetadataEvent,
		EventPayload: map[string]any{
			metaAlertID:   m.AlertID,
			metaRecording: m.Recording,
			metaTrackers:  m.Trackers,
		},
	}
}

// Parts is how many messages the alert is: a summary and its replies.
func (s *Slack) Parts(a Alert) int { return Parts(a) }

// Update writes the alert's summary anew where it stands, with what people
// thought of it (docs.slack.dev/reference/methods/chat.update).
func (s *Slack) Update(ctx context.Context, a Alert, at Receipt) error {
	options := append(messageOptions(Render(a, s.render)), slack.MsgOptionUpdate(at.TS))
	failed := call(ctx, s.timeout, func(ctx context.Context) error {
		_, _, err := s.api.PostMessageContext(ctx, at.Channel, options...)
		return err
	})
	if failed != nil { // a second update does no harm
		return reading(failed)
	}
	return nil
}

// Remove deletes a message; one that is gone already is no error.
func (s *Slack) Remove(ctx context.Context, at Receipt) error {
	failed := call(ctx, s.timeout, func(ctx context.Context) error {
		_, _, err := s.api.DeleteMessageContext(ctx, at.Channel, at.TS)
		return err
	})
	if failed != nil && failed.Reason != codeNoMessage {
		return reading(failed)
	}
	return nil
}

// Check tells whose token it is, by auth.test.
func (s *Slack) Check(ctx context.Context) (SlackIdentity, error) {
	var answer *slack.AuthTestResponse
	failed := call(ctx, s.timeout, func(ctx context.Context) (err error) {
		answer, err = s.api.AuthTestContext(ctx)
		return err
	})
	if failed != nil {
		return SlackIdentity{}, reading(failed)
	}
	if answer.Team == "" && answer.UserID == "" {
		return SlackIdentity{}, reading(badAnswer())
	}
	return SlackIdentity{
		Team: clean(answer.Team, maxName),
		Bot:  clean(answer.User, maxName),
		URL:  clean(answer.URL, maxName),

		Scopes: scopesOf(answer.Header),
	}, nil
}

func scopesOf(h http.Header) []string {
	told := h.Get("X-OAuth-Scopes")
	if told == "" {
		return nil
	}
	var scopes []string
	for scope := range strings.SplitSeq(told, ",") {
		scopes = append(scopes, strings.TrimSpace(scope))
	}
	return scopes
}

// CheckChannel finds the channel of a destination and tells by an *Error
// whether alerts could be posted there and looked up again: channel_not_found,
// not_in_channel, is_archived, missing_scope and so on. It gives the id.
func (s *Slack) CheckChannel(ctx context.Context, destination string) (string, error) {
	id, err := s.Resolve(ctx, destination)
	if err != nil {
		return "", err
	}
	channel, failed := s.channel(ctx, id)
	switch {
	case failed != nil:
		return "", failed
	case channel.ID != id:
		return "", reading(badAnswer())
	case channel.IsArchived:
		return "", codeError(codeArchived)
	case !channel.IsMember && !channel.IsIM:
		return "", codeError(codeNotInChannel)
	}
	return id, nil
}

// known is the id of a destination that is one, or whose name led to it lately.
func (s *Slack) known(destination string) (string, bool) {
	if isChannelID(destination) {
		return destination, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.ids[Slug(destination)]
	return known.id, time.Now().Before(known.until)
}

func (s *Slack) remember(destination, id string) {
	if isChannelID(destination) || !isChannelID(id) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[Slug(destination)] = knownID{id, time.Now().Add(s.idLife)}
}

// trustAgain takes the id that a name once led to, and tells whether there is one:
// no channel has the name any more, so its own was renamed.
func (s *Slack) trustAgain(destination string) bool {
	s.mu.Lock()
	known, ok := s.ids[Slug(destination)]
	s.mu.Unlock()
	if ok {
		s.remember(destination, known.id)
	}
	return ok
}

// mayForget drops an id that Slack does not know any more, or that is closed, and
// tells whether it did: the name may be another channel's by now.
func (s *Slack) mayForget(destination string, e *Error) bool {
	if e.Reason != codeNoChannel && e.Reason != codeArchived {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ids, Slug(destination))
	return true
}
