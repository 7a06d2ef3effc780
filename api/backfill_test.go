package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// lister is a provider with a list.
type lister struct {
	provider
	page  source.Page
	since time.Time
	err   error
}

func (l *lister) List(_ context.Context, since time.Time, _ string, _ source.Client) (source.Page, error) {
	l.since = since
	return l.page, l.err
}

func TestABackfillTakesRecordingsInAsTheirWebhooksDo(t *testing.T) {
	p := newPublic(t)
	l := &lister{page: source.Page{Recordings: []events.Recording{{ID: "RE1"}, {ID: "RE2"}}, Unusable: 1, Next: "2"}}
	p.server.Renew(map[string]api.Source{"calls": {Provider: l, Config: config.Source{Name: "calls", Provider: "twilio", Labels: map[string]string{"team": "sales"}}}}, "")
	var taken []events.Recording
	p.intake.accept = func(_ context.Context, r events.Recording) (bool, error) {
		taken = append(taken, r)
		return r.ID == "RE1", nil
	}
	q := api.BackfillQuery{Source: "calls", Since: time.Now().Add(-time.Hour)}
	page, err := p.server.Backfill(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, api.BackfillPage{
		Recordings: []api.Accepted{{Recording: "calls.RE1", Duplicate: true}, {Recording: "calls.RE2"}}, Unusable: 1, Next: "2",
	}, page)
	require.Equal(t, "twilio", taken[1].Provider)
	require.Equal(t, map[string]string{"team": "sales"}, taken[1].Labels)
	require.False(t, taken[1].ReceivedAt.IsZero())

	require.Equal(t, q.Since.Add(-4*time.Hour), l.since, "a call's webhook comes when it is over")

	q.DryRun = true
	page, err = p.server.Backfill(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, page.Recordings, 2)
	require.Len(t, taken, 2, "a dry run takes nothing in")
}

func TestAnswersToABackfill(t *testing.T) {
	p := newPublic(t)
	l := &lister{}
	p.server.Renew(map[string]api.Source{"calls": {Provider: l}, "plain": {Provider: p.provider}}, "")
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"}, func(d *api.AdminDeps) { d.Backfill = p.server.Backfill })
	const good = "/api/sources/calls/backfill?since=2026-11-01T00:00:00Z"
	for _, c := range []struct {
		path, token string
		err         error
		status      int
	}{
		{good, "op", nil, 200},
		{good, "view", nil, 403},
		{good, "", nil, 401},
		{"/api/sources/calls/backfill?since=yesterday", "op", nil, 400},
		{"/api/sources/nowhere/backfill?since=2026-11-01T00:00:00Z", "op", nil, 404},
		{"/api/sources/plain/backfill?since=2026-11-01T00:00:00Z", "op", nil, 422},
		{good, "op", &events.StatusError{Status: http.StatusTooManyRequests, From: "its list"}, 503},
		{good, "op", &events.StatusError{Status: http.StatusForbidden, From: "its list"}, 502},
		{good, "op", &safehttp.Error{Kind: safehttp.Transient, Target: "https://api.example.com", Reason: "timed out"}, 502},
		{good, "op", errors.New("it gives no token"), 502},
	} {
		l.err = c.err
		require.Equal(t, c.status, do(a, request(http.MethodPost, c.path, c.token)).Code, "%s %q %v", c.path, c.token, c.err)
	}
	without := newAdmin(t, api.AdminConfig{Token: "op"})
	require.Equal(t, 404, do(without, request(http.MethodPost, good, "op")).Code)
}

// TestAProviderThatCannotBeReachedIsNotAStoreThatCannotStore has the operator
// look in the right place.
func TestAProviderThatCannotBeReachedIsNotAStoreThatCannotStore(t *testing.T) {
	p := newPublic(t)
	l := &lister{}
	p.server.Renew(map[string]api.Source{"calls": {Provider: l}}, "")
	a := newAdmin(t, api.AdminConfig{Token: "op"}, func(d *api.AdminDeps) { d.Backfill = p.server.Backfill })
	ask := func(list, store error) (answer, retryAfter string) {
		l.err, l.page.Recordings = list, []events.Recording{{ID: "RE1"}}
		p.intake.accept = refuse(store)
		w := do(a, request(http.MethodPost, "/api/sources/calls/backfill?since=2026-11-01T00:00:00Z", "op"))
		return w.Body.String(), w.Header().Get("Retry-After")
	}
	cause := &url.Error{Op: "Get", URL: "https://api.example.com/list?token=hush", Err: errors.New("hush")}
	reach := func(kind safehttp.Kind, reason string) error {
		return fmt.Errorf("ask its list: %w", &safehttp.Error{Kind: kind, Target: "https://api.example.com", Reason: reason, Err: cause})
	}
	for _, c := range []struct {
		list, store   error
		answer, after string
	}{
		{reach(safehttp.Transient, "timed out"), nil, `{"title":"Bad Gateway","status":502,"detail":"ask its list: https://api.example.com: timed out; try again"}`, "5"},
		{reach(safehttp.Refused, "the address is not public"), nil, `{"title":"Bad Gateway","status":502,"detail":"ask its list: https://api.example.com: the address is not public"}`, ""},
		{errors.New("its token endpoint gives no token"), nil, `{"title":"Bad Gateway","status":502,"detail":"its token endpoint gives no token"}`, ""},
		{nil, events.ErrUnavailable, `{"title":"Service Unavailable","status":503,"detail":"nothing can be stored now; try again"}`, "5"},
	} {
		answer, after := ask(c.list, c.store)
		require.JSONEq(t, c.answer, answer)
		require.Equal(t, c.after, after, answer)
	}
}
