package api_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
)

func TestProgramsHearWhatTheRoutesDecide(t *testing.T) {
	a := filled(t)
	ask := func(token string) api.RouteList {
		var list api.RouteList
		require.NoError(t, json.Unmarshal(do(a, request("GET", "/api/recordings/calls.RE1/routes", token)).Body.Bytes(), &list))
		return list
	}
	list := ask("op").Trackers
	require.Equal(t, []string{"#a"}, list[0].Destinations)
	require.Equal(t, `the label desk is "+14155550188", not "a"`, list[0].Routes[0].Why[0])
	require.Equal(t, `the label desk is "+1 415 •••• 0188", not "a"`, ask("view").Trackers[0].Routes[0].Why[0], "a viewer sees no number")
	a.store.entry = func(key string) (events.Entry, error) { return events.Entry{Key: key}, nil }
	require.Empty(t, ask("op").Trackers, "they decide later")
}

func TestProgramsReadRawEventsWithoutTheirSecrets(t *testing.T) {
	a := filled(t)
	w := do(a, request("GET", "/api/recordings/calls.RE1/events", "op"))
	var raw console.Raw
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &raw))
	require.Equal(t, "calls.RE1", raw.Ledger.Key)
	require.Equal(t, "(secret)", raw.Ready.MediaURL)
	require.NotContains(t, w.Body.String(), "s3cret")
	require.Equal(t, events.DeedRead, a.store.deeds[1].Action)
	require.Equal(t, "calls.RE1", a.store.deeds[1].Object)
}

func TestProgramsTryATracker(t *testing.T) {
	a := filled(t)
	try := func(body string) (int, string) {
		r := request("POST", "/api/trackers/preview", "op")
		r.Body = io.NopCloser(strings.NewReader(body))
		w := do(a, r)
		return w.Code, w.Body.String()
	}
	code, body := try(`{"id":"T1","name":"Sale","vocabulary":["a sale"]}`)
	require.Equal(t, 200, code)
	var got console.Tryout
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Equal(t, console.TryoutSentence{Recording: "calls.RE1", Text: "we run a sale", Phrase: "a sale", Exact: true, New: true}, got.Found[0])
	require.Equal(t, console.TryoutSentence{Recording: "calls.RE1", Text: "a discount", Phrase: "a discount", Exact: true}, got.Lost[0])
	require.Equal(t, []int{1, 2, 1, 1, 1}, []int{got.Calls, got.Sentences, got.InCalls, got.Total, got.New})
	for body, want := range map[string]int{`{"name":"Sale"}`: 422, "": 400, `{"id":"T9","name":"Sale","vocabulary":["x"]}`: 404, `{"name":7}`: 400, `"` + strings.Repeat("x", 1<<20) + `"`: 413} {
		code, answer := try(body)
		require.Equal(t, want, code, "%.40s: %s", body, answer)
		if code == 422 {
			require.Contains(t, answer, `"field":"vocabulary"`)
		}
	}
	require.Len(t, a.store.deeds, 1, "nothing was changed")
}

func TestManyDeadLettersAreChangedAtOnce(t *testing.T) {
	a := filled(t)
	var done []uint64
	a.store.replayDead = func(id uint64) error { done = append(done, id); return nil }
	a.store.dropDead = func(id uint64) error {
		if id == 7 {
			return events.ErrNotFound
		}
		return events.ErrGone
	}
	a.store.deadLetters = func(cursor uint64, _ int) (events.DeadPage, error) {
		if cursor == 0 {
			return events.DeadPage{Letters: []events.DeadLetter{{ID: 9}, {ID: 8}}, Next: 8}, nil
		}
		return events.DeadPage{Letters: []events.DeadLetter{{ID: 5}}}, nil
	}
	require.JSONEq(t, `{"done":3,"failed":0,"left":0,"next":""}`, do(a, request("POST", "/api/dead/replay?all=true", "op")).Body.String())
	require.Equal(t, []uint64{8, 9, 5}, done)
	require.JSONEq(t, `{"done":0,"failed":1,"left":0,"next":""}`, do(a, request("DELETE", "/api/dead?id=7&id=8", "op")).Body.String())
	require.Len(t, a.store.deeds, 6, "each is a deed")
	require.Equal(t, "dead letter 8", a.store.deeds[1].Object)
	a.store.replayDead = func(id uint64) error {
		switch id {
		case 1, 2:
			return nil
		case 3:
			return events.ErrUnreadable
		}
		return events.ErrUnavailable
	}
	require.JSONEq(t, `{"done":2,"failed":1,"left":0,"next":""}`, do(a, request("POST", "/api/dead/replay?id=1&id=2&id=3", "op")).Body.String())
	w := do(a, request("POST", "/api/dead/replay?id=1&id=2&id=3&id=4", "op"))
	require.Equal(t, 503, w.Code)
	require.Contains(t, w.Body.String(), "nothing can be stored now; try again; before that, 2 dead letters changed and 1 could not be")
	w = do(a, request("POST", "/api/dead/3/replay", "op"))
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "drop it")
	w = do(a, request("POST", "/api/dead/replay?"+strings.Repeat("id=1&", 1001), "op"))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "1001 ids are too many: at most 1000 in one request")
}
