package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// ErrUnavailable says that JetStream cannot store anything now: it is away,
// not open yet, or almost full. The sender should try again.
var ErrUnavailable = errors.New("the store is unavailable")

// ErrTooLarge says that a recording's event exceeds what JetStream takes.
var ErrTooLarge = errors.New("the recording is too large to store")

// Symbl is what the stages need of the Symbl API. *symbl.Client implements it;
// its errors are *symbl.Error.
type Symbl interface {
	SubmitText(ctx context.Context, r symbl.TextRequest) (symbl.Job, error)
	SubmitURL(ctx context.Context, r symbl.URLRequest) (symbl.Job, error)
	SubmitFile(ctx context.Context, r symbl.FileRequest, body io.Reader) (symbl.Job, error)
	Job(ctx context.Context, id string) (symbl.JobStatus, error)
	TrackerResults(ctx context.Context, conversationID string) ([]symbl.TrackerResult, error)
	Messages(ctx context.Context, conversationID string) ([]symbl.Message, error)
	Conversation(ctx context.Context, id string) (symbl.Conversation, error)
	DeleteConversation(ctx context.Context, id string) error
	FindConversation(ctx context.Context, name string, since time.Time, except ...string) (symbl.Conversation, bool, error)
}

// MediaSource says how the recordings of a source are downloaded.
type MediaSource interface {
	// Media tells where the media of a recording is now. renew asks for a fresh
	// address because the last one was refused; it is asked only of Renewable
	// media. A *StatusError is judged as if the download had been answered with
	// it, ErrNoMedia is final, and any other error is tried again.
	Media(ctx context.Context, r Recording, renew bool) (Media, error)
}

// Media is where a recording's media can be had. Transcript takes the place of
// a download.
type Media struct {
	URL        string
	Authorise  safehttp.Authorise // nil: no credentials
	Private    bool               // Symbl cannot fetch it: it needs credentials, or expires soon
	Renewable  bool               // the provider can be asked for a fresh URL
	Transcript []Utterance
}

// Downloader fetches media from foreign URLs. authorise is asked for every
// redirect; byteRange is a Range header or empty.
type Downloader interface {
	Get(ctx context.Context, rawURL string, authorise safehttp.Authorise, byteRange string) (*http.Response, error)
}

// Options are the settings of a Service.
type Options struct {
	Limits          Limits
	PublicURL       string // for Symbl's callbacks; empty: jobs are only polled
	Callbacks       bool   // give Symbl a callback URL; off with the embedded engine, which calls Wake
	Idempotent      bool   // the backend honours Idempotency-Key, so a submit may be repeated
	Remote          bool   // the backend is outside of this network: it can fetch from public addresses only
	AllTrackers     bool
	MaxJobs         int // in flight across all replicas
	JobTimeout      time.Duration
	PollInterval    time.Duration
	PollMax         time.Duration
	SettleTime      time.Duration            // how long after a submit of unknown outcome it may not be listed yet; not needed if Idempotent
	Rate            float64                  // messages a second and destination; 0: no limit of our own
	OperatorChannel string                   // is told of dead letters; empty: nobody is
	OperatorEvery   time.Duration            // between two messages to it; 0: a minute
	FallbackChannel string                   // gets what its own channel refuses for good; empty: nothing does
	RateAll         float64                  // messages a second to all destinations of this process together; 0: no limit of our own
	MaxMedia        int64                    // bytes
	TextOnly        string                   // why only transcripts can be submitted, and what to do; empty: media can
	Sources         map[string]SourceOptions // by name
	Drain           time.Duration
}

// SourceOptions are the settings of one source's recordings.
type SourceOptions struct {
	AgentChannel int // 1 or 2: the agent's channel of a recording with one for each side; 0 when unknown
	Redact       *notify.Redactor
	ShowNumbers  bool
	RecordingURL string        // where people can hear a recording: {id} and {key} are filled in
	Retention    time.Duration // of the conversation and the ledger's entry; 0: as long as the ledger keeps things
}

// Deps are what a Service works with.
type Deps struct {
	Conn *nats.Conn
	// Backend makes the client of the Symbl API. Run calls it until it
	// succeeds, once JetStream can be reached: the embedded engine lives there.
	Backend   func(context.Context) (Symbl, error)
	Media     MediaSource
	Download  Downloader
	Router    *notify.Router
	Notifiers *notify.Switchboard
	Noise     *notify.Noise // nil: nothing is held back
	Log       *zap.Logger
	Metrics   *Metrics
	Tracer    trace.Tracer // nil: nothing is traced
}

// Service is the whole way of a recording after its webhook. Its methods are
// safe for concurrent use; until Run has opened the streams they return
// ErrUnavailable.
type Service struct {
	opt       Options
	dep       Deps
	js        jetstream.JetStream
	now       func() time.Time
	symbl     Symbl // set before the stages run
	opened    atomic.Pointer[streamSet]
	tokens    atomic.Pointer[callbackTokens]
	full      fullness
	jobs      jobCount
	waiting   waitingJobs
	submits   inHand
	awaiting  atomic.Pointer[stage] // the await stage; nil until Run has opened the streams
	asks      chan struct{}         // holds an element for each callback that asks for its job now
	asksFrom  atomic.Int64          // Unix nanoseconds before which none does, as Symbl is slow
	channels  channelIDs
	noting    noting
	nudge     chan struct{} // the store is to be tidied now
	forgetDue atomic.Bool   // somebody asked for a call to be forgotten and did not wait for its end
	expired   time.Time     // when it was last looked for what its retention ends; of the loop that tidies
	aimed     chan struct{} // there may be new destinations

	quiet silences

	workspace *rate.Limiter // of all destinations together

	// Whether these are among the destinations, or channels of Slack. The keys wait for
	// a restart, and a reload may give or take away a destination of their name.
	fallbackNamed, operatorNamed bool

	aim atomic.Pointer[Aims]

	mu     sync.Mutex
	stages []*stage
	dests  map[string]*stage // the notify stage of each destination, by slug
	start  func(*stage)      // runs a stage; nil unless Run is running
}

