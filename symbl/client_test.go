package symbl_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

const jobBody = `{"id":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d","status":"in_progress"}`

func TestNewRefusesWhatCannotWork(t *testing.T) {
	good := symbl.Config{BaseURL: "https://api.symbl.ai", AppID: appID, AppSecret: appSecret}
	for name, change := range map[string]func(*symbl.Config){
		"no base URL":         func(c *symbl.Config) { c.BaseURL = "" },
		"base URL is a path":  func(c *symbl.Config) { c.BaseURL = "/v1" },
		"base URL is ftp":     func(c *symbl.Config) { c.BaseURL = "ftp://api.symbl.ai" },
		"base URL is garbage": func(c *symbl.Config) { c.BaseURL = "http://hunter2:%zz@x" },
		"password in it":      func(c *symbl.Config) { c.BaseURL = "https://user:hunter2@api.symbl.ai" },
		"query in it":         func(c *symbl.Config) { c.BaseURL = "https://api.symbl.ai?key=hunter2" },
		"no app id":           func(c *symbl.Config) { c.AppID = "" },
		"no app secret":       func(c *symbl.Config) { c.AppSecret = "" },
		"generation 3":        func(c *symbl.Config) { c.Generation = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			change(&cfg)
			_, err := symbl.New(cfg)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, err.Error(), appSecret)
		})
	}
	_, err := symbl.New(good)
	require.NoError(t, err)
}

func TestBaseURLMayEndInASlashOrInV1(t *testing.T) {
	for _, suffix := range []string{"", "/", "/v1", "/v1/", "//"} {
		f := serve(t, map[string][]answer{"GET /v1/job/7": {ok(jobBody)}})
		_, err := client(t, f.URL+suffix).Job(t.Context(), "7")
		require.NoError(t, err, "suffix %q", suffix)
	}
	f := serve(t, map[string][]answer{
		"POST /symbl/oauth2/token:generate": {ok(`{"accessToken":"a","expiresIn":86400}`)},
		"GET /symbl/v1/job/7":               {ok(jobBody)},
	})
	_, err := client(t, f.URL+"/symbl/v1/").Job(t.Context(), "7")
	require.NoError(t, err, "behind a prefix")
}

func TestCallsCarryTheTokenAndWhoCalls(t *testing.T) {
	f := serve(t, map[string][]answer{"GET /v1/job/7": {ok(jobBody)}})
	c := client(t, f.URL, func(cfg *symbl.Config) { cfg.UserAgent = "me/1" })
	_, err := c.Job(t.Context(), "7")
	require.NoError(t, err)
	got := f.only(t)
	require.Equal(t, "Bearer token-1", got.Header.Get("Authorization"))
	require.Equal(t, "application/json", got.Header.Get("Accept"))
	require.Equal(t, "me/1", got.Header.Get("User-Agent"))
	require.Empty(t, got.Header.Get("Content-Type"), "there is no body")
}

func TestAnIDThatWouldChangeThePathIsNotSent(t *testing.T) {
	f := serve(t, nil)
	c := client(t, f.URL)
	for _, id := range []string{"", ".", ".."} {
		e := failure(t, c.DeleteTracker(t.Context(), id))
		require.Equal(t, symbl.Permanent, e.Class, "id %q", id)
		require.True(t, e.Definite)
	}
	require.Empty(t, f.got)

	_, err := c.Job(t.Context(), "a/b?c#d e")
	require.Equal(t, symbl.NotFound, failure(t, err).Class)
	require.Equal(t, []string{"GET /v1/job/a%2Fb%3Fc%23d%20e"}, f.lines())
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		f := serve(t, map[string][]answer{
			"POST /v1/process/text": {{status: status, header: map[string]string{"Location": "/v1/elsewhere"}}},
		})
		_, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{})
		e := failure(t, err)
		require.Equal(t, symbl.Permanent, e.Class)
		require.True(t, e.Definite)
		require.Equal(t, status, e.Status)
		require.Len(t, f.calls(), 1)
	}
}

func TestEveryCallButAnUploadHasADeadline(t *testing.T) {
	never := withToken(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "http://symbl.test", through(never))
		began := time.Now()
		_, err := c.Job(t.Context(), "7")
		require.Equal(t, 30*time.Second, time.Since(began))
		e := failure(t, err)
		require.Equal(t, symbl.Transient, e.Class)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began = time.Now()
		_, err = c.SubmitFile(ctx, symbl.FileRequest{}, strings.NewReader("wav"))
		require.Equal(t, time.Hour, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, failure(t, err).Definite, "it may have arrived")
	})
}

func TestCancellationIsRecognisable(t *testing.T) {
	t.Run("before the call", func(t *testing.T) {
		f := serve(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client(t, f.URL).SubmitText(ctx, symbl.TextRequest{})
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, failure(t, err).Definite)
		require.Empty(t, f.got)
	})
	t.Run("during the call, with a cause of its own", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		c := client(t, "http://symbl.test", through(withToken(func(r *http.Request) (*http.Response, error) {
			cancel(errors.New("lights out"))
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		})))
		_, err := c.SubmitText(ctx, symbl.TextRequest{})
		require.ErrorIs(t, err, context.Canceled)
		require.Contains(t, err.Error(), "lights out")
		require.False(t, failure(t, err).Definite)
	})
}

func TestAReplyIsReadUpToALimit(t *testing.T) {
	f := serve(t, map[string][]answer{"GET /v1/job/7": {ok(jobBody)}})
	c := client(t, f.URL)
	c.SetMaxReply(int64(len(jobBody)))
	_, err := c.Job(t.Context(), "7")
	require.NoError(t, err)

	c.SetMaxReply(int64(len(jobBody)) - 1)
	_, err = c.Job(t.Context(), "7")
	require.Equal(t, symbl.Transient, failure(t, err).Class)
	require.ErrorContains(t, err, "larger than")
}

func TestTheCallersHTTPClientIsLeftAlone(t *testing.T) {
	f := serve(t, map[string][]answer{"GET /v1/job/7": {ok(jobBody)}})
	own := &http.Client{Timeout: time.Nanosecond}
	c := client(t, f.URL, func(cfg *symbl.Config) { cfg.HTTPClient = own })
	_, err := c.Job(t.Context(), "7")
	require.NoError(t, err, "its timeout would cut uploads short")
	require.Nil(t, own.CheckRedirect)
	require.Equal(t, time.Nanosecond, own.Timeout)
}
