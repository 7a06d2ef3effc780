package engine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

func TestTextFlowsToTheTrackersThatWereFound(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	promotion := a.track("Promotion Mention", "run sale", "not mentioned", "Right now")
	a.track("Silence", "never said")
	job := a.submit(`{
		"name": "call 7", "languageCode": "en-US", "enableAllTrackers": "true", "conversationType": ["sales"],
		"metadata": {"prospectName": "P"}, "features": {}, "confidenceThreshold": 0.6, "detectPhrases": "true",
		"messages": [
			{"payload": {"content": "Hello there", "contentType": "text/plain"},
			 "from": {"name": "Ann", "userId": "ann@example.com"},
			 "duration": {"startTime": "2020-07-21T16:02:19.010Z", "endTime": "2020-07-21T16:02:20.010Z"}},
			{"payload": {"content": "We're running a sale right now"},
			 "from": {"name": "Bob", "email": "bob@example.com"},
			 "duration": {"startTime": "2020-07-21T18:02:21.510+02:00", "endTime": "2020-07-21T18:02:24.510+02:00"}},
			{"payload": {"content": "Right now?"}, "from": {"name": "Ann", "userId": "ann@example.com"}}
		]}`)
	require.Regexp(t, `^\d{1,16}$`, job.ConversationID)
	require.Regexp(t, `^[0-9a-f-]{36}$`, job.JobID)
	require.Equal(t, symbl.JobStatus{ID: job.JobID, Status: symbl.Completed}, a.await(job, symbl.Completed))

	messages := a.messages(job.ConversationID)
	require.Len(t, messages, 3)
	require.Equal(t, "2020-07-21T16:02:21.51Z", messages[1].StartTime.Format(time.RFC3339Nano))
	require.InDelta(t, 2.5, *messages[1].TimeOffset, 1e-9)
	require.InDelta(t, 3, *messages[1].Duration, 1e-9)
	require.Equal(t, messages[1].EndTime, messages[2].StartTime, "no time of its own: right after")
	require.Equal(t, job.ConversationID, messages[0].ConversationID)
	require.Equal(t, messages[0].From, messages[2].From)
	require.NotEqual(t, messages[0].From.ID, messages[1].From.ID)
	require.Equal(t, "bob@example.com", messages[1].From.Email)

	ref := func(m symbl.Message, offset int, score float64, words ...string) symbl.MessageRef {
		return symbl.MessageRef{ID: m.ID, Text: m.Text, Offset: offset, Score: score, Words: words}
	}
	none := []symbl.InsightRef{}
	questions := field[[]symbl.InsightRef](t, a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID+"/questions", ""), "questions")
	require.Len(t, questions, 1)
	asked := []symbl.InsightRef{{ID: questions[0].ID, Text: "Right now?", Offset: 0, Type: "question"}}
	found := a.detected(job.ConversationID)
	similar := found[0].Matches[0].MessageRefs[0].Score
	require.Greater(t, similar, 0.5)
	require.Less(t, similar, 1.0)
	want := []symbl.TrackerResult{{ID: promotion, Name: "Promotion Mention", Matches: []symbl.Match{
		{Type: "vocabulary", Value: "run sale", InsightRefs: none, MessageRefs: []symbl.MessageRef{ref(messages[1], -1, similar, "running", "sale")}},
		{Type: "vocabulary", Value: "Right now", InsightRefs: asked, MessageRefs: []symbl.MessageRef{ref(messages[1], 21, 1), ref(messages[2], 0, 1)}},
	}}}
	require.Empty(t, cmp.Diff(want, found))
	require.JSONEq(t,
		a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID+"/trackers", ""),
		a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID+"/trackers-detected", ""))

	root := a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID, "")
	c := decode[symbl.Conversation](t, root)
	require.Equal(t, "call 7", c.Name)
	require.Equal(t, "sales", c.Type)
	require.True(t, c.StartTime.Equal(messages[0].StartTime))
	require.True(t, c.EndTime.Equal(messages[2].EndTime))
	require.Empty(t, cmp.Diff([]symbl.Person{messages[0].From, messages[1].From}, c.Members))
	require.Equal(t, map[string]string{"prospectName": "P"}, field[map[string]string](t, root, "metadata"))
	members := field[[]symbl.Person](t, a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID+"/members", ""), "members")
	require.Empty(t, cmp.Diff(c.Members, members))
}

