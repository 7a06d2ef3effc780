package slacktest

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// DefaultToken is the token that a Handler accepts unless WithToken says
// otherwise.
const DefaultToken = "xoxb-stand-in"

// Channel is a conversation of the workspace. The zero value but for its name
// is a public channel that the app is in.
type Channel struct {
	ID       string // C…; given by the Handler when empty
	Name     string // without #
	Private  bool
	Archived bool
	Outside  bool // the app is not a member
}

// Message is what was posted, as it was posted.
type Message struct {
	Channel  string // id
	TS       string
	Text     string
	Blocks   []byte // JSON array; nil without blocks
	Metadata Metadata
	Unfurl   bool // links or media would be unfurled
	Markdown bool // the text would be formatted
	Linked   bool // a written @name or #name would become a link

	Attachments []byte // JSON array; nil without attachments
	Thread      string // ts of the message that this is a reply to; empty at the top level
	Edited      int    // how often it was changed
}

// Metadata is a message's metadata; empty without one.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Fault is one failure: an answer by Status, Body and RetryAfter, or by Code,
// or none at all by Hang or Drop. With Accept, Slack has done what it was asked
// for all the same, as when an answer is lost.
type Fault struct {
	Accept     bool
	Status     int           // of the answer; 0 is 200
	Body       string        // of the answer
	RetryAfter time.Duration // header of the answer, in whole seconds
	Code       string        // ok=false with this error
	Hang       bool          // no answer until the client gives up
	Drop       bool          // the connection breaks
}

// Option changes a Handler as it is made.
type Option func(*Handler)

// WithToken sets the token that is accepted.
func WithToken(token string) Option { return func(h *Handler) { h.token = token } }

// WithChannels adds channels to the workspace.
func WithChannels(channels ...Channel) Option {
	return func(h *Handler) {
		for _, c := range channels {
			h.AddChannel(c)
		}
	}
}

// WithAnyChannel makes every public channel exist as soon as it is named.
func WithAnyChannel() Option { return func(h *Handler) { h.anyChannel = true } }

// WithRate limits each channel to so many messages a second, with no burst;
// Slack's own figure is 1. Default: no limit.
func WithRate(perSecond float64) Option { return func(h *Handler) { h.rate = rate.Limit(perSecond) } }

// WithWorkspaceRate limits all channels together to so many messages a second,
// with a burst of as many. Default: no limit.
func WithWorkspaceRate(perSecond int) Option {
	return func(h *Handler) { h.workspace = rate.NewLimiter(rate.Limit(perSecond), perSecond) }
}

// WithClock sets the clock of timestamps, rates and Date headers.
func WithClock(now func() time.Time) Option { return func(h *Handler) { h.now = now } }

// WithScopes says what the token may do, in the header of every answer; without it
// none tells. Nothing is refused for a scope that is missing.
func WithScopes(scopes ...string) Option { return func(h *Handler) { h.scopes = scopes } }

// WithPageSize caps the pages of lists and histories, so that paging shows
// with few entries.
func WithPageSize(n int) Option { return func(h *Handler) { h.pageSize = n } }

// Handler is the stand-in. It is safe for concurrent use.
type Handler struct {
	token      string
	anyChannel bool
	rate       rate.Limit
	workspace  *rate.Limiter
	pageSize   int
	scopes     []string
	now        func() time.Time
	done       chan struct{} // closed by Close: what hangs goes on

	mu       sync.Mutex
	fail     func(method, channel string) *Fault
	channels []Channel
	messages map[string][]Message     // by channel id, oldest first
	limits   map[string]*rate.Limiter // by channel id
	calls    map[string]int           // by method
	lastTS   int64                    // microseconds
}

// NewHandler makes a stand-in with no channels, for use outside of tests too.
func NewHandler(opts ...Option) *Handler {
	h := &Handler{
		token:     DefaultToken,
		rate:      rate.Inf,
		workspace: rate.NewLimiter(rate.Inf, 1),
		pageSize:  math.MaxInt,
		now:       time.Now,
		done:      make(chan struct{}),
		fail:      func(string, string) *Fault { return nil },
		messages:  make(map[string][]Message),
		limits:    make(map[string]*rate.Limiter),
		calls:     make(map[string]int),
	}
	for _, o := range opts {
		o(h)
	}
	return h
}

// Close lets hanging requests end. It is to be called once.
func (h *Handler) Close() { close(h.done) }

// Server is a Handler on a loopback port.
type Server struct {
	*Handler
	URL string // of the API, for slack.apiURL; ends in /api/
}

// New starts a stand-in that ends with the test.
func New(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	h := NewHandler(opts...)
	srv := httptest.NewServer(h)
	tb.Cleanup(func() {
		h.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return &Server{Handler: h, URL: srv.URL + "/api/"}
}

// SetToken makes token the only one that is accepted; the one before is revoked.
func (h *Handler) SetToken(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.token = token
}

// Fail asks f before every request; a Fault it gives is what the client sees.
// channel is as the client named it. nil ends all faults.
func (h *Handler) Fail(f func(method, channel string) *Fault) {
	if f == nil {
		f = func(string, string) *Fault { return nil }
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = f
}

// AddChannel adds a channel and gives its id.
func (h *Handler) AddChannel(c Channel) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.addChannel(c)
}

func (h *Handler) addChannel(c Channel) string {
	if c.ID == "" {
		c.ID = fmt.Sprintf("C%09d", len(h.channels)+1)
	}
	h.channels = append(h.channels, c)
	return c.ID
}

// Rename gives a channel another name. Its id stays.
func (h *Handler) Rename(id, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.IndexFunc(h.channels, func(c Channel) bool { return c.ID == id }); i >= 0 {
		h.channels[i].Name = name
	}
}

// Channels lists the channels in the order in which they came.
func (h *Handler) Channels() []Channel {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.channels)
}

// Messages lists what was posted to a channel, given by id or name, in order.
func (h *Handler) Messages(channel string) []Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.find(channel)
	if !ok {
		return nil
	}
	return slices.Clone(h.messages[c.ID])
}

// Posted lists the messages of a channel that are no replies, in order.
func (h *Handler) Posted(channel string) []Message {
	return slices.DeleteFunc(h.Messages(channel), func(m Message) bool { return m.Thread != "" })
}

// Replies lists the replies to a message, in order.
func (h *Handler) Replies(channel, ts string) []Message {
	return slices.DeleteFunc(h.Messages(channel), func(m Message) bool { return m.Thread != ts })
}

// Calls counts the requests of a method, failed ones included.
func (h *Handler) Calls(method string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[method]
}

// find takes an id, a name or #name.
func (h *Handler) find(channel string) (Channel, bool) {
	name := strings.TrimPrefix(channel, "#")
	i := slices.IndexFunc(h.channels, func(c Channel) bool { return c.ID == channel || c.Name == name })
	if i >= 0 {
		return h.channels[i], true
	}
	if h.anyChannel && name != "" && strings.ToLower(name) == name {
		h.addChannel(Channel{Name: name})
		return h.channels[len(h.channels)-1], true
	}
	return Channel{}, false
}

var _ http.Handler = (*Handler)(nil)
