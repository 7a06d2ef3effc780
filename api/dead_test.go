package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
)

func sampleLetter() events.DeadLetter {
	return events.DeadLetter{
		ID: 7, Step: events.StepSubmit, Reason: events.ReasonMedia, Error: "is not audio", Recording: "calls.RE1", Attempts: 1,
		At: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Subject: "recordings.ready.calls",
		Event: json.RawMessage(`{"data":{"mediaUrl":"https://media.example.com/s3cret"}}`),
	}
}

func TestDeadLettersAreListedWithoutTheirEvents(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	var cursor uint64
	var limit int
	a.store.deadLetters = func(c uint64, l int) (events.DeadPage, error) {
		cursor, limit = c, l
		return events.DeadPage{Letters: []events.DeadLetter{sampleLetter()}, Next: 7}, nil
	}
	w := get(a, "/api/dead?limit=1&cursor=9")
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"dead":[{"id":7,"stage":"submit","reason":"media","error":"is not audio","recording":"calls.RE1",
		"attempts":1,"at":"2026-03-01T10:00:00Z","subject":"recordings.ready.calls"}],"next":"7"}`, w.Body.String())
	require.Equal(t, uint64(9), cursor)
	require.Equal(t, 1, limit)

	a.store.deadLetters = nil
	require.JSONEq(t, `{"dead":[],"next":""}`, get(a, "/api/dead").Body.String())
	require.Equal(t, 400, get(a, "/api/dead?limit=x").Code)
}

func TestOnlyTheOperatorSeesTheEventOfADeadLetter(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	a.store.deadLetter = func(uint64) (events.DeadLetter, error) { return sampleLetter(), nil }
	w := do(a, request(http.MethodGet, "/api/dead/7", "op"))
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "mediaUrl")
	w = do(a, request(http.MethodGet, "/api/dead/7", "view"))
	require.Equal(t, 200, w.Code)
	require.NotContains(t, w.Body.String(), "s3cret")
	require.Contains(t, w.Body.String(), "is not audio")
}

func TestDeadLetterIsReplayedAndDropped(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	var replayed, dropped []uint64
	a.store.replayDead = func(id uint64) error { replayed = append(replayed, id); return nil }
	a.store.dropDead = func(id uint64) error { dropped = append(dropped, id); return nil }

	w := do(a, request(http.MethodPost, "/api/dead/7/replay", ""))
	require.Equal(t, 202, w.Code)
	require.JSONEq(t, `{"id":7}`, w.Body.String())
	w = do(a, request(http.MethodDelete, "/api/dead/8", ""))
	require.Equal(t, 204, w.Code)
	require.Empty(t, w.Body.String())
	require.Equal(t, []uint64{7}, replayed)
	require.Equal(t, []uint64{8}, dropped)

	for _, id := range []string{"x", "-1", "1.5", "99999999999999999999"} {
		require.Equal(t, 404, get(a, "/api/dead/"+id).Code, id)
		require.Equal(t, 404, do(a, request(http.MethodPost, "/api/dead/"+id+"/replay", "")).Code, id)
		require.Equal(t, 404, do(a, request(http.MethodDelete, "/api/dead/"+id, "")).Code, id)
	}
	require.Len(t, replayed, 1)
	require.Len(t, dropped, 1)
}
