package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/events"
)

// contractKeys are the keys of a recording in the contract, and what else this
// version shows.
func contractKeys() (contract, more []string) {
	return []string{
		"key", "source", "id", "stage", "receivedAt", "jobId", "conversationId", "trackers", "alerts", "attempts", "error",
	}, []string{"call", "steps", "deadLetters"}
}

func TestEndToEndTheAdminAPIShowsRecordingsAsPromised(t *testing.T) {
	t.Parallel()
	s, slack := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)

	raw := map[string]json.RawMessage{}
	s.ask(http.MethodGet, "/api/recordings/"+key).decode(t, &raw)
	contract, more := contractKeys()
	require.ElementsMatch(t, append(contract, more...), slices.Collect(maps.Keys(raw)))
	channel := slack.Messages("#promotions")[0]
	var r struct {
		Key, Source, ID, Stage, JobID, ConversationID, Error string
		ReceivedAt                                           time.Time
		Trackers                                             []string
		Alerts                                               []map[string]any
		Attempts                                             map[string]int
	}
	s.ask(http.MethodGet, "/api/recordings/"+key).decode(t, &r)
	require.Equal(t, "calls.sale-1 calls sale-1 done", fmt.Sprint(r.Key, " ", r.Source, " ", r.ID, " ", r.Stage))
	require.WithinDuration(t, time.Now(), r.ReceivedAt, soon)
	require.NotEmpty(t, r.JobID)
	require.NotEmpty(t, r.ConversationID)
	require.Equal(t, []string{"Promotion Mention"}, r.Trackers)
	require.Empty(t, r.Error)
	require.Equal(t, map[string]int{"submit": 1, "await": 1, "route": 1, "notify": 1}, r.Attempts)
	require.Len(t, r.Alerts, 1)
	require.ElementsMatch(t, []string{"alertId", "destination", "channel", "ts", "postedAt", "feedback"}, slices.Collect(maps.Keys(r.Alerts[0])))
	require.Equal(t, "#promotions", r.Alerts[0]["destination"])
	require.Equal(t, channel.Channel, r.Alerts[0]["channel"])
	require.Equal(t, channel.TS, r.Alerts[0]["ts"])

	shown, listed := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal([]byte(s.must("recordings", "show", key, "--output", "json")), &shown))
	require.NoError(t, json.Unmarshal([]byte(s.must("recordings", "list", "--output", "json")), &listed))
	require.ElementsMatch(t, []string{"recordings", "next"}, slices.Collect(maps.Keys(listed)))
	require.JSONEq(t, string(listed["recordings"]), "["+string(mustJSON(t, shown))+"]")
	require.JSONEq(t, string(mustJSON(t, raw)), string(mustJSON(t, shown)), "the command shows what the API shows")
	requireProblem(t, s.ask(http.MethodGet, "/api/recordings/calls.nothing"), http.StatusNotFound, "")
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

func TestEndToEndListsArePaged(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	want := []string{}
	for i := range 7 {
		want = append(want, s.accept("calls", quietCall(fmt.Sprintf("n%d", i))))
	}
	for _, key := range want {
		s.waitStage(key, events.StageDone)
	}
	got := []string{}
	for _, r := range s.recordings("3") {
		got = append(got, r.Key)
	}
	require.ElementsMatch(t, want, got)

	var first, rest api.RecordingList
	require.NoError(t, json.Unmarshal([]byte(s.must("recordings", "list", "--limit", "4", "--output", "json")), &first))
	require.NotEmpty(t, first.Next)
	require.NoError(t, json.Unmarshal([]byte(s.must("recordings", "list", "--cursor", first.Next, "--output", "json")), &rest))
	require.Len(t, append(first.Recordings, rest.Recordings...), 7)
	require.Empty(t, rest.Next)
	requireProblem(t, s.ask(http.MethodGet, "/api/recordings?limit=none"), http.StatusBadRequest, "limit")
	requireProblem(t, s.ask(http.MethodGet, "/api/recordings?cursor=none"), http.StatusBadRequest, "cursor")
}

