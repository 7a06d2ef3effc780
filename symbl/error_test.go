package symbl_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

func TestEachStatusHasItsClass(t *testing.T) {
	for _, tt := range []struct {
		status   int
		class    symbl.Class
		definite bool
	}{
		{400, symbl.Permanent, true},
		{402, symbl.Permanent, true},
		{403, symbl.Permanent, true},
		{404, symbl.NotFound, true},
		{405, symbl.Permanent, true},
		{408, symbl.Transient, true},
		{409, symbl.Permanent, true},
		{413, symbl.Permanent, true},
		{422, symbl.Permanent, true},
		{425, symbl.Transient, true},
		{429, symbl.Throttled, true},
		{500, symbl.Transient, false},
		{501, symbl.Permanent, true},
		{502, symbl.Transient, false},
		{503, symbl.Transient, false},
		{504, symbl.Transient, false},
		{599, symbl.Transient, false},
	} {
		f := serve(t, map[string][]answer{"POST /v1/process/text": {{status: tt.status, body: `{"message":"because"}`}}})
		_, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{})
		e := failure(t, err)
		require.Equal(t, tt.class, e.Class, "%d", tt.status)
		require.Equal(t, tt.definite, e.Definite, "%d", tt.status)
		require.Equal(t, tt.status, e.Status)
		require.Equal(t, "because", e.Message)
		require.Len(t, f.calls(), 1, "nothing is retried here")
	}
}

func TestAConflictOnAnIdempotencyKeyMeansThatItIsBeingWorkedOn(t *testing.T) {
	f := serve(t, map[string][]answer{"POST /v1/process/text": {{status: 409}}})
	_, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{Options: symbl.Options{IdempotencyKey: "k"}})
	e := failure(t, err)
	require.Equal(t, symbl.Transient, e.Class)
	require.False(t, e.Definite)
}

func TestTheServersWordsAreFound(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"documented 429":      {`{"statusCode":429,"message":"This API has a limit of maximum of ` + "`X`" + ` number of concurrent jobs per account."}`, "This API has a limit of maximum of `X` number of concurrent jobs per account."},
		"Joi":                 {`{"message":"\"description\" is not allowed to be empty"}`, `"description" is not allowed to be empty`},
		"Joi with details":    {`{"error":{"details":[{"message":"\"name\" is required"},{"message":"\"vocabulary\" is required"}]}}`, `"name" is required; "vocabulary" is required`},
		"message before kind": {`{"statusCode":400,"error":"Bad Request","message":"child \"name\" fails"}`, `child "name" fails`},
		"nested":              {`{"error":{"message":"no"}}`, "no"},
		"problem document":    {`{"title":"Bad","detail":"worse"}`, "worse"},
		"list of words":       {`{"message":["a","b"]}`, "a; b"},
		"only a kind":         {`{"error":"Bad Request"}`, "Bad Request"},
		"HTML":                {"<html><h1>502 Bad Gateway</h1></html>", ""},
		"plain":               {"404 page not found", ""},
		"number":              {"17", ""},
		"empty":               {"", ""},
		"too deep":            {`{"error":{"error":{"error":{"error":{"error":"x"}}}}}`, ""},
		"control characters":  {`{"message":"a\n\u001b[31mb\u0000c\td"}`, "a [31mb c d"},
		"long":                {`{"message":"` + strings.Repeat("ä", 1000) + `"}`, strings.Repeat("ä", 300) + "…"},
		"beyond the limit":    {`{"message":"x","more":"` + strings.Repeat("y", 64<<10) + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, jobs(answer{status: 400, body: tt.body}))
			_, err := client(t, f.URL).Job(t.Context(), "7")
			require.Equal(t, tt.want, failure(t, err).Message)
			want := "symbl: get job: 400 Bad Request: " + tt.want
			require.EqualError(t, err, strings.TrimSuffix(want, ": "))
		})
	}
}

func TestRetryAfterIsReadAsSecondsOrAsADate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 0.5 ":                         500 * time.Millisecond,
		"-3":                            0,
		"soon":                          0,
		"NaN":                           0,
		"1e300":                         7 * 24 * time.Hour,
		"Sun, 01 Mar 2026 12:01:30 GMT": 90 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
		"Mon, 01 Mar 2999 12:00:00 GMT": 7 * 24 * time.Hour,
	} {
		require.Equal(t, want, symbl.RetryAfter(header, now), "%q", header)
	}
	f := serve(t, jobs(answer{status: 429, header: map[string]string{"Retry-After": "12"}}))
	_, err := client(t, f.URL).Job(t.Context(), "7")
	require.Equal(t, 12*time.Second, failure(t, err).RetryAfter)
}

