package symbl_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// settles checks that what could be decoded can be written, and means the
// same when it is read again.
func settles[T any](t *testing.T, v T) {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(v, decode[T](t, string(data)), cmpopts.EquateEmpty()))
}

// fuzzReply feeds bodies to a call of the client.
func fuzzReply[T any](f *testing.F, call func(*testing.T, *symbl.Client) (T, error), seeds ...string) {
	f.Helper()
	for _, seed := range append(seeds, "", "null", "{}", "[]", "[null]", "<html>", `{"id":{}}`) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := client(t, "http://symbl.test", through(withToken(func(r *http.Request) (*http.Response, error) {
			return reply(r, http.StatusOK, string(body)), nil
		})))
		got, err := call(t, c)
		if err != nil {
			require.Equal(t, symbl.Transient, failure(t, err).Class)
			return
		}
		settles(t, got)
	})
}

func FuzzTrackerResults(f *testing.F) {
	fuzzReply(f, func(t *testing.T, c *symbl.Client) ([]symbl.TrackerResult, error) {
		t.Helper()
		return c.TrackerResults(t.Context(), "5")
	}, documentedResults, `{"trackers":`+documentedResults+`}`, `[{"id":1e15,"matches":[{"messageRefs":[{"offset":"7","score":"0.5"}]}]}]`)
}

func FuzzMessages(f *testing.F) {
	fuzzReply(f, func(t *testing.T, c *symbl.Client) ([]symbl.Message, error) {
		t.Helper()
		return c.Messages(t.Context(), "5")
	}, `{"messages":[{"id":"1","text":"t","from":{"id":1},"startTime":"2020-07-10T11:16:21.024Z","endTime":1594379781,"timeOffset":5.9,"duration":"1"}]}`)
}

func FuzzConversation(f *testing.F) {
	fuzzReply(f, func(t *testing.T, c *symbl.Client) (symbl.Conversation, error) {
		t.Helper()
		return c.Conversation(t.Context(), "5")
	}, `{"id":5,"name":"n","startTime":"2020-07-10 11:16:21","members":[{"id":1,"name":"Ann"}]}`)
}

func FuzzTrackers(f *testing.F) {
	fuzzReply(f, func(t *testing.T, c *symbl.Client) ([]symbl.Tracker, error) {
		t.Helper()
		return c.Trackers(t.Context())
	}, created, `{"trackers":[{"id":1,"createdOn":1594379781}]}`)
}

func FuzzJob(f *testing.F) {
	fuzzReply(f, func(t *testing.T, c *symbl.Client) (symbl.JobStatus, error) {
		t.Helper()
		return c.Job(t.Context(), "7")
	}, jobBody, `{"jobId":7,"status":"completed"}`)
}

func FuzzSubmission(f *testing.F) {
	fuzzReply(f, func(t *testing.T, c *symbl.Client) (symbl.Job, error) {
		t.Helper()
		return c.SubmitText(t.Context(), symbl.TextRequest{})
	}, submitted)
}

func FuzzToken(f *testing.F) {
	for _, seed := range []string{`{"accessToken":"a","expiresIn":86400}`, `{"accessToken":"a","expiresIn":"1e300"}`, `{"accessToken":"a","expiresIn":-1}`, "{}", "<"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := client(t, "http://symbl.test", through(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == tokenPath {
				return reply(r, http.StatusOK, string(body)), nil
			}
			return reply(r, http.StatusOK, jobBody), nil
		}))
		if _, err := c.Job(t.Context(), "7"); err != nil {
			e := failure(t, err)
			require.Equal(t, symbl.Transient, e.Class)
			require.True(t, e.Definite)
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{`{"message":"m"}`, `{"error":{"details":[{"message":"a"}]}}`, `{"message":"see https://x.example/?sig=1"}`, "<html>", `{"message":"` + appSecret + `"}`, `{"message":"\ud800\u0000"}`} {
		f.Add(400, []byte(seed), "7")
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, retryAfter string) {
		if status < 400 || status > 599 || status == 401 {
			return
		}
		c := client(t, "http://symbl.test", through(withToken(func(r *http.Request) (*http.Response, error) {
			res := reply(r, status, string(body))
			res.Header.Set("Retry-After", retryAfter)
			return res, nil
		})))
		_, err := c.SubmitText(t.Context(), symbl.TextRequest{})
		e := failure(t, err)
		require.Equal(t, status, e.Status)
		require.GreaterOrEqual(t, e.RetryAfter, time.Duration(0))
		require.NotContains(t, e.Error(), appSecret)
		require.NotContains(t, e.Message, "://")
		require.LessOrEqual(t, utf8.RuneCountInString(e.Message), 301)
		require.True(t, utf8.ValidString(e.Message))
		require.Equal(t, -1, strings.IndexFunc(e.Message, unicode.IsControl))
	})
}
