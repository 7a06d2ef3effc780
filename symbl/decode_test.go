package symbl_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(body), &v))
	return v
}

func TestIDsAreTextOrNumbers(t *testing.T) {
	require.Equal(t, symbl.Job{ConversationID: "5815170693595136", JobID: "7"}, decode[symbl.Job](t, `{"conversationId":5815170693595136,"jobId":"7"}`))
	require.Equal(t, "4476908732794496", decode[symbl.Tracker](t, `{"id":4.476908732794496e15}`).ID)
	require.Equal(t, "-3", decode[symbl.Person](t, `{"id":-3}`).ID)
	require.Equal(t, "1e400", decode[symbl.Person](t, `{"id":1e400}`).ID)
	require.Equal(t, symbl.Person{ID: "8", UserID: "9"}, decode[symbl.Person](t, `{"id":8,"userId":9}`))
	require.Empty(t, decode[symbl.Person](t, `{"id":null}`).ID)
	for _, bad := range []string{`{"id":true}`, `{"id":[]}`, `{"id":{}}`} {
		require.Error(t, json.Unmarshal([]byte(bad), new(symbl.Tracker)), bad)
		require.Error(t, json.Unmarshal([]byte(bad), new(symbl.MessageRef)), bad)
	}
}

func TestAMissingOffsetIsMinusOne(t *testing.T) {
	for body, want := range map[string]int{
		`{}`:                  -1,
		`{"offset":null}`:     -1,
		`{"offset":-1}`:       -1,
		`{"offset":-7}`:       -1,
		`{"offset":0}`:        0,
		`{"offset":67}`:       67,
		`{"offset":67.0}`:     67,
		`{"offset":"67"}`:     67,
		`{"offset":"x"}`:      -1,
		`{"offset":{}}`:       -1,
		`{"offset":1e99}`:     -1,
		`{"offset":1e999}`:    -1,
		`{"offset":"NaN"}`:    -1,
		`{"offset":"+Inf"}`:   -1,
		`null`:                -1,
		`{"offset":4,"x":[]}`: 4,
	} {
		require.Equal(t, want, decode[symbl.MessageRef](t, body).Offset, body)
		require.Equal(t, want, decode[symbl.InsightRef](t, body).Offset, body)
	}
}

func TestMissingListsAreEmpty(t *testing.T) {
	got := decode[symbl.TrackerResult](t, `{"id":1,"name":"N","matches":[{"value":"a"},{"value":"b","messageRefs":null,"insightRefs":null}]}`)
	require.Empty(t, cmp.Diff(symbl.TrackerResult{ID: "1", Name: "N", Matches: []symbl.Match{{Value: "a"}, {Value: "b"}}}, got))
	require.Empty(t, decode[symbl.TrackerResult](t, `{"matches":null}`).Matches)
}

func TestTheEnginesExtensionsAreRead(t *testing.T) {
	got := decode[symbl.MessageRef](t, `{"id":"1","text":"run a sale","offset":-1,"score":0.67,"words":["run","sale"]}`)
	require.Empty(t, cmp.Diff(symbl.MessageRef{ID: "1", Text: "run a sale", Offset: -1, Score: 0.67, Words: []string{"run", "sale"}}, got))
}

