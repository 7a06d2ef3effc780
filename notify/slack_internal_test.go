package notify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
)

func TestARequestWithoutAnAnswerInTimeIsUnknown(t *testing.T) {
	s := slacktest.New(t, slacktest.WithAnyChannel())
	s.Fail(func(string, string) *slacktest.Fault { return &slacktest.Fault{Accept: true, Hang: true} })
	n, err := NewSlack(config.Slack{Token: slacktest.DefaultToken, APIURL: s.URL}, SlackOptions{})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	n.timeout = 2 * time.Second // in which a busy machine has stored the message
	_, err = n.Notify(t.Context(), Alert{Destination: "#a", Trackers: []Tracker{{Name: "x"}}})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, Unknown, e.Outcome)
	require.Equal(t, ReasonTimeout, e.Reason)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, s.Messages("a"), 1)
}

func TestRequestsCannotBeReplayed(t *testing.T) {
	seen := false
	g := guard{roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = true
		require.Nil(t, r.GetBody)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", strings.NewReader("a post"))
	require.NoError(t, err)
	require.NotNil(t, req.GetBody)
	_, err = g.RoundTrip(req)
	require.NoError(t, err)
	require.True(t, seen)
	require.NotNil(t, req.GetBody, "a request is its caller's")
}

func TestAnEndlessAnswerIsCut(t *testing.T) {
	g := guard{roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(zeros{})}, nil
	})}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/", http.NoBody)
	require.NoError(t, err)
	resp, err := g.RoundTrip(req)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 2*maxAnswer))
	require.NoError(t, err)
	require.Equal(t, int64(maxAnswer), n)
	require.NoError(t, resp.Body.Close())
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestReasonsAreAClosedSetWithAdvice(t *testing.T) {
	reasons := Reasons()
	seen := map[string]bool{}
	for _, r := range reasons {
		require.False(t, seen[r], r)
		seen[r] = true
		require.NotEmpty(t, Advice(r))
	}
	require.IsNonDecreasing(t, reasons)
	require.NotEmpty(t, Advice("something else"))
}

// A channel is renamed while it is in use: its name may be given to another, or to
// none.
func TestANamesChannelIsAskedAgainFromTimeToTime(t *testing.T) {
	s := slacktest.New(t, slacktest.WithChannels(slacktest.Channel{ID: "C300", Name: "sales"}))
	n, err := NewSlack(config.Slack{Token: slacktest.DefaultToken, APIURL: s.URL}, SlackOptions{})
	require.NoError(t, err)
	t.Cleanup(n.Close)
	post := func(id string) (string, *Error) {
		r, err := n.Notify(t.Context(), Alert{ID: id, Destination: "#sales", Trackers: []Tracker{{Name: "x"}}})
		var failed *Error
		errors.As(err, &failed)
		return r.Channel, failed
	}
	posts := func(id, channel string) {
		t.Helper()
		got, failed := post(id)
		require.Nil(t, failed)
		require.Equal(t, channel, got)
	}
	posts("a1", "C300")
	s.Rename("C300", "old")
	posts("a2", "C300") // the id is still trusted

	n.idLife = 0
	posts("a3", "C300")
	n.idLife = time.Hour
	_, failed := post("a4")
	require.NotNil(t, failed, "nobody has the name")
	require.Equal(t, Transient, failed.Outcome)
	posts("a4", "C300") // it was renamed, which is no reason to stop

	n.idLife = 0
	posts("a5", "C300")
	s.AddChannel(slacktest.Channel{ID: "C301", Name: "sales"})
	n.idLife = time.Hour
	posts("a6", "C301")
	posts("a7", "C301")
}
