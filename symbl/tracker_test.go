package symbl_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// created is the documentation's answer to POST /v1/manage/tracker.
const created = `{"tracker":{"id":"4476908732794496","name":"Promotion Mention","vocabulary":["We have a special promotion going on if you book this before","We have a sale right now on"]}}`

func promotionMention() symbl.Tracker {
	return symbl.Tracker{ID: "4476908732794496", Name: "Promotion Mention", Vocabulary: []string{"We have a special promotion going on if you book this before", "We have a sale right now on"}}
}

// given is a tracker with all that a caller may set, and what it may not.
func given() symbl.Tracker {
	return symbl.Tracker{
		ID: "1", Name: "N", Description: "d", Categories: []string{"c"}, Languages: []string{"en-US"}, Vocabulary: []string{"a", "b"},
		CreatedOn: "yesterday", UpdatedOn: "today",
	}
}

const (
	draft1 = `{"name":"N","vocabulary":["a","b"]}`
	draft2 = `{"name":"N","description":"d","categories":["c"],"languages":["en-US"],"vocabulary":["a","b"]}`
)

// TestManagementSpeaksBothGenerations checks path, method and body of every
// management call.
func TestManagementSpeaksBothGenerations(t *testing.T) {
	list := `{"trackers":[` + created[len(`{"tracker":`):len(created)-1] + `]}`
	type call func(*symbl.Client) (any, error)
	one, all := promotionMention(), []symbl.Tracker{promotionMention()}
	for _, tt := range []struct {
		name       string
		generation int
		call       call
		line, body string
		answer     answer
		want       any
	}{
		{"create", 1, create(given()), "POST /v1/manage/tracker", draft1, ok(created), one},
		{"create", 2, create(given()), "POST /v1/manage/trackers", draft2, answer{status: 201, body: created}, one},
		{"create with nothing but a name", 2, create(symbl.Tracker{Name: "N"}), "POST /v1/manage/trackers", `{"name":"N","vocabulary":[]}`, ok(created), one},
		{"create in bulk", 1, createAll(given(), given()), "POST /v1/manage/trackers", "[" + draft1 + "," + draft1 + "]", ok(list), all},
		{"create in bulk", 2, createAll(given(), given()), "POST /v1/manage/trackers/bulk", "[" + draft2 + "," + draft2 + "]", ok(list), all},
		{"list", 1, list1, "GET /v1/manage/trackers", "", ok(list), all},
		{"list", 2, list1, "GET /v1/manage/trackers", "", ok(list), all},
		{"get", 1, get("44"), "GET /v1/manage/tracker/44", "", ok(created), one},
		{"get", 2, get("44"), "GET /v1/manage/trackers/44", "", ok(created), one},
		{"update", 1, update("44", given()), "PUT /v1/manage/tracker/44", `{"id":"44","name":"N","vocabulary":["a","b"]}`, ok(created), one},
		{"update", 2, update("44", given()), "PATCH /v1/manage/trackers/44", `[
			{"op":"replace","path":"/name","value":"N"},
			{"op":"replace","path":"/description","value":"d"},
			{"op":"replace","path":"/categories","value":["c"]},
			{"op":"replace","path":"/languages","value":["en-US"]},
			{"op":"replace","path":"/vocabulary","value":["a","b"]}]`, ok(created), one},
		{"update a sensitivity", 2, update("44", symbl.Tracker{Name: "N", Sensitivity: "strict"}), "PATCH /v1/manage/trackers/44", `[
			{"op":"replace","path":"/name","value":"N"},
			{"op":"replace","path":"/description","value":""},
			{"op":"replace","path":"/categories","value":[]},
			{"op":"replace","path":"/languages","value":[]},
			{"op":"replace","path":"/vocabulary","value":[]},
			{"op":"replace","path":"/sensitivity","value":"strict"}]`, ok(created), one},
		{"update clears what is not given", 2, update("44", symbl.Tracker{Name: "N"}), "PATCH /v1/manage/trackers/44", `[
			{"op":"replace","path":"/name","value":"N"},
			{"op":"replace","path":"/description","value":""},
			{"op":"replace","path":"/categories","value":[]},
			{"op":"replace","path":"/languages","value":[]},
			{"op":"replace","path":"/vocabulary","value":[]}]`, ok(created), one},
		{"update answered with 204", 2, update("44", symbl.Tracker{Name: "N"}), "PATCH /v1/manage/trackers/44", "", answer{status: 204}, symbl.Tracker{ID: "44", Name: "N", Vocabulary: []string{}}},
		{"delete", 1, remove("44"), "DELETE /v1/manage/tracker/44", "", ok(`{"id":"5929848712719472","type":"tracker","deleted":true}`), nil},
		{"delete", 2, remove("44"), "DELETE /v1/manage/trackers/44", "", answer{status: 204}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, map[string][]answer{tt.line: {tt.answer}})
			got, err := tt.call(client(t, f.URL, generation(tt.generation)))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(tt.want, got))
			sent := f.only(t)
			require.Equal(t, tt.line, sent.line())
			if tt.body != "" {
				require.JSONEq(t, tt.body, sent.Body)
				require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			}
		})
	}
}

func create(t symbl.Tracker) func(*symbl.Client) (any, error) {
	return func(c *symbl.Client) (any, error) { return c.CreateTracker(context.Background(), t) }
}

func createAll(list ...symbl.Tracker) func(*symbl.Client) (any, error) {
	return func(c *symbl.Client) (any, error) { return c.CreateTrackers(context.Background(), list) }
}