func TestTimesAreReadInTheUsualFormats(t *testing.T) {
	want := time.Date(2020, 7, 10, 11, 16, 21, 0, time.UTC)
	for _, text := range []string{
		"2020-07-10T11:16:21Z", "2020-07-10T11:16:21.000Z", "2020-07-10T13:16:21+02:00", "2020-07-10T13:16:21+0200",
		"2020-07-10T11:16:21", "2020-07-10T11:16:21.000000", "2020-07-10 11:16:21", "2020-07-10 11:16:21.000", "2020-07-10 11:16:21Z",
		"2020-07-10 11:16:21 +0000", "Fri, 10 Jul 2020 11:16:21 UTC", "Fri, 10 Jul 2020 11:16:21 +0000", "1594379781", "1594379781.0", "1594379781000",
	} {
		require.True(t, want.Equal(symbl.ParseTime(text)), "%q is %v", text, symbl.ParseTime(text))
	}
	for _, text := range []string{"", "null", "soon", "NaN", "1e18", "-1e300", "2020-13-41T00:00:00Z", "-62300000000", "1e15"} {
		require.True(t, symbl.ParseTime(text).IsZero(), "%q is %v", text, symbl.ParseTime(text))
	}
	for _, body := range []string{`"2020-07-10T13:16:21\u002B02:00"`, "1594379781", "1594379781000", `"1594379781"`} {
		m := decode[symbl.Message](t, `{"startTime":`+body+`,"endTime":`+body+`}`)
		require.True(t, want.Equal(m.StartTime), body)
		c := decode[symbl.Conversation](t, `{"startTime":`+body+`,"endTime":`+body+`}`)
		require.True(t, want.Equal(c.EndTime), body)
	}
	m := decode[symbl.Message](t, `{"id":"1","startTime":{},"endTime":null,"timeOffset":"5.9","duration":"x"}`)
	require.True(t, m.StartTime.IsZero())
	require.InEpsilon(t, 5.9, *m.TimeOffset, 1e-9)
	require.Nil(t, m.Duration)
}

// TestTypesSurviveTheWire checks that what is marshalled is read back as it
// was, and that marshalling is as the tags say.
func TestTypesSurviveTheWire(t *testing.T) {
	offset := 0.0
	at := time.Date(2020, 7, 10, 11, 16, 21, 24e6, time.UTC)
	survives(t, symbl.Tracker{ID: "1", Name: "N", Description: "d", Categories: []string{"c"}, Languages: []string{"en-US"}, Vocabulary: []string{"a"}, CreatedOn: "x", UpdatedOn: "y"},
		`{"id":"1","name":"N","description":"d","categories":["c"],"languages":["en-US"],"vocabulary":["a"],"createdOn":"x","updatedOn":"y"}`)
	survives(t, symbl.Job{ConversationID: "1", JobID: "2"}, `{"conversationId":"1","jobId":"2"}`)
	survives(t, symbl.JobStatus{ID: "1", Status: symbl.Failed, Error: "e"}, `{"id":"1","status":"failed","error":"e"}`)
	survives(t, symbl.TrackerResult{ID: "1", Name: "N", Matches: []symbl.Match{{
		Type: "vocabulary", Value: "v",
		MessageRefs: []symbl.MessageRef{{ID: "2", Text: "t"}, {ID: "3", Offset: -1, Score: 0.5, Words: []string{"w"}}},
		InsightRefs: []symbl.InsightRef{{ID: "4", Text: "u", Type: "question"}},
	}}}, `{"id":"1","name":"N","matches":[{"type":"vocabulary","value":"v","messageRefs":[{"id":"2","text":"t","offset":0},{"id":"3","text":"","offset":-1,"score":0.5,"words":["w"]}],"insightRefs":[{"id":"4","text":"u","offset":0,"type":"question"}]}]}`)
	survives(t, symbl.Message{ID: "1", Text: "t", From: symbl.Person{ID: "2", Name: "n", Email: "e", UserID: "3"}, StartTime: at, EndTime: at, TimeOffset: &offset, ConversationID: "5"},
		`{"id":"1","text":"t","from":{"id":"2","name":"n","email":"e","userId":"3"},"startTime":"2020-07-10T11:16:21.024Z","endTime":"2020-07-10T11:16:21.024Z","timeOffset":0,"conversationId":"5"}`)
	survives(t, symbl.Message{}, `{"id":"","text":"","from":{}}`)
	survives(t, symbl.Conversation{ID: "1", Type: "meeting", Name: "n", StartTime: at, Members: []symbl.Person{{ID: "2"}}},
		`{"id":"1","type":"meeting","name":"n","startTime":"2020-07-10T11:16:21.024Z","members":[{"id":"2"}]}`)
}

func survives[T any](t *testing.T, v T, wire string) {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	require.Equal(t, wire, string(data))
	require.Empty(t, cmp.Diff(v, decode[T](t, wire)))
}
