package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), got))
}

func sampleEntry() events.Entry {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	return events.Entry{
		Key: "calls.RE1", Source: "calls", ID: "RE1", ReceivedAt: at, Stage: events.StageProcessed,
		Call: notify.Call{
			Source: "calls", Direction: "inbound", From: "+14155550137", To: "+442079460018", Agent: "Ann",
			StartedAt: at.Add(-time.Minute), Seconds: 61.5, Labels: map[string]string{"team": "support"},
		},
		JobID: "J1", ConversationID: "C1", Trackers: []string{"Promotion Mention"},
		Alerts: []events.AlertRecord{
			{AlertID: "A1", Destination: "#promotions", Post: events.Post{Channel: "C0123", TS: "1700000000.000100", PostedAt: at.Add(time.Second)}},
			{AlertID: "A2", Destination: "#call-alerts"},
		},
		Attempts: map[string]int{"notify": 3}, Error: "channel_not_found", DeadLetters: []uint64{7},
		Steps: []events.StepTime{{Step: "submit", At: at}},
	}
}

func TestRecordingAsJSON(t *testing.T) {
	for name, e := range map[string]events.Entry{
		"full.json":  sampleEntry(),
		"empty.json": {Key: "calls.RE2", Source: "calls", ID: "RE2", Stage: events.StageReady, ReceivedAt: sampleEntry().ReceivedAt},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.MarshalIndent(api.View(e), "", "  ")
			require.NoError(t, err)
			golden(t, name, string(text)+"\n")
		})
	}
}

func TestRecordingsAreListedInPages(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	var cursor uint64
	var limit int
	a.store.entries = func(c uint64, l int) (events.Page, error) {
		cursor, limit = c, l
		return events.Page{Entries: []events.Entry{sampleEntry()}, Next: 41}, nil
	}
	for query, want := range map[string][2]int{
		"": {0, 50}, "?limit=2": {0, 2}, "?limit=500": {0, 500}, "?limit=100000": {0, 500}, "?cursor=41&limit=1": {41, 1}, "?cursor=": {0, 50},
	} {
		w := get(a, "/api/recordings"+query)
		require.Equal(t, 200, w.Code)
		require.Equal(t, want, [2]int{int(cursor), limit}, query)
		var page api.RecordingList
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
		require.Equal(t, "41", page.Next)
		require.Equal(t, "+14155550137", page.Recordings[0].Call.From)
	}

	a.store.entries = nil
	require.JSONEq(t, `{"recordings":[],"next":""}`, get(a, "/api/recordings").Body.String())

	for query, field := range map[string]string{
		"?limit=0": "limit", "?limit=-1": "limit", "?limit=many": "limit", "?cursor=x": "cursor", "?cursor=-1": "cursor",
	} {
		w := get(a, "/api/recordings"+query)
		require.Equal(t, 400, w.Code, query)
		var p api.Problem
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
		require.Equal(t, field, p.Field, query)
	}
}

func TestOneRecordingIsShown(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	a.store.entry = func(key string) (events.Entry, error) {
		if key != "calls.=abc" {
			return events.Entry{}, events.ErrNotFound
		}
		return sampleEntry(), nil
	}
	for _, path := range []string{"/api/recordings/calls.=abc", "/api/recordings/calls.%3Dabc"} {
		w := get(a, path)
		require.Equal(t, 200, w.Code, path)
		var v api.RecordingView
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
		require.Empty(t, cmp.Diff(api.View(sampleEntry()), v))
	}
	for _, path := range []string{"/api/recordings/calls.other", "/api/recordings/calls.=abc/more", "/api/recordings/%25zz"} {
		w := get(a, path)
		require.Equal(t, 404, w.Code, path)
		requireProblem(t, w, `{"title":"Not Found","status":404}`)
	}
}

func TestViewerSeesNoNumbers(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	a.store.entry = func(string) (events.Entry, error) { return sampleEntry(), nil }
	a.store.entries = func(uint64, int) (events.Page, error) {
		return events.Page{Entries: []events.Entry{sampleEntry()}}, nil
	}
	for _, path := range []string{"/api/recordings", "/api/recordings/calls.RE1"} {
		seen := do(a, request(http.MethodGet, path, "view")).Body.String()
		require.NotContains(t, seen, "4155550137")
		require.NotContains(t, seen, "2079460018")
		require.Contains(t, seen, notify.Mask("+14155550137"))
		require.Contains(t, do(a, request(http.MethodGet, path, "op")).Body.String(), "+14155550137")
	}
}

func TestWhatWasFoundIsShownWithNumbersForOperatorsOnly(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{Token: "op", ViewerToken: "view"})
	a.store.found = func(key string) (events.Processed, error) {
		require.Equal(t, "calls.RE1", key)
		return events.Processed{Call: notify.Call{Source: "calls", From: "+14155550137"}, TrackersRef: "matches/1"}, nil
	}
	require.JSONEq(t, `{"call":{"source":"calls","from":"+1 415 •••• 0137"},"trackers":[]}`,
		do(a, request(http.MethodGet, "/api/recordings/calls.RE1/matches", "view")).Body.String())
	require.Contains(t, do(a, request(http.MethodGet, "/api/recordings/calls.RE1/matches", "op")).Body.String(), "+14155550137")
	a.store.found = func(string) (events.Processed, error) { return events.Processed{}, events.ErrGone }
	require.Equal(t, http.StatusGone, do(a, request(http.MethodGet, "/api/recordings/calls.RE1/matches", "op")).Code)
}

func TestRecordingIsReplayed(t *testing.T) {
	a := newAdmin(t, api.AdminConfig{})
	got := ""
	a.store.replayRecording = func(key string) error {
		got = key
		return nil
	}
	w := do(a, request(http.MethodPost, "/api/recordings/calls.%3Dabc/replay", ""))
	require.Equal(t, 202, w.Code)
	require.JSONEq(t, `{"recording":"calls.=abc"}`, w.Body.String())
	require.Equal(t, "calls.=abc", got)
}

func TestErrorsOfTheStore(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		logged int
	}{
		"not found":  {events.ErrNotFound, 404, 0},
		"aged out":   {events.ErrGone, 410, 0},
		"away":       {events.ErrUnavailable, 503, 0},
		"too slow":   {context.DeadlineExceeded, 503, 0},
		"unforeseen": {errors.New("decode ledger entry: s3cret"), 500, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAdmin(t, api.AdminConfig{})
			a.store.entry = func(string) (events.Entry, error) { return events.Entry{}, c.err }
			a.store.entries = func(uint64, int) (events.Page, error) { return events.Page{}, c.err }
			a.store.replayRecording = func(string) error { return c.err }
			a.store.deadLetters = func(uint64, int) (events.DeadPage, error) { return events.DeadPage{}, c.err }
			a.store.deadLetter = func(uint64) (events.DeadLetter, error) { return events.DeadLetter{}, c.err }
			a.store.replayDead = func(uint64) error { return c.err }
			a.store.dropDead = func(uint64) error { return c.err }
			for i, r := range []*http.Request{
				request("GET", "/api/recordings", ""), request("GET", "/api/recordings/k", ""), request("POST", "/api/recordings/k/replay", ""),
				request("GET", "/api/dead", ""), request("GET", "/api/dead/1", ""), request("POST", "/api/dead/1/replay", ""), request("DELETE", "/api/dead/1", ""),
			} {
				w := do(a, r)
				require.Equal(t, c.status, w.Code, r.URL.Path)
				require.NotContains(t, w.Body.String(), "s3cret")
				require.Equal(t, c.logged*(i+1), a.logs.FilterMessage("request failed").Len())
			}
		})
	}
}
