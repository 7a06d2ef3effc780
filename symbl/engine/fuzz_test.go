package engine_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

// valid checks that an answer is JSON with one of the codes that a body can
// bring about, and that a refusal has a message.
func valid(t *testing.T, status int, answer string) {
	t.Helper()
	require.True(t, json.Valid([]byte(answer)), answer)
	require.True(t, utf8.ValidString(answer))
	require.Contains(t, []int{200, 201, 400, 404, 409, 413, 422}, status, answer)
	if status >= http.StatusBadRequest {
		require.NotEmpty(t, field[string](t, answer, "message"))
	}
}

func FuzzProcessText(f *testing.F) {
	a := call(f, newEngine(f, connect(f, startNATS(f)), engine.Config{}))
	f.Add(says("We're running a sale"), "", "")
	f.Add(`{"messages":[{"payload":{"content":"x"},"from":{"name":"A"},"duration":{"startTime":"2020-07-21T16:02:19.010Z"}}],"trackers":[{"name":"n","vocabulary":["v"]}]}`, "enableAllTrackers=false&trackers=[]", "k")
	f.Add(`{"messages":null,"name":1}`, "a=%00&=b", "")
	f.Add(says("x"), "name=[2]&startTime=9999-12-31T23:59:59-12:00", "")
	f.Add(`{"messages":[{"payload":{"content":"x"},"duration":{"startTime":"9999-12-31T23:59:59Z"}}]}`, "startTime=0000-01-01T00:00:00Z", "")
	f.Add(`[[[[`, ";", "\x00")
	f.Fuzz(func(t *testing.T, body, query, key string) {
		a := *a
		a.t = t
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		var headers []string
		if http.CanonicalHeaderKey(key) == key && key != "" && len(key) < 300 {
			headers = []string{keyHeader, key}
		}
		status, answer := a.do(http.MethodPost, "/v1/process/text?"+values.Encode(), body, headers...)
		valid(t, status, answer)
	})
}

func FuzzTrackers(f *testing.F) {
	a := call(f, newEngine(f, connect(f, startNATS(f)), engine.Config{MaxTrackers: 50}))
	id := a.track("fixed", "x")
	f.Add(promotionTracker)
	f.Add(`[{"name":"A","vocabulary":["a"]},{"name":"B","vocabulary":["b"],"languages":["en-US"]}]`)
	f.Add(`[{"op":"replace","path":"/vocabulary","value":["a"]},{"op":"remove","path":"/description"}]`)
	f.Add(`{"name":"\ud800","vocabulary":["\u0000"],"categories":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		a := *a
		a.t = t
		for path, method := range map[string]string{
			"/v1/manage/trackers":       http.MethodPost,
			"/v1/manage/trackers/bulk":  http.MethodPost,
			"/v1/manage/tracker/" + id:  http.MethodPut,
			"/v1/manage/trackers/" + id: http.MethodPatch,
		} {
			status, answer := a.do(method, path, body)
			valid(t, status, answer)
		}
		for _, tracker := range many(t, a.ok(http.MethodGet, "/v1/manage/trackers", "")) {
			require.NotEmpty(t, tracker.Name)
			require.NotEmpty(t, tracker.Vocabulary)
		}
	})
}