// New makes a Service that is not running yet.
func New(opt Options, dep Deps) (*Service, error) {
	js, err := jetstream.New(dep.Conn)
	if err != nil {
		return nil, fmt.Errorf("use jetstream: %w", err)
	}
	s := &Service{
		opt: opt, dep: dep, js: js, now: time.Now,
		full: fullness{limit: opt.Limits.MaxBytes},
		jobs: jobCount{freed: make(chan struct{}, 1)}, waiting: waitingJobs{events: map[string]waitingEvent{}},
		submits: inHand{keys: map[string]chan struct{}{}}, asks: make(chan struct{}, awaitWorkers),
		channels: channelIDs{ids: map[string]string{}}, dests: map[string]*stage{}, nudge: make(chan struct{}, 1), aimed: make(chan struct{}, 1),
		workspace: limiter(opt.RateAll), fallbackNamed: dep.Notifiers.Named(opt.FallbackChannel), operatorNamed: dep.Notifiers.Named(opt.OperatorChannel),
	}
	s.aim.Store(&Aims{Router: dep.Router, Notifiers: dep.Notifiers, Noise: dep.Noise, Sources: opt.Sources})
	return s, nil
}

// Run opens the streams, trying until they can be opened, and runs the stages
// until ctx ends; then it lets the handlers finish for up to Options.Drain.
func (s *Service) Run(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	s.runStages(ctx)
	return nil
}

// open opens the streams and the backend, trying every second: the service may
// be up before NATS is.
func (s *Service) open(ctx context.Context) error {
	for logged := false; ; {
		err := s.openOnce(ctx)
		if err == nil {
			return nil
		}
		if !logged && ctx.Err() == nil {
			s.dep.Log.Warn("not ready yet; trying on", zap.Error(err))
			logged = true
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("open streams: %w", err)
		}
	}
}

func (s *Service) openOnce(ctx context.Context) error {
	set, err := openStreams(ctx, s.js, s.opt.Limits)
	if err != nil {
		return away(s.dep.Conn, err)
	}
	tokens, err := loadCallbackTokens(ctx, set.state)
	if err != nil {
		return err
	}
	if s.symbl, err = s.dep.Backend(ctx); err != nil {
		return fmt.Errorf("open the Symbl backend: %w", err)
	}
	s.tokens.Store(tokens)
	s.opened.Store(set)
	return nil
}

func (s *Service) streams() (*streamSet, error) {
	set := s.opened.Load()
	if set == nil {
		return nil, ErrUnavailable
	}
	return set, nil
}

// Entry reads the ledger's entry of a recording; ErrNotFound if there is none.
// What was accepted before is there.
func (s *Service) Entry(ctx context.Context, key string) (Entry, error) {
	set, err := s.streams()
	if err != nil {
		return Entry{}, err
	}
	e, err := set.ledger.Get(ctx, key)
	if !errors.Is(err, ErrNotFound) {
		return e, err
	}
	if err := s.noted(ctx, set); err != nil {
		return Entry{}, err
	}
	return set.ledger.Get(ctx, key)
}

// entry is Entry as the stages need it: what they ask for has been written.
func (s *Service) entry(ctx context.Context, key string) (Entry, error) {
	set, err := s.streams()
	if err != nil {
		return Entry{}, err
	}
	return set.ledger.Get(ctx, key)
}

// recentEntry is entry for a stage that goes on only if needed holds, and
// changes the ledger before it does anything that cannot be repeated.
func (s *Service) recentEntry(ctx context.Context, key string, needed func(*Entry) bool) (Entry, error) {
	set, err := s.streams()
	if err != nil {
		return Entry{}, err
	}
	return set.ledger.Recent(ctx, key, needed)
}

// lost tells why an event of a step after the submit has no entry: nil if its
// call is forgotten, a dead letter with ErrLost otherwise.
func (s *Service) lost(ctx context.Context, key string) error {
	known, err := s.Known(ctx, key)
	if known || err != nil {
		return err
	}
	return dead(ReasonLost, ErrLost)
}

// Entries reads a page of the ledger, last changed first.
func (s *Service) Entries(ctx context.Context, cursor uint64, limit int) (Page, error) {
	set, err := s.streams()
	if err != nil {
		return Page{}, err
	}
	if cursor == 0 {
		if err := s.noted(ctx, set); err != nil {
			return Page{}, err
		}
	}
	return set.ledger.List(ctx, cursor, limit)
}

// Ready tells why the service cannot do its work now; nil when it can.
func (s *Service) Ready(ctx context.Context) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	for _, name := range []string{StreamRecordings, StreamAlerts, StreamDead} {
		if _, err := set.js.Stream(ctx, name); err != nil {
			return fmt.Errorf("stream %s: %w", name, away(s.dep.Conn, err))
		}
	}
	return s.consuming()
}