func TestEndToEndProgramsGetWhatTheConsoleShows(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	for _, id := range []string{"mute-1", "mute-2"} { // the engine hears nothing
		body := hook{ID: id, RecordingURL: recordings(t)}.json(t)
		require.Equal(t, http.StatusAccepted, s.do(http.MethodPost, s.public+"/webhooks/pbx", body, signature256(plainSecret, body)).status)
		s.waitStage("pbx."+id, events.StageDead)
	}
	var routes api.RouteList
	s.ask(http.MethodGet, "/api/recordings/"+key+"/routes").decode(t, &routes)
	require.Equal(t, []string{"#promotions"}, routes.Trackers[0].Destinations)
	require.Equal(t, []bool{false, false, true}, []bool{routes.Trackers[0].Routes[0].Matches, routes.Trackers[0].Routes[1].Matches, routes.Trackers[0].Routes[2].Matches})
	var raw console.Raw
	a := s.ask(http.MethodGet, "/api/recordings/pbx.mute-1/events")
	a.decode(t, &raw)
	require.Equal(t, "mute-1", raw.Ready.ID)
	require.Contains(t, string(a.body), `"mediaUrl":"(secret)"`)
	require.Equal(t, 1, deeds(s, events.DeedRead, "pbx.mute-1"))
	tried := s.do(http.MethodPost, s.admin+"/api/trackers/preview", []byte(`{"name":"Taken","vocabulary":["Then I take it"]}`), bearer(s.token))
	var tryout console.Tryout
	tried.decode(t, &tryout)
	require.Equal(t, key, tryout.Found[0].Recording, "%s", tried.body)
	require.Equal(t, 1, tryout.New)

	var bulk api.Bulk
	s.ask(http.MethodPost, "/api/dead/replay?all=true").decode(t, &bulk)
	require.Equal(t, api.Bulk{Done: 2}, bulk)
	for _, id := range []string{"3", "4"} { // they fail again
		require.Eventually(t, func() bool { return s.ask(http.MethodGet, "/api/dead/"+id).status == http.StatusOK }, soon, tick)
	}
	s.ask(http.MethodDelete, "/api/dead?all=true").decode(t, &bulk)
	require.Equal(t, api.Bulk{Done: 2}, bulk)
	require.Equal(t, 1, deeds(s, events.DeedDrop, "dead letter 3"))
	require.JSONEq(t, `{"dead":[],"next":""}`, string(s.ask(http.MethodGet, "/api/dead").body))
}

func TestEndToEndTokensGuardTheAdminListener(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", saleCall("sale-1"))
	s.waitStage(key, events.StageDone)
	const operator, viewer = "admin-token-of-the-test", "viewer-token-of-the-test"
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		require.Equal(t, http.StatusOK, s.status(s.admin+path), path)
	}
	for _, c := range []struct {
		method, path, token string
		status              int
	}{
		{"GET", "/api/recordings", "", 401}, {"GET", "/api/recordings", "wrong", 401}, {"GET", "/", "", 401},
		{"GET", "/api/recordings", viewer, 200}, {"GET", "/api/recordings", operator, 200}, {"GET", "/", viewer, 200},
		{"GET", "/api/dead", viewer, 200}, {"GET", "/api/engine/credentials", viewer, 403},
		{"POST", "/api/recordings/" + key + "/replay", "", 401}, {"POST", "/api/recordings/" + key + "/replay", viewer, 403},
		{"POST", "/api/dead/1/replay", viewer, 403}, {"DELETE", "/api/dead/1", viewer, 403},
		{"GET", "/v1/manage/trackers", operator, 401}, {"POST", "/webhooks/calls", operator, 404},
	} {
		a := s.do(c.method, s.admin+c.path, nil, bearer(c.token))
		require.Equal(t, c.status, a.status, "%s %s %q: %s", c.method, c.path, c.token, a.body)
	}
	read := func(token string) string {
		return string(s.do(http.MethodGet, s.admin+"/api/recordings/"+key, nil, bearer(token)).body)
	}
	require.Contains(t, read(operator), callerNumber)
	require.NotContains(t, read(viewer), callerNumber[1:], "viewers see masked numbers")
	require.Contains(t, read(viewer), "0137")
}

func TestEndToEndMetricsCountWhatHappened(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	s.waitStage(s.accept("calls", saleCall("sale-1")), events.StageDone)
	s.sendStandard("calls", saleCall("sale-1"))
	require.Eventually(t, func() bool { return s.metric("trackerbell_alerts_posted_total") == "1" }, soon, tick) // it is counted after it is noted
	text := string(s.do(http.MethodGet, s.admin+"/metrics", nil, nil).body)
	for _, preset := range []string{
		`trackerbell_dead_letters_total{reason="media"} 0`, `trackerbell_step_failures_total{step="submit"} 0`,
	} {
		require.Contains(t, text, preset)
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "trackerbell_webhook_to_alert_seconds_count 1"} {
		require.Contains(t, text, name)
	}
	require.NotContains(t, text, "sale-1", "labels come from closed sets")
}

func TestEndToEndAnOpenListenerNeedsAToken(t *testing.T) {
	t.Parallel()
	s := newService(t, strings.Replace(consoleConfig, `addr: "${ADMIN}"`, "addr: 0.0.0.0:0", 1))
	s.write("trackers.yaml", testTrackers)
	r := s.command("serve")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "trackerbell.yaml:3: admin.token: ")
}