func TestWhichTrackersApply(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	sale, now := a.track("Sale", "sale"), a.track("Now", "now")
	french := one(t, a.ok(http.MethodPost, "/v1/manage/trackers", `{"name":"French","languages":["fr-FR"],"vocabulary":["sale"]}`)).ID
	tests := map[string]struct {
		parameters string
		want       []string
	}{
		"by default all":              {``, []string{"Now", "Sale"}},
		"all":                         {`,"enableAllTrackers":true`, []string{"Now", "Sale"}},
		"all, as a string":            {`,"enableAllTrackers":"True"`, []string{"Now", "Sale"}},
		"null is the default":         {`,"enableAllTrackers":null`, []string{"Now", "Sale"}},
		"none":                        {`,"enableAllTrackers":false`, []string{}},
		"by id":                       {fmt.Sprintf(`,"trackers":[{"id":%q}]`, now), []string{"Now"}},
		"by id, twice":                {fmt.Sprintf(`,"trackers":[{"id":%q},{"id":%q}]`, now, now), []string{"Now"}},
		"inline":                      {`,"trackers":[{"name":"Inline","vocabulary":["running"]}]`, []string{"Inline"}},
		"by id and inline":            {fmt.Sprintf(`,"trackers":[{"id":%q},{"name":"Inline","vocabulary":["run"]}]`, sale), []string{"Inline", "Sale"}},
		"the list wins over all":      {fmt.Sprintf(`,"enableAllTrackers":true,"trackers":[{"id":%q}]`, now), []string{"Now"}},
		"the list wins over none":     {fmt.Sprintf(`,"enableAllTrackers":false,"trackers":[{"id":%q}]`, now), []string{"Now"}},
		"an empty list is no list":    {`,"trackers":[]`, []string{"Now", "Sale"}},
		"of the language":             {`,"languageCode":"fr-FR"`, []string{"French", "Now", "Sale"}},
		"only of the language":        {fmt.Sprintf(`,"trackers":[{"id":%q}]`, french), []string{}},
		"without a region, any":       {`,"languageCode":"fr"`, []string{"French", "Now", "Sale"}},
		"inline ones are not kept":    {``, []string{"Now", "Sale"}},
		"tolerated, without a use":    {`,"mode":"phone","entities":[],"enableSummary":true,"sentiment":"false","parentRefs":false,"timezoneOffset":-120,"detectEntities":false,"customVocabulary":["x"],"startTime":"2020-07-21T16:02:19.010Z","diarizationSpeakerCount":"2"`, []string{"Now", "Sale"}},
		"features of the newest kind": {`,"features":{"featureList":["insights","callScore"],"callScore":{"scorecardId":"1"}},"conversationType":"sales"`, []string{"Now", "Sale"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			job := a.submit(strings.TrimSuffix(says("We're running a sale right now"), "}") + tt.parameters + `}`)
			a.await(job, symbl.Completed)
			found := []string{}
			for _, r := range a.detected(job.ConversationID) {
				require.Regexp(t, `^\d{1,16}$`, r.ID)
				found = append(found, r.Name)
			}
			require.ElementsMatch(t, tt.want, found)
		})
	}
	require.Len(t, many(t, a.ok(http.MethodGet, "/v1/manage/trackers", "")), 3)
}

