package events

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	soon = 15 * time.Second // for what takes milliseconds on an idle machine
	tick = 5 * time.Millisecond
)

// theFirst refuses one submit for good, and takes the others.
func theFirst(n int) error {
	if n == 1 {
		return &symbl.Error{Class: symbl.Permanent, Definite: true, Message: "messages are missing"}
	}
	return nil
}

// fakeSymbl is an account whose jobs end when the test says so.
type fakeSymbl struct {
	mu       sync.Mutex
	submits  []symbl.Options
	messages map[string][]symbl.TextMessage // by conversation
	status   symbl.Status                   // of every job
	refuse   func(n int) error              // of the n-th submit, from 1
	known    map[string]string              // conversations that FindConversation finds, by name
	find     error                          // what FindConversation fails with
	lookups  int
	since    time.Time                   // of the last lookup
	files    []string                    // type, size and digest of what was uploaded
	keep     func(id string) error       // why a conversation is not deleted
	results  func()                      // is called when results are asked for; nil: nothing is
	job      func(context.Context) error // why a job cannot be asked; nil: it can
}

func newFakeSymbl() *fakeSymbl {
	return &fakeSymbl{messages: map[string][]symbl.TextMessage{}, status: symbl.Completed, known: map[string]string{}}
}

func (f *fakeSymbl) submit(o symbl.Options, messages []symbl.TextMessage) (symbl.Job, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.submits = append(f.submits, o)
	n := len(f.submits)
	if f.refuse != nil {
		if err := f.refuse(n); err != nil {
			return symbl.Job{}, err
		}
	}
	id := "conversation-" + strconv.Itoa(n)
	f.messages[id] = messages
	return symbl.Job{ConversationID: id, JobID: "job-" + strconv.Itoa(n)}, nil
}

func (f *fakeSymbl) SubmitText(_ context.Context, r symbl.TextRequest) (symbl.Job, error) {
	return f.submit(r.Options, r.Messages)
}

func (f *fakeSymbl) SubmitURL(_ context.Context, r symbl.URLRequest) (symbl.Job, error) {
	return f.submit(r.Options, nil)
}

func (f *fakeSymbl) SubmitFile(_ context.Context, r symbl.FileRequest, body io.Reader) (symbl.Job, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return symbl.Job{}, err
	}
	job, err := f.submit(r.Options, nil)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files = append(f.files, fmt.Sprintf("%s %d %x", r.ContentType, r.Size, sum.Sum(nil)))
	return job, err
}

func (f *fakeSymbl) Job(ctx context.Context, id string) (symbl.JobStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job != nil {
		if err := f.job(ctx); err != nil {
			return symbl.JobStatus{}, err
		}
	}
	return symbl.JobStatus{ID: id, Status: f.status}, nil
}

// TrackerResults finds "Sale" in every conversation.
func (f *fakeSymbl) TrackerResults(context.Context, string) ([]symbl.TrackerResult, error) {
	if f.results != nil {
		f.results()
	}
	return []symbl.TrackerResult{{ID: "1", Name: "Sale", Matches: []symbl.Match{{
		Type: "vocabulary", Value: "sale", MessageRefs: []symbl.MessageRef{{ID: "m1", Text: "a sale", Offset: 2}},
	}}}}, nil
}

func (f *fakeSymbl) Messages(context.Context, string) ([]symbl.Message, error) {
	return []symbl.Message{{ID: "m1", Text: "a sale", From: symbl.Person{Name: "Anna"}}}, nil
}

func (f *fakeSymbl) Conversation(_ context.Context, id string) (symbl.Conversation, error) {
	return symbl.Conversation{ID: id, EndTime: time.Now()}, nil
}

func (f *fakeSymbl) DeleteConversation(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.messages[id]; !ok {
		return &symbl.Error{Class: symbl.NotFound}
	}
	if f.keep != nil {
		if err := f.keep(id); err != nil {
			return err
		}
	}
	delete(f.messages, id)
	return nil
}

func (f *fakeSymbl) FindConversation(_ context.Context, name string, since time.Time, except ...string) (symbl.Conversation, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups++
	f.since = since
	if f.find != nil {
		return symbl.Conversation{}, false, f.find
	}
	id, ok := f.known[name]
	if slices.Contains(except, id) {
		return symbl.Conversation{}, false, nil
	}
	return symbl.Conversation{ID: id, Name: name}, ok, nil
}

// setStatus is what every job says from now on.
func (f *fakeSymbl) setStatus(st symbl.Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = st
}

func (f *fakeSymbl) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.submits)
}