func TestClassesHaveNames(t *testing.T) {
	require.Equal(t, "permanent transient throttled not_found", fmt.Sprint(symbl.Permanent, " ", symbl.Transient, " ", symbl.Throttled, " ", symbl.NotFound))
	require.Equal(t, "class 9", symbl.Class(9).String())
}

// chain is the text of an error and of all that it wraps.
func chain(err error) string {
	var all strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		_, _ = fmt.Fprintf(&all, "%v\n%+v\n", err, err)
	}
	return all.String()
}

func TestNoErrorTellsASecret(t *testing.T) {
	const (
		media   = "https://media.example.com/recordings/hunter2.mp3?sig=hunter2"
		webhook = "https://calls.example.com/callbacks/symbl/hunter2"
	)
	options := symbl.Options{Name: "n", WebhookURL: webhook}
	submissions := map[string]func(*symbl.Client) error{
		"text": func(c *symbl.Client) error {
			_, err := c.SubmitText(t.Context(), symbl.TextRequest{Options: options})
			return err
		},
		"URL": func(c *symbl.Client) error {
			_, err := c.SubmitURL(t.Context(), symbl.URLRequest{Options: options, URL: media})
			return err
		},
		"file": func(c *symbl.Client) error {
			_, err := c.SubmitFile(t.Context(), symbl.FileRequest{Options: options}, strings.NewReader("x"))
			return err
		},
	}
	quote := strings.Join([]string{
		"cannot fetch " + media, "cannot call " + webhook, "cannot POST /callbacks/symbl/hunter2", "/recordings/call.mp3?sig=hunter2 is gone",
		"Bearer token-hunter2 is bad", appSecret, "POST /v1/process/audio?name=n&webhookUrl=https%3A%2F%2Fcalls.example.com%2Fhunter2",
		"HTTPS://user:hunter2@media.example.com", "/x?X-Amz-Signature=hunter2",
	}, "\n")
	servers := map[string]roundTrip{
		"a server that quotes everything": func(r *http.Request) (*http.Response, error) {
			return reply(r, http.StatusBadRequest, fmt.Sprintf(`{"message":%q}`, quote)), nil
		},
		"a transport that quotes everything": func(*http.Request) (*http.Response, error) {
			return nil, errors.New(quote)
		},
		"a transport that quotes it deeper": func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("proxy: %w", &url.Error{Op: "Get", URL: media, Err: fmt.Errorf("why: %w", &url.Error{Op: "Get", URL: webhook, Err: errors.New(quote)})})
		},
		"a redirect to nowhere": func(r *http.Request) (*http.Response, error) {
			res := reply(r, http.StatusFound, "")
			res.Header.Set("Location", "http://hunter2:%zz/")
			return res, nil
		},
		"a reply that is no JSON": func(r *http.Request) (*http.Response, error) {
			return reply(r, http.StatusCreated, quote), nil
		},
		"a reply of another shape": func(r *http.Request) (*http.Response, error) {
			return reply(r, http.StatusCreated, fmt.Sprintf(`{"jobId":{"x":%q}}`, quote)), nil
		},
	}
	for name, server := range servers {
		for kind, submit := range submissions {
			t.Run(name+", "+kind, func(t *testing.T) {
				c := client(t, "http://symbl.test", through(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == tokenPath {
						return reply(r, http.StatusOK, `{"accessToken":"token-hunter2","expiresIn":86400}`), nil
					}
					return server(r)
				}))
				told := chain(submit(c))
				require.NotContains(t, told, "hunter2")
				require.NotContains(t, told, appSecret)
				require.Contains(t, told, "symbl: submit ")
			})
			t.Run(name+", token for "+kind, func(t *testing.T) {
				told := chain(submit(client(t, "http://symbl.test", through(server))))
				require.NotContains(t, told, appSecret)
				require.NotContains(t, told, "sig=")
			})
		}
	}
}

func TestThePathOfASubmittedURLIsNotTold(t *testing.T) {
	f := serve(t, map[string][]answer{"POST /v1/process/audio/url": {{status: 400, body: `{"message":"GET /rec/hunter2.mp3 from media.example.com: 404"}`}}})
	_, err := client(t, f.URL).SubmitURL(t.Context(), symbl.URLRequest{URL: "https://media.example.com/rec/hunter2.mp3?sig=1"})
	require.EqualError(t, err, "symbl: submit URL: 400 Bad Request: GET [redacted] from media.example.com: 404")
}

func TestTheURLOfAFailedCallIsNotTold(t *testing.T) {
	c := client(t, "http://symbl.invalid", through(withToken(func(*http.Request) (*http.Response, error) {
		return nil, context.DeadlineExceeded
	})))
	_, err := c.Job(t.Context(), "7")
	require.EqualError(t, err, "symbl: get job: context deadline exceeded")
	var withURL *url.Error
	require.NotErrorAs(t, err, &withURL)
}