func TestATrackerThatIsSentAlongKeepsItsID(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	id := a.track("Sale", "sale")
	saved := field[json.RawMessage](t, a.ok(http.MethodGet, "/v1/manage/trackers/"+id, ""), "tracker")
	other := `{"id":"4711","name":"Other","vocabulary":["now"]}`
	found := func(job symbl.Job) map[string]string {
		a.await(job, symbl.Completed)
		names := map[string]string{}
		for _, r := range a.detected(job.ConversationID) {
			require.Len(t, r.Matches, 1)
			names[r.ID] = r.Name + ": " + r.Matches[0].Value
		}
		return names
	}
	says := `{"messages":[{"payload":{"content":"We're running a sale right now"}}],"trackers":[%s]}`
	for list, want := range map[string]map[string]string{
		string(saved): {id: "Sale: sale"},
		string(saved) + "," + other + "," + string(saved) + "," + other:       {id: "Sale: sale", "4711": "Other: now"},
		fmt.Sprintf(`{"id":%q,"name":"Sale","vocabulary":["right now"]}`, id): {id: "Sale: right now"},
	} {
		require.Equal(t, want, found(a.submit(fmt.Sprintf(says, list))), list)
	}

	first := a.submit(fmt.Sprintf(says, `{"id":"`+id+`"}`))
	more := decode[symbl.Job](t, a.ok(http.MethodPut, "/v1/process/text/"+first.ConversationID, fmt.Sprintf(says, saved)))
	require.Equal(t, map[string]string{id: "Sale: sale"}, found(more), "what is appended is of the same tracker")

	for list, problem := range map[string]string{
		fmt.Sprintf(`{"id":%q,"name":"Sales","vocabulary":["sale"]}`, id): `"trackers[0].id" is the id of the tracker "Sale"`,
		fmt.Sprintf(`%s,{"id":%q}`, saved, id):                            `"trackers[1].id"`,
		other + `,{"id":"4711","name":"Other","vocabulary":["then"]}`:     `"trackers[1].id"`,
		`{"id":"4711"}`: `"trackers[0].id" is not the id of a tracker`,
	} {
		require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text", fmt.Sprintf(says, list)), problem)
	}
}

func TestParametersMayStandInTheQuery(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.track("Sale", "sale")
	query := `?name=from+file&name=call&enableAllTrackers=false&trackers=%5B%7B%22name%22%3A%22Inline%22%2C%22vocabulary%22%3A%5B%22now%22%5D%7D%5D`
	status, answer := a.do(http.MethodPost, "/v1/process/text"+query, says("a sale now"))
	require.Equal(t, http.StatusCreated, status, answer)
	job := decode[symbl.Job](t, answer)
	a.await(job, symbl.Completed)
	require.Equal(t, "Inline", a.detected(job.ConversationID)[0].Name)
	require.Equal(t, "call", field[string](t, a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID, ""), "name"))
	require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text?enableAllTracker=true", says("x")), `"enableAllTracker"`)
}

func TestAppendKeepsMessagesAndTracksTheNewOnes(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	id := a.track("Sale", "sale", "delivery")
	first := a.submit(says("a sale"))
	a.await(first, symbl.Completed)
	before := a.messages(first.ConversationID)

	a.ok(http.MethodPut, "/v1/manage/tracker/"+id, `{"vocabulary":["a","delivery","sale"]}`)
	status, answer := a.do(http.MethodPut, "/v1/process/text/"+first.ConversationID, says("another sale", "a delivery"))
	require.Equal(t, http.StatusCreated, status, answer)
	second := decode[symbl.Job](t, answer)
	require.Equal(t, first.ConversationID, second.ConversationID)
	require.NotEqual(t, first.JobID, second.JobID)
	a.await(second, symbl.Completed)

	after := a.messages(first.ConversationID)
	require.Len(t, after, 3)
	require.Equal(t, before[0].ID, after[0].ID)
	got := a.detected(first.ConversationID)
	require.Len(t, got, 1)
	refs := map[string][]string{}
	for _, m := range got[0].Matches {
		for _, r := range m.MessageRefs {
			refs[m.Value] = append(refs[m.Value], r.ID)
		}
	}
	want := map[string][]string{"sale": {after[0].ID, after[1].ID}, "delivery": {after[2].ID}, "a": {after[2].ID}}
	require.Empty(t, cmp.Diff(want, refs), "the old message was not looked at again")

	a.refused(http.StatusNotFound, http.MethodPut, "/v1/process/text/1234567890123456", says("x"))
	a.refused(http.StatusNotFound, http.MethodPut, "/v1/process/text/a.b", says("x"))
}

func TestConcurrentAppendsAllArriveInTheOrderOfSubmission(t *testing.T) {
	a := oneEngine(t, engine.Config{Workers: 4})
	first := a.submit(says("number 0"))
	jobs := []symbl.Job{first}
	for i := 1; i < 8; i++ {
		answer := a.ok(http.MethodPut, "/v1/process/text/"+first.ConversationID, says(fmt.Sprintf("number %d", i)))
		jobs = append(jobs, decode[symbl.Job](t, answer))
	}
	for _, job := range jobs {
		a.await(job, symbl.Completed)
	}
	for i, m := range a.messages(first.ConversationID) {
		require.Equal(t, fmt.Sprintf("number %d", i), m.Text)
	}
}

