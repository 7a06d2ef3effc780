package api_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

// lister is a provider with a list.
type lister struct {
	provider
	page source.Page
	err  error
}

func (l *lister) List(context.Context, time.Time, string, source.Client) (source.Page, error) {
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
		{good, "op", errors.New("no route to host"), 503},
	} {
		l.err = c.err
		require.Equal(t, c.status, do(a, request(http.MethodPost, c.path, c.token)).Code, "%s %q %v", c.path, c.token, c.err)
	}
	without := newAdmin(t, api.AdminConfig{Token: "op"})
	require.Equal(t, 404, do(without, request(http.MethodPost, good, "op")).Code)
}
