package engine_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// sales is a conversation of two speakers.
const sales = `{"languageCode":"en-US","messages":[
	{"payload":{"content":"Our subscription plan which includes the premium suite of services is $500 per month."},
	 "from":{"name":"Ann"},"duration":{"startTime":"2020-07-10T11:16:21.024Z","endTime":"2020-07-10T11:16:26.724Z"}},
	{"payload":{"content":"How much does it cost? <b>Tell\nme</b> & <!channel>"},
	 "from":{"name":"Bob"},"duration":{"startTime":"2020-07-10T12:16:21.024Z","endTime":"2020-07-10T12:16:22Z"}},
	{"payload":{"content":"It's cheap."}}]}`

// What the reference shows for PricingMention, but for its similar match by
// meaning alone.
func TestTrackersReferToTheQuestionsThatTheyWereFoundIn(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.track("PricingMention", "What is the price", "Subscription", "how much")
	job := a.submit(sales)
	a.await(job, symbl.Completed)
	path := "/v1/conversations/" + job.ConversationID
	type question struct {
		ID, Text, Type string
		Score          float64
		MessageIDs     []string `json:"messageIds"`
		From           symbl.Person
	}
	questions := field[[]question](t, a.ok(http.MethodGet, path+"/questions", ""), "questions")
	require.Len(t, questions, 1)
	messages := a.messages(job.ConversationID)
	require.Equal(t, question{
		ID: questions[0].ID, Text: "How much does it cost?", Type: "question", Score: questions[0].Score,
		MessageIDs: []string{messages[1].ID}, From: messages[1].From,
	}, questions[0])

	matches := a.detected(job.ConversationID)[0].Matches
	byValue := map[string]symbl.Match{}
	for _, m := range matches {
		byValue[m.Value] = m
	}
	require.Equal(t, 4, byValue["Subscription"].MessageRefs[0].Offset)
	require.Empty(t, byValue["Subscription"].InsightRefs)
	require.Equal(t, []symbl.InsightRef{{ID: questions[0].ID, Text: "How much does it cost?", Offset: 0, Type: "question"}}, byValue["how much"].InsightRefs)
}

func TestAppendedQuestionsJoinTheOthers(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	a.track("Price", "price")
	job := a.submit(says("What's the price?", "The price is fair."))
	a.await(job, symbl.Completed)
	more := decode[symbl.Job](t, a.ok(http.MethodPut, "/v1/process/text/"+job.ConversationID, says("And the other price?")))
	a.await(more, symbl.Completed)
	match := a.detected(job.ConversationID)[0].Matches[0]
	require.Len(t, match.MessageRefs, 3)
	require.Len(t, match.InsightRefs, 2)
	require.Equal(t, 14, match.InsightRefs[1].Offset)
}

func TestTranscripts(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	job := a.submit(sales)
	a.await(job, symbl.Completed)
	const one, two = "Our subscription plan which includes the premium suite of services is $500 per month.",
		"How much does it cost? &lt;b&gt;Tell me&lt;/b&gt; &amp; &lt;!channel&gt;"
	tests := map[string]struct{ body, want string }{
		"in one go":     {`{"contentType":"text/markdown"}`, one + " " + two + " It's cheap."},
		"in paragraphs": {`{"contentType":"text/markdown","createParagraphs":true}`, one + "<br/><br/>" + two + "<br/><br/>It's cheap."},
		"by speaker": {
			`{"contentType":"text/markdown","createParagraphs":true,"phrases":{"highlightOnlyInsightKeyPhrases":true,"highlightAllKeyPhrases":false},"showSpeakerSeparation":"true"}`,
			"Ann: " + one + "<br/><br/>Bob: " + two + "<br/><br/>It's cheap.",
		},
		"as subtitles": {
			`{"contentType":"text/srt","showSpeakerSeparation":true}`,
			"1\n00:00:00,000 --> 00:00:05,700\nAnn: " + one +
				"\n\n2\n01:00:00,000 --> 01:00:00,976\nBob: How much does it cost? <b>Tell me</b> & <!channel>" +
				"\n\n3\n01:00:00,976 --> 01:00:01,976\nIt's cheap.\n",
		},
	}
	path := "/v1/conversations/" + job.ConversationID + "/transcript"
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := field[map[string]string](t, a.ok(http.MethodPost, path, tt.body), "transcript")
			require.Equal(t, tt.want, got["payload"])
			require.Contains(t, tt.body, got["contentType"])
		})
	}
	for body, name := range map[string]string{
		`{}`: `"contentType"`, `{"contentType":"text/plain"}`: `"contentType"`, `{"contentType":"text/srt","createParagraphs":"x"}`: `"createParagraphs"`,
		`{"contentType":"text/srt","phrases":{"all":true}}`: `"phrases.all"`, `{"contentType":"text/srt","color":1}`: `"color"`, `[]`: "body",
	} {
		require.Contains(t, a.refused(http.StatusBadRequest, http.MethodPost, path, body), name)
	}
	a.refused(http.StatusNotFound, http.MethodPost, "/v1/conversations/1/transcript", `{"contentType":"text/srt"}`)
	a.refused(http.StatusMethodNotAllowed, http.MethodGet, path, "")
}