func TestMessagesWithoutTimesAreASecondApart(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	job := a.submit(says("one", "two", "three"))
	a.await(job, symbl.Completed)
	messages := a.messages(job.ConversationID)
	require.WithinDuration(t, time.Now(), messages[0].StartTime, time.Minute)
	for i, m := range messages {
		require.InDelta(t, float64(i), *m.TimeOffset, 1e-9)
		require.InDelta(t, 1, *m.Duration, 1e-9)
		require.Empty(t, m.From)
	}
	job = a.submit(`{"startTime":"2021-01-01T00:00:00Z","messages":[{"payload":{"content":"a"},"from":{"id":"m7","name":"A"}}]}`)
	a.await(job, symbl.Completed)
	messages = a.messages(job.ConversationID)
	require.Equal(t, "2021-01-01T00:00:00Z", messages[0].StartTime.Format(time.RFC3339))
	for _, path := range []string{"", "/messages"} { // as in the samples: clients parse by that pattern
		answer := a.ok(http.MethodGet, "/v1/conversations/"+job.ConversationID+path, "")
		require.Contains(t, answer, `"startTime":"2021-01-01T00:00:00.000Z","endTime":"2021-01-01T00:00:01.000Z"`)
	}
	require.Equal(t, "m7", messages[0].From.ID)
}

