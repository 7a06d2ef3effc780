package console_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

var _ console.Store = (*events.Service)(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a console.Store that holds one recording, and what a test puts in.
type store struct {
	entry      events.Entry
	story      events.Story
	transcript events.Transcript
	routes     notify.Explanation
	page       events.SearchPage
	searched   events.Search
	cursor     uint64
	letters    []events.DeadLetter
	poison     uint64        // a letter that cannot be dropped
	away       uint64        // a letter at which the store is no longer reached
	slow       time.Duration // that a drop, a replay, or reading one call takes
	sound      string
	changed    []string // what was done, in order
	broken     error    // of every call that can fail
	hangs      bool     // what a page asks for beside its own
	walking    func()   // when the ledger is walked
	watch      func(ctx context.Context, changed func(string)) error
	deeds      []events.Deed
	spoken     []events.Spoken
	silences   []events.Silence
	trackers   *account
}

func (s *store) Search(_ context.Context, q events.Search, cursor uint64, _ int) (events.SearchPage, error) {
	s.searched, s.cursor = q, cursor
	return s.page, s.broken
}

func (s *store) Entry(_ context.Context, key string) (events.Entry, error) {
	if key != s.entry.Key {
		return events.Entry{}, events.ErrNotFound
	}
	return s.entry, s.broken
}

func (s *store) Story(context.Context, string) (events.Story, error) {
	s.story.Entry = s.entry
	return s.story, s.broken
}

func (s *store) Transcript(context.Context, string) (events.Transcript, error) {
	return s.transcript, s.broken
}

func (s *store) Explain(notify.Call, []notify.Tracker) notify.Explanation { return s.routes }
func (s *store) SourceNames() []string                                    { return []string{"calls", "phone"} }
func (s *store) Link(events.Entry) string                                 { return "https://provider.example/a?b=1" }

func (s *store) AlertLink(context.Context, events.AlertRecord) string {
	return "https://acme.slack.com/archives/C1/p1"
}

func (s *store) Watch(ctx context.Context, changed func(string)) error { return s.watch(ctx, changed) }

func (s *store) Listen(_ context.Context, _, byteRange string) (*events.Sound, error) {
	if s.sound == "" {
		return nil, events.ErrNoMedia
	}
	sound := &events.Sound{Body: io.NopCloser(strings.NewReader(s.sound)), Status: 200, Type: "audio/wav", Length: int64(len(s.sound))}
	if byteRange != "" {
		sound.Status, sound.Range = 206, "bytes 0-3/4"
	}
	return sound, nil
}

// note keeps what was done.
func (s *store) note(what string) error {
	s.changed = append(s.changed, what)
	return s.broken
}

func (s *store) ReplayRecording(_ context.Context, key string) error {
	return s.replay("replay " + key)
}
func (s *store) RouteAgain(_ context.Context, key string) error { return s.replay("route " + key) }

func (s *store) replay(what string) error {
	<-time.After(s.slow)
	s.entry.Replay++
	return s.note(what)
}

func (s *store) Forget(_ context.Context, key string) (events.Forgotten, error) {
	left := []string{}
	if key == "calls.left" {
		left = []string{"#a: <b>gone</b>"}
	}
	return events.Forgotten{Messages: 1, Events: 2, Left: left}, s.note("forget " + key)
}

func (s *store) DeadCount(ctx context.Context) (int, error) { return len(s.letters), s.answer(ctx) }

func (s *store) DeadLetters(_ context.Context, cursor uint64, limit int) (events.DeadPage, error) {
	var page events.DeadPage
	for _, d := range s.letters {
		switch {
		case cursor > 0 && d.ID >= cursor:
		case len(page.Letters) == limit:
			page.Next = page.Letters[limit-1].ID
			return page, s.broken
		default:
			page.Letters = append(page.Letters, d)
		}
	}
	return page, s.broken
}

func (s *store) DeadLetter(_ context.Context, id uint64) (events.DeadLetter, error) {
	for _, d := range s.letters {
		if d.ID == id {
			return d, nil
		}
	}
	return events.DeadLetter{}, events.ErrNotFound
}

func (s *store) ReplayDead(_ context.Context, id uint64) error {
	if id == 404 {
		return events.ErrNotFound
	}
	return s.note(fmt.Sprint("replay ", id))
}

func (s *store) DropDead(_ context.Context, id uint64) error {
	<-time.After(s.slow)
	switch id {
	case s.poison:
		return errors.New("cannot be read")
	case s.away:
		return events.ErrUnavailable
	}
	return s.note(fmt.Sprint("drop ", id))
}

// Walk gives each entry the revision of its place.
func (s *store) Walk(_ context.Context, after uint64, visit func(*events.Glance) bool) error {
	if s.walking != nil {
		s.walking()
	}
	for i, e := range s.page.Entries {
		<-time.After(s.slow)
		g := events.Glance{
			Key: e.Key, Revision: uint64(i + 1), Source: e.Source, Call: events.GlanceCall{Agent: e.Call.Agent}, ReceivedAt: e.ReceivedAt,
			Trackers: e.Trackers, Replay: e.Replay, Gone: !e.Forgotten.IsZero(),
		}
		g.Alerts, g.Earlier = glances(e.Alerts), glances(e.Earlier)
		if g.Revision > after && !visit(&g) {
			break
		}
	}
	return s.broken
}

func glances(alerts []events.AlertRecord) (list []events.GlanceAlert) {
	for _, a := range alerts {
		list = append(list, events.GlanceAlert{Trackers: a.Trackers, Held: a.Held, PostedAt: a.PostedAt, Feedback: a.Feedback})
	}
	return list
}

func (s *store) Recent(context.Context, int) ([]events.Spoken, error) { return s.spoken, s.broken }

func (s *store) StepBacklogs(context.Context) ([]events.StepBacklog, error) {
	return []events.StepBacklog{{Step: events.StepSubmit, Pending: 3, Oldest: time.Minute}}, s.broken
}

func (s *store) Ready(ctx context.Context) error { return s.answer(ctx) }

// answer waits in vain for a store that hangs.
func (s *store) answer(ctx context.Context) error {
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.broken
}

func (s *store) AddSilence(_ context.Context, q events.Silence) (events.Silence, error) {
	s.silences = append(s.silences, q)
	return q, s.broken
}

func (s *store) Silences(context.Context) ([]events.Silence, error) { return s.silences, s.broken }
func (s *store) DropSilence(_ context.Context, id string) error     { return s.note("unsilence " + id) }

func (s *store) Audit(_ context.Context, d events.Deed) error {
	s.deeds = append(s.deeds, d)
	return s.broken
}

func (s *store) Deeds(context.Context, uint64, int) (events.DeedPage, error) {
	return events.DeedPage{Deeds: s.deeds}, s.broken
}

const key = "calls.RE1"

// site is a console with a store of the test's.
type site struct {
	t *testing.T
	*store
	http.Handler
	stop chan struct{}
}

func newSite(t *testing.T, token, viewerToken string, change ...func(*console.Deps)) *site {
	t.Helper()
	s := &site{t: t, stop: make(chan struct{}), store: &store{entry: events.Entry{
		Key: key, Source: "calls", ID: "RE1", Stage: events.StageDone, Routed: true, ReceivedAt: time.Now().Add(-time.Hour),
		Call: notify.Call{From: "+14155550137", To: "+442079460123", Direction: "inbound"},
	}}}
	s.story.Recording = events.Recording{Key: key, MediaURL: "https://provider.example/secret-url", Provider: "generic"}
	s.trackers = &account{list: []symbl.Tracker{
		{ID: "7", Name: "Sale", Vocabulary: []string{"a sale", "a discount"}, Categories: []string{"kept"}}, {ID: "8", Name: "Symbl.Any"},
	}}
	deps := console.Deps{
		Store: s.store, Guard: access.New(token, viewerToken), Stop: s.stop, Log: zap.NewNop(), Trackers: s.trackers, Version: "trackerbell 9",
		Setup: func() string { return "admin:\n  token: (hidden)\n" },
		Checks: func(context.Context) []console.Dependency {
			return []console.Dependency{{Name: "Symbl", Text: "<b>refuses</b> us"}}
		},
	}
	for _, f := range change {
		f(&deps)
	}
	c, err := console.New(deps)
	require.NoError(t, err)
	e := echo.New()
	c.Add(e)
	s.Handler = e
	return s
}

// get asks as a browser does; token may be empty.
func (s *site) get(path, token string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.do(http.MethodGet, path, token, nil)
}

// csrf is what the forms carry where nobody signs in.
var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form, from a page of its own.
func (s *site) post(path string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	found := csrf.FindStringSubmatch(s.get("/recordings/"+s.entry.Key, "").Body.String())
	require.NotNil(s.t, found, "the page has forms")
	form.Set("csrf", found[1])
	return s.do(http.MethodPost, path, "", form)
}

func (s *site) do(method, path, token string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = "localhost:8081"
	r.Header.Set("Accept", "text/html,*/*")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}
