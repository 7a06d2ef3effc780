package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// trouble is what may happen on the other side of a notifier.
type trouble string

const (
	throttled   trouble = "it throttles"
	refused     trouble = "it refuses"
	unreachable trouble = "nobody is there"
	broken      trouble = "it says that it failed"
	lost        trouble = "it takes the alert and the answer is lost"
	garbage     trouble = "its answer is garbage"
	hanging     trouble = "it never answers"
)

// outcomes are what each trouble must mean for the caller.
func outcomes() map[trouble]notify.Outcome {
	return map[trouble]notify.Outcome{
		throttled: notify.Throttled, refused: notify.Permanent, unreachable: notify.Transient,
		broken: notify.Unknown, lost: notify.Unknown, garbage: notify.Unknown, hanging: notify.Unknown,
	}
}

// subject is a notifier and the other side of it. Every notifier gets one in
// subjects, and the kit below runs over it.
type subject struct {
	notifier  notify.Notifier
	cause     func(trouble) // makes all further deliveries fail so
	knows     []trouble     // that can happen to it
	delivered func() int
	hung      func(then func()) // has then called when a delivery hangs
	secrets   []string
}

func subjects() map[string]func(t *testing.T) subject {
	return map[string]func(t *testing.T) subject{
		"slack": slackSubject, "console": consoleSubject, "slack incoming webhook": slackHookSubject, "webhook": webhookSubject,
	}
}

const secretToken = "xoxb-1234567890-very-secret"

func slackSubject(t *testing.T) subject {
	t.Helper()
	s := slacktest.New(t, slacktest.WithToken(secretToken), slacktest.WithAnyChannel())
	dead := &deadEnd{next: &http.Transport{}}
	faults := map[trouble]slacktest.Fault{
		throttled: {Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second},
		refused:   {Code: "channel_not_found"},
		broken:    {Status: http.StatusBadGateway, Body: "<html>" + secretToken},
		lost:      {Accept: true, Drop: true},
		garbage:   {Body: `{"ok":true,"ts":"` + secretToken + `"`},
		hanging:   {Hang: true},
	}
	n, err := notify.NewSlack(config.Slack{Token: secretToken, APIURL: s.URL}, notify.SlackOptions{HTTPClient: &http.Client{Transport: dead}})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	return subject{
		notifier: n,
		secrets:  []string{secretToken, s.URL},
		knows:    []trouble{throttled, refused, unreachable, broken, lost, garbage, hanging},
		cause: func(c trouble) {
			f := faults[c]
			s.Fail(func(string, string) *slacktest.Fault { return &f })
			dead.set(c == unreachable)
		},
		hung: func(then func()) {
			f := faults[hanging]
			s.Fail(func(string, string) *slacktest.Fault { then(); return &f })
		},
		delivered: func() int { return len(s.Messages("#promotions")) },
	}
}

// deadEnd sends requests to a port that nobody listens on while it is set.
type deadEnd struct {
	next *http.Transport
	mu   sync.Mutex
	on   bool
}

func (d *deadEnd) set(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on = on
}

func (d *deadEnd) RoundTrip(req *http.Request) (*http.Response, error) {
	d.mu.Lock()
	on := d.on
	d.mu.Unlock()
	if on {
		req = req.Clone(req.Context())
		req.URL.Host = "127.0.0.1:1"
	}
	return d.next.RoundTrip(req)
}

func (d *deadEnd) CloseIdleConnections() { d.next.CloseIdleConnections() }

func consoleSubject(t *testing.T) subject {
	t.Helper()
	out := &output{}
	return subject{
		notifier:  notify.NewConsole(out, false),
		knows:     []trouble{unreachable},
		cause:     func(trouble) { out.fail(errors.New("write |1: broken pipe: " + secretToken)) },
		delivered: func() int { return strings.Count(out.String(), "🔔") },
		secrets:   []string{secretToken},
	}
}

// output is a terminal that can go away.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
	err error
}

func (o *output) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func TestNotifiersConform(t *testing.T) {
	for name, start := range subjects() {
		t.Run(name, func(t *testing.T) {
			t.Run("an alert is delivered once", func(t *testing.T) { deliversOnce(t, start(t)) })
			t.Run("many at once are all delivered", func(t *testing.T) { deliversConcurrently(t, start(t)) })
			t.Run("a context that has ended delivers nothing", func(t *testing.T) { deliversNothingWhenDone(t, start(t)) })
			for _, c := range start(t).knows {
				t.Run(string(c), func(t *testing.T) { classifies(t, start(t), c) })
			}
		})
	}
}

func deliversOnce(t *testing.T, s subject) {
	t.Helper()
	_, err := s.notifier.Notify(t.Context(), loadAlert(t, "exact"))
	require.NoError(t, err)
	require.Equal(t, 1, s.delivered())
}

func deliversConcurrently(t *testing.T, s subject) {
	t.Helper()
	a := loadAlert(t, "exact")
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			mine := a
			mine.ID = fmt.Sprint("alert", i)
			_, errs[i] = s.notifier.Notify(t.Context(), mine)
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, len(errs), s.delivered())
}

func deliversNothingWhenDone(t *testing.T, s subject) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.notifier.Notify(ctx, loadAlert(t, "exact"))
	_ = requireFailure(t, s, err, notify.Transient)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.delivered())
}

// classifies causes the trouble, cancels what hangs, and expects one attempt.
func classifies(t *testing.T, s subject, c trouble) {
	t.Helper()
	s.cause(c)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if c == hanging {
		s.hung(cancel)
	}
	r, err := s.notifier.Notify(ctx, loadAlert(t, "exact"))
	e := requireFailure(t, s, err, outcomes()[c])
	require.Equal(t, notify.Receipt{}, r)
	require.Equal(t, c == throttled, e.RetryAfter > 0, "how long to wait is for throttling")
	if c == hanging {
		require.ErrorIs(t, err, context.Canceled)
	}
	want := 0
	if c == lost {
		want = 1
	}
	require.Equal(t, want, s.delivered())
}

func requireFailure(t *testing.T, s subject, err error, want notify.Outcome) *notify.Error {
	t.Helper()
	var e *notify.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Outcome, "%v", err)
	require.True(t, slices.Contains(notify.Reasons(), e.Reason), "%q is not of the closed set", e.Reason)
	require.NotEmpty(t, notify.Advice(e.Reason))
	for _, secret := range s.secrets {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			require.NotContains(t, fmt.Sprintf(verb, err), secret)
			require.NotContains(t, fmt.Sprintf(verb, errors.Unwrap(err)), secret)
		}
	}
	return e
}