func TestTextRefusalsNameTheField(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	with := func(parameter string) string { return strings.TrimSuffix(says("x"), "}") + "," + parameter + "}" }
	message := func(m string) string { return `{"messages":[{"payload":{"content":"x"}},` + m + `]}` }
	tests := map[string]struct{ body, field string }{
		"no JSON":                      {`x`, "body"},
		"no messages":                  {`{}`, `"messages"`},
		"empty messages":               {`{"messages":[]}`, `"messages"`},
		"ill-typed messages":           {`{"messages":{}}`, `"messages"`},
		"ill-typed message":            {message(`7`), `"messages[1]"`},
		"no payload":                   {message(`{}`), `"messages[1].payload.content"`},
		"ill-typed payload":            {message(`{"payload":"x"}`), `"messages[1].payload"`},
		"no content":                   {message(`{"payload":{}}`), `"messages[1].payload.content"`},
		"empty content":                {message(`{"payload":{"content":""}}`), `"messages[1].payload.content"`},
		"ill-typed content":            {message(`{"payload":{"content":1}}`), `"messages[1].payload.content"`},
		"unknown field of a payload":   {message(`{"payload":{"content":"x","text":"y"}}`), `"messages[1].payload.text"`},
		"unknown field of a message":   {message(`{"payload":{"content":"x"},"speaker":"y"}`), `"messages[1].speaker"`},
		"ill-typed speaker":            {message(`{"payload":{"content":"x"},"from":{"name":1}}`), `"messages[1].from.name"`},
		"unknown field of a speaker":   {message(`{"payload":{"content":"x"},"from":{"nick":"y"}}`), `"messages[1].from.nick"`},
		"no time":                      {message(`{"payload":{"content":"x"},"duration":{"startTime":"noon"}}`), `"messages[1].duration.startTime"`},
		"an end without a start":       {message(`{"payload":{"content":"x"},"duration":{"endTime":"2020-07-21T16:02:19Z"}}`), `"messages[1].duration.startTime"`},
		"an end before the start":      {message(`{"payload":{"content":"x"},"duration":{"startTime":"2020-07-21T16:02:19Z","endTime":"2020-07-21T16:02:18Z"}}`), `"messages[1].duration.endTime"`},
		"unknown parameter":            {with(`"enableAllTracker":true`), `"enableAllTracker"`},
		"ill-typed flag":               {with(`"enableAllTrackers":"yes"`), `"enableAllTrackers"`},
		"ill-typed flag without a use": {with(`"sentiment":2`), `"sentiment"`},
		"ill-typed name":               {with(`"name":{}`), `"name"`},
		"confidence out of range":      {with(`"confidenceThreshold":1.5`), `"confidenceThreshold"`},
		"confidence of words":          {with(`"confidenceThreshold":"high"`), `"confidenceThreshold"`},
		"no number":                    {with(`"confidenceThreshold":[]`), `"confidenceThreshold"`},
		"not a number":                 {with(`"confidenceThreshold":"NaN"`), `"confidenceThreshold"`},
		"unknown mode":                 {with(`"mode":"loud"`), `"mode"`},
		"not a language":               {with(`"languageCode":"English!"`), `"languageCode"`},
		"ill-typed metadata":           {with(`"metadata":[]`), `"metadata"`},
		"ill-typed features":           {with(`"features":"x"`), `"features"`},
		"ill-typed type":               {with(`"conversationType":1`), `"conversationType"`},
		"ill-typed trackers":           {with(`"trackers":"x"`), `"trackers"`},
		"unknown tracker":              {with(`"trackers":[{"id":"1"}]`), `"trackers[0].id"`},
		"tracker without a vocabulary": {with(`"trackers":[{"name":"x"}]`), `"trackers[0].vocabulary"`},
		"tracker without a name":       {with(`"trackers":[{"vocabulary":["x"]}]`), `"trackers[0].name"`},
		"tracker with a bad phrase":    {with(`"trackers":[{"name":"x","vocabulary":[""]}]`), `"trackers[0].vocabulary[0]"`},
		"ill-typed tracker":            {with(`"trackers":["x"]`), `"trackers[0]"`},
		"ill-typed custom vocabulary":  {with(`"customVocabulary":"x"`), `"customVocabulary"`},
		"no address":                   {with(`"webhookUrl":"ftp://x/y"`), `"webhookUrl"`},
		"callbacks that are off":       {with(`"webhookUrl":"https://example.com/hook"`), `callbacks are off`},
		"a start after all years":      {with(`"startTime":"9999-12-31T23:59:59-12:00"`), `"startTime"`},
		"a start before all years":     {with(`"startTime":"0000-01-01T00:00:00+12:00"`), `"startTime"`},
		"a message in the last year":   {message(`{"payload":{"content":"x"},"duration":{"startTime":"9999-12-31T23:59:59Z"}}`), `"messages[1].duration.startTime"`},
		"an end in the last year":      {message(`{"payload":{"content":"x"},"duration":{"startTime":"2020-07-21T16:02:19Z","endTime":"9999-01-01T00:00:00Z"}}`), `"messages[1].duration.endTime"`},
		"startTime is no time":         {with(`"startTime":"today"`), `"startTime"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text", tt.body), tt.field)
		})
	}
	a.refused(http.StatusBadRequest, http.MethodPost, "/v1/process/text", says("x"), "Idempotency-Key", strings.Repeat("k", 256))
	a.refused(http.StatusRequestEntityTooLarge, http.MethodPost, "/v1/process/text", says(strings.Repeat("x", 16<<20)))
}

func TestAMessageMayBeSaidInTheLastYears(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.track("Sale", "sale")
	for _, start := range []string{"9998-12-31T23:59:59Z", "9999-01-01T00:00:00+12:00", "0001-01-01T00:00:01Z"} {
		job := a.submit(fmt.Sprintf(`{"startTime":%q,"messages":[{"payload":{"content":"a sale"}},{"payload":{"content":"a sale"}}]}`, start))
		a.await(job, symbl.Completed)
		at, err := time.Parse(time.RFC3339, start)
		require.NoError(t, err)
		messages := a.messages(job.ConversationID)
		require.WithinDuration(t, at, messages[0].StartTime, 0)
		require.WithinDuration(t, at.Add(2*time.Second), messages[1].EndTime, 0)
	}
}

func TestALargeSubmissionIsKeptAside(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.track("Sale", "sale")
	messages := make([]string, 400)
	for i := range messages {
		messages[i] = fmt.Sprintf("sale %d %s", i, noise(i, 100))
	}
	job := a.submit(says(messages...))
	a.await(job, symbl.Completed)
	require.Len(t, a.messages(job.ConversationID), len(messages))
	require.Len(t, a.detected(job.ConversationID)[0].Matches[0].MessageRefs, len(messages))

	more := decode[symbl.Job](t, a.ok(http.MethodPut, "/v1/process/text/"+job.ConversationID, says("one more")))
	a.await(more, symbl.Completed)
	require.Len(t, a.messages(job.ConversationID), len(messages)+1)
	a.ok(http.MethodDelete, "/v1/conversations/"+job.ConversationID, "")
	a.refused(http.StatusNotFound, http.MethodGet, "/v1/conversations/"+job.ConversationID, "")
}