func list1(c *symbl.Client) (any, error) { return c.Trackers(context.Background()) }

func get(id string) func(*symbl.Client) (any, error) {
	return func(c *symbl.Client) (any, error) { return c.Tracker(context.Background(), id) }
}

func update(id string, t symbl.Tracker) func(*symbl.Client) (any, error) {
	return func(c *symbl.Client) (any, error) { return c.UpdateTracker(context.Background(), id, t) }
}

func remove(id string) func(*symbl.Client) (any, error) {
	return func(c *symbl.Client) (any, error) { return nil, c.DeleteTracker(context.Background(), id) }
}

func TestTrackersAreReadInEveryShape(t *testing.T) {
	object := created[len(`{"tracker":`) : len(created)-1]
	for name, body := range map[string]string{
		"under tracker":  created,
		"under trackers": `{"trackers":[` + object + `]}`,
		"bare":           object,
		"bare array":     `[` + object + `]`,
		"numeric id":     `{"tracker":{"id":4476908732794496,"name":"Promotion Mention","vocabulary":["We have a special promotion going on if you book this before","We have a sale right now on"],"categories":null,"createdOn":null}}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string][]answer{"GET /v1/manage/trackers/7": {ok(body)}, "GET /v1/manage/trackers": {ok(body)}})
			c := client(t, f.URL)
			one, err := c.Tracker(t.Context(), "7")
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(promotionMention(), one))
			all, err := c.Trackers(t.Context())
			require.NoError(t, err)
			require.Empty(t, cmp.Diff([]symbl.Tracker{promotionMention()}, all))
		})
	}
	for _, body := range []string{"", "{}", "null", "[]", `{"tracker":{}}`, `{"trackers":[]}`, `{"trackers":[{"name":"no id"}]}`} {
		f := serve(t, map[string][]answer{"POST /v1/manage/trackers": {ok(body)}})
		_, err := client(t, f.URL).CreateTracker(t.Context(), given())
		require.Equal(t, symbl.Transient, failure(t, err).Class, "%s", body)
	}
}

func TestTrackerByNameIsExact(t *testing.T) {
	const body = `{"trackers":[{"id":"1","name":"promotion & sale"},{"id":"2","name":"Promotion & Sale"},{"id":"3","name":"Other"}]}`
	f := serve(t, map[string][]answer{"GET /v1/manage/trackers": {ok(body)}})
	c := client(t, f.URL)
	got, found, err := c.TrackerByName(t.Context(), "Promotion & Sale")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "2", got.ID)
	require.Equal(t, "GET /v1/manage/trackers?name=Promotion+%26+Sale", f.only(t).line())

	_, found, err = c.TrackerByName(t.Context(), "PROMOTION & SALE")
	require.NoError(t, err)
	require.False(t, found)

	_, found, err = client(t, serve(t, nil).URL).TrackerByName(t.Context(), "x")
	require.NoError(t, err, "some servers answer 404 to a name they do not know")
	require.False(t, found)

	broken := serve(t, map[string][]answer{"GET /v1/manage/trackers": {{status: 500}}})
	_, _, err = client(t, broken.URL).TrackerByName(t.Context(), "x")
	require.Equal(t, symbl.Transient, failure(t, err).Class)
}

func TestManagementErrorsKeepTheirStatus(t *testing.T) {
	f := serve(t, map[string][]answer{
		"POST /v1/manage/trackers":     {{status: 409, body: `{"message":"name exists"}`}},
		"DELETE /v1/manage/trackers/7": {ok(`{"id":"7","type":"tracker","deleted":false}`)},
	})
	c := client(t, f.URL)
	_, err := c.CreateTracker(t.Context(), given())
	e := failure(t, err)
	require.Equal(t, symbl.Permanent, e.Class)
	require.Equal(t, http.StatusConflict, e.Status)
	require.EqualError(t, err, "symbl: create tracker: 409 Conflict: name exists")
	require.Error(t, c.DeleteTracker(t.Context(), "7"))
	require.Equal(t, symbl.NotFound, failure(t, c.DeleteTracker(t.Context(), "8")).Class)
}

func TestNoTrackersAreCreatedWithoutACall(t *testing.T) {
	f := serve(t, nil)
	got, err := client(t, f.URL).CreateTrackers(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, got)
	require.Empty(t, f.got)
}

func TestOneManagementWriteRunsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, reads atomic.Int32
		c := client(t, "http://symbl.test", through(withToken(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				reads.Add(1)
				return reply(r, http.StatusOK, created), nil
			}
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			<-time.After(time.Second)
			return reply(r, http.StatusOK, created), nil
		})))
		began := time.Now()
		var all []<-chan error
		for _, call := range []func(*symbl.Client) (any, error){create(given()), createAll(given()), update("7", given()), remove("7")} {
			all = append(all, later(func() error {
				_, err := call(c)
				return err
			}))
		}
		synctest.Wait()
		_, err := c.Tracker(t.Context(), "7")
		require.NoError(t, err)
		require.Zero(t, time.Since(began), "reads do not wait")

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err = c.DeleteTracker(ctx, "7")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, failure(t, err).Definite, "it waited for its turn only")

		for _, one := range all {
			require.NoError(t, <-one)
		}
		require.EqualValues(t, 1, most.Load())
		require.Equal(t, 4*time.Second, time.Since(began))
	})
}
