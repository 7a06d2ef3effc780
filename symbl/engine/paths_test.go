package engine_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

func TestWhatTheEngineCannotDoItSays(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	job := a.submit(says("x"))
	for _, path := range []string{"topics", "summary", "action-items", "follow-ups", "analytics", "entities",
		"lm-insights", "lm-insights/status", "members/1", "experiences"} {
		require.Contains(t, a.refused(http.StatusNotImplemented, http.MethodGet, "/v1/conversations/"+job.ConversationID+"/"+path, ""), path)
	}
	for _, path := range []string{"/v1/manage/entities/bulk", "/v1/manage/groups", "/v1/manage/group/1", "/oauth2/token:refresh"} {
		require.Contains(t, a.refused(http.StatusNotImplemented, http.MethodPost, path, "{}"), path)
	}
	for _, path := range []string{"/v1/process/audio", "/v1/process/audio/url", "/v1/process/video", "/v1/process/video/url/1"} {
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			require.Contains(t, a.refused(http.StatusNotImplemented, method, path, "RIFF"), "engine.transcriber")
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	for _, path := range []string{"/", "/v1/", "/v2/x", "/v1/manage", "/v1/manage/trackers/", "/v1/manage/trackers/1/2",
		"/v1/job/", "/v1/conversations/1/unheard-of", "/oauth2/", "/v1/process/text/1/2"} {
		a.refused(http.StatusNotFound, http.MethodGet, path, "")
	}
	for path, method := range map[string]string{
		"/v1/manage/trackers":          http.MethodDelete,
		"/v1/manage/trackers/bulk":     http.MethodPost + "ED",
		"/v1/manage/tracker/1":         http.MethodPost,
		"/v1/process/text":             http.MethodGet,
		"/v1/process/text/1":           http.MethodPost,
		"/v1/job/1":                    http.MethodDelete,
		"/v1/conversations/1":          http.MethodPost,
		"/v1/conversations/1/trackers": http.MethodPut,
	} {
		a.refused(http.StatusMethodNotAllowed, method, path, "")
	}
}

func TestUnknownJobsAndConversationsAre404(t *testing.T) {
	a := oneEngine(t, engine.Config{})
	for _, id := range []string{"1234567890123456", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "a.b", "*", ">", "%2e%2e", "x%2Fy", "%00"} {
		a.refused(http.StatusNotFound, http.MethodGet, "/v1/job/"+id, "")
		for _, path := range []string{"", "/messages", "/members", "/trackers", "/trackers-detected"} {
			a.refused(http.StatusNotFound, http.MethodGet, "/v1/conversations/"+id+path, "")
		}
		a.refused(http.StatusNotFound, http.MethodDelete, "/v1/conversations/"+id, "")
	}
}

func TestReadsBeforeTheJobHasEndedAreEmpty(t *testing.T) {
	e := newEngine(t, connect(t, startNATS(t)), engine.Config{}) // without workers
	a := call(t, e)
	job := a.submit(says("x"))
	require.Equal(t, symbl.Scheduled, a.status(job).Status)
	conversation := "/v1/conversations/" + job.ConversationID
	require.JSONEq(t, `[]`, a.ok(http.MethodGet, conversation+"/trackers", ""))
	require.JSONEq(t, `{"messages":[]}`, a.ok(http.MethodGet, conversation+"/messages", ""))
	require.JSONEq(t, `{"members":[]}`, a.ok(http.MethodGet, conversation+"/members", ""))
	require.JSONEq(t, `{"id":"`+job.ConversationID+`","type":"meeting","name":"`+job.ConversationID+`","members":[],"metadata":{}}`, a.ok(http.MethodGet, conversation, ""))
	a.ok(http.MethodDelete, conversation, "")

	start(t, e)
	require.Contains(t, a.await(job, symbl.Failed).Error, "deleted")
	a.refused(http.StatusNotFound, http.MethodGet, conversation, "")
}
