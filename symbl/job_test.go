package symbl_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

func TestJobGivesTheStatus(t *testing.T) {
	for body, want := range map[string]symbl.JobStatus{
		jobBody:                                                 {ID: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", Status: symbl.InProgress},
		`{"id":"7","status":"scheduled"}`:                       {ID: "7", Status: symbl.Scheduled},
		`{"id":17,"status":"completed"}`:                        {ID: "17", Status: symbl.Completed},
		`{"jobId":"9","status":"completed"}`:                    {ID: "9", Status: symbl.Completed},
		`{"status":"paused","x":1}`:                             {ID: "7", Status: "paused"},
		`{"id":"7","status":"failed","error":"no transcriber"}`: {ID: "7", Status: symbl.Failed, Error: "no transcriber"},
	} {
		f := serve(t, jobs(ok(body)))
		got, err := client(t, f.URL).Job(t.Context(), "7")
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, []string{"GET /v1/job/7"}, f.lines())
	}
}

func TestAJobWithoutAStatusIsUnreadable(t *testing.T) {
	for _, body := range []string{"", "null", "{}", "[]", `"completed"`, `{"id":"7","status":null}`, `{"id":"7","status":{}}`} {
		f := serve(t, jobs(ok(body)))
		_, err := client(t, f.URL).Job(t.Context(), "7")
		require.Equal(t, symbl.Transient, failure(t, err).Class, "%s", body)
	}
}

func TestAnUnknownJobIsNotFound(t *testing.T) {
	f := serve(t, nil)
	_, err := client(t, f.URL).Job(t.Context(), "8")
	require.Equal(t, symbl.NotFound, failure(t, err).Class)
	require.EqualError(t, err, "symbl: get job: 404 Not Found: there is no such thing")
}