// fakeSlack keeps what was posted, and answers as post and find say.
type fakeSlack struct {
	mu       sync.Mutex
	posts    []notify.Alert
	finds    int
	lookedIn []string                          // channels
	post     func(n int, a notify.Alert) error // of the n-th attempt, from 1; nil posts
	tries    int
	lookup   func() (bool, error) // nil: what was posted is found
}

func (f *fakeSlack) Notify(_ context.Context, a notify.Alert) (notify.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries++
	if f.post != nil {
		if err := f.post(f.tries, a); err != nil {
			return notify.Receipt{}, err
		}
	}
	f.posts = append(f.posts, a)
	return notify.Receipt{Channel: "C1", TS: strconv.Itoa(len(f.posts))}, nil
}

func (f *fakeSlack) Find(_ context.Context, a notify.Alert, _ time.Time) (notify.Receipt, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.finds++
	f.lookedIn = append(f.lookedIn, a.Channel)
	if f.lookup != nil {
		found, err := f.lookup()
		return notify.Receipt{Channel: "C1", TS: "found"}, found, err
	}
	for i, p := range f.posts {
		if p.ID == a.ID {
			return notify.Receipt{Channel: "C1", TS: strconv.Itoa(i + 1)}, true, nil
		}
	}
	return notify.Receipt{}, false, nil
}

func (f *fakeSlack) posted() []notify.Alert {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]notify.Alert(nil), f.posts...)
}

// house is a service on a store of its own, with its surroundings.
type house struct {
	*Service
	t     testing.TB
	nats  *NATS
	symbl *fakeSymbl
	slack *fakeSlack
}

// noCredentials downloads everything without credentials.
type noCredentials struct{}

func (noCredentials) Media(_ context.Context, r Recording, _ bool) (Media, error) {
	return Media{URL: r.MediaURL}, nil
}

// noDownloads fails: the recordings of these tests are transcripts.
type noDownloads struct{}

func (noDownloads) Get(context.Context, string, safehttp.Authorise, string) (*http.Response, error) {
	return nil, io.ErrUnexpectedEOF
}

// newHouse makes a service that does not run yet; change may alter its
// options.
func newHouse(tb testing.TB, change func(*Options)) *house {
	tb.Helper()
	store, err := Connect(config.NATS{DataDir: tb.TempDir(), Sync: "interval"}, zaptest.NewLogger(tb))
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(tb, store.Close(ctx))
	})
	h := &house{t: tb, nats: store, symbl: newFakeSymbl(), slack: &fakeSlack{}}
	h.Service = h.another(change)
	return h
}

// another is a further service on the same store, as after a restart.
func (h *house) another(change func(*Options)) *Service {
	h.t.Helper()
	router, err := notify.NewRouter(nil, "#alerts")
	require.NoError(h.t, err)
	opt := Options{
		Limits: Limits{Replicas: 1, MaxAge: time.Hour, MaxBytes: 64 << 20}, AllTrackers: true, MaxJobs: 50,
		JobTimeout: time.Hour, PollInterval: 20 * time.Millisecond, PollMax: 100 * time.Millisecond, Drain: soon,
	}
	if change != nil {
		change(&opt)
	}
	s, err := New(opt, Deps{
		Conn: h.nats.Conn, Media: noCredentials{}, Download: noDownloads{}, Router: router, Notifiers: notify.NewSwitchboard(h.slack, nil),
		Backend: func(context.Context) (Symbl, error) { return h.symbl, nil }, Log: zaptest.NewLogger(h.t),
	})
	require.NoError(h.t, err)
	return s
}

// run runs a service until the test ends or stop is called.
func (h *house) run(s *Service) (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(h.t, <-ended)
	})
	h.t.Cleanup(stop)
	require.Eventually(h.t, func() bool { return s.Ready(ctx) == nil }, soon, tick)
	return stop
}

// open opens the streams without running a stage.
func (h *house) open() {
	h.t.Helper()
	require.NoError(h.t, h.openOnce(h.t.Context()))
}

// settled waits until a recording has reached a stage.
func (h *house) settled(s *Service, key string, stage Stage) Entry {
	h.t.Helper()
	var e Entry
	require.Eventually(h.t, func() bool {
		e, _ = s.Entry(h.t.Context(), key)
		return e.State() == stage
	}, soon, tick, "%s does not become %s", key, stage)
	return e
}

func transcript(id string) Recording {
	return Recording{
		Key: Key("calls", id), Source: "calls", Provider: "generic", ID: id, ReceivedAt: time.Now().UTC(),
		Transcript: []Utterance{{Speaker: "Anna", Text: "a sale", Start: 1, End: 2}},
	}
}
