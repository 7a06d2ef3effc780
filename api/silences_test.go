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

func TestSilencesAreAddedListedAndDropped(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	var got events.Silence
	a.store.addSilence = func(q events.Silence) (events.Silence, error) {
		got = q
		q.ID = "abc"
		return q, nil
	}
	const path = "/api/silences?destination=%23a&for=2h&reason=why"
	require.Equal(t, http.StatusForbidden, do(a, request(http.MethodPost, path, "view")).Code)
	w := do(a, request(http.MethodPost, path, "op"))
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	require.Equal(t, "#a", got.Destination)
	require.Equal(t, "why", got.Reason)
	require.WithinDuration(t, time.Now().Add(2*time.Hour), got.Until, time.Minute)
	require.Contains(t, w.Body.String(), `"id":"abc"`)
	require.JSONEq(t, `{"silences":[]}`, do(a, request(http.MethodGet, "/api/silences", "view")).Body.String())

	dropped := ""
	a.store.dropSilence = func(id string) error {
		dropped = id
		return nil
	}
	require.Equal(t, http.StatusNoContent, do(a, request(http.MethodDelete, "/api/silences/abc", "op")).Code)
	require.Equal(t, "abc", dropped)
}

func TestASilenceNeedsAnEndAReasonAndSomethingToSilence(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	for query, field := range map[string]string{
		"destination=a&reason=r": "for", "destination=a&reason=r&for=-1h": "for", "destination=a&reason=r&for=9999h": "for",
		"reason=r&for=1h": "destination", "source=a&for=1h": "reason",
	} {
		w := do(a, request(http.MethodPost, "/api/silences?"+query, ""))
		require.Equal(t, http.StatusBadRequest, w.Code, query)
		var p api.Problem
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
		require.Equal(t, field, p.Field, query)
	}
}
