package symbl_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl"
)

// clock is a client's clock that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock(c *symbl.Client) *clock {
	k := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	c.SetNow(k.now)
	return k
}

func (k *clock) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

func (k *clock) advance(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
}

func jobs(answers ...answer) map[string][]answer {
	if len(answers) == 0 {
		answers = []answer{ok(jobBody)}
	}
	return map[string][]answer{"GET /v1/job/7": answers}
}

func tokenOf(value string, expiresIn string) answer {
	return ok(fmt.Sprintf(`{"accessToken":%q,"expiresIn":%s}`, value, expiresIn))
}

func TestTokenIsAskedForAsDocumented(t *testing.T) {
	f := serve(t, jobs())
	_, err := client(t, f.URL).Job(t.Context(), "7")
	require.NoError(t, err)
	got := f.got[0]
	require.Equal(t, "POST "+tokenPath, got.line())
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Empty(t, got.Header.Get("Authorization"))
	require.JSONEq(t, `{"type":"application","appId":"app-0001","appSecret":"s3cr3t-of-the-app"}`, got.Body)
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	for _, tt := range []struct {
		name      string
		expiresIn string
		keeps     time.Duration // the last moment at which it is still used
	}{
		{"a day", "86400", 24*time.Hour - 5*time.Minute - time.Second},
		{"what is left of a day, as the server says", "1200", 15*time.Minute - time.Second},
		{"ten minutes", "600", 5*time.Minute - time.Second},
		{"a minute", "60", 29 * time.Second},
		{"text", `"86400"`, 24*time.Hour - 5*time.Minute - time.Second},
		{"nothing: taken for ten minutes", "null", 5*time.Minute - time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, jobs())
			f.answers["POST "+tokenPath] = []answer{tokenOf("first", tt.expiresIn), tokenOf("second", "86400")}
			c := client(t, f.URL)
			k := newClock(c)
			call := func() string {
				_, err := c.Job(t.Context(), "7")
				require.NoError(t, err)
				calls := f.calls()
				return calls[len(calls)-1].Header.Get("Authorization")
			}
			require.Equal(t, "Bearer first", call())
			k.advance(tt.keeps)
			require.Equal(t, "Bearer first", call())
			require.Equal(t, 1, f.tokenCalls())
			k.advance(2 * time.Second)
			require.Equal(t, "Bearer second", call())
			require.Equal(t, 2, f.tokenCalls())
		})
	}
}

func TestATokenThatIsGoneAtOnceIsStillUsedOnce(t *testing.T) {
	f := serve(t, jobs())
	f.answers["POST "+tokenPath] = []answer{tokenOf("brief", "0")}
	c := client(t, f.URL)
	k := newClock(c)
	_, err := c.Job(t.Context(), "7")
	require.NoError(t, err)
	k.advance(time.Second)
	_, err = c.Job(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, 2, f.tokenCalls())
}

func TestAnEarlyRenewalThatFailsLeavesTheOldTokenInUse(t *testing.T) {
	f := serve(t, jobs())
	f.answers["POST "+tokenPath] = []answer{tokenOf("first", "86400"), {status: 503}, {status: 503}, tokenOf("second", "86400")}
	c := client(t, f.URL)
	k := newClock(c)
	for _, step := range []struct {
		after      time.Duration
		tokenCalls int
	}{
		{0, 1},
		{24*time.Hour - 4*time.Minute, 2}, // renewal fails with 4 minutes left
		{time.Minute, 2},                  // not tried at every call
		{time.Minute, 3},                  // but when half of the rest is over
	} {
		k.advance(step.after)
		_, err := c.Job(t.Context(), "7")
		require.NoError(t, err)
		require.Equal(t, step.tokenCalls, f.tokenCalls())
	}
	calls := f.calls()
	require.Equal(t, "Bearer first", calls[len(calls)-1].Header.Get("Authorization"))

	k.advance(2 * time.Minute) // it has expired
	_, err := c.Job(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, 4, f.tokenCalls())
}

func TestTokenIsRefreshedOnceOn401(t *testing.T) {
	refused := answer{status: 401, body: `{"message":"Token validation failed for provided token."}`}
	t.Run("and the call is repeated, body and all", func(t *testing.T) {
		f := serve(t, map[string][]answer{"POST /v1/process/text": {refused, {status: 201, body: submitted}}})
		job, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{Options: symbl.Options{Name: "n"}})
		require.NoError(t, err)
		require.Equal(t, "5815170693595136", job.ConversationID)
		calls := f.calls()
		require.Len(t, calls, 2)
		require.Equal(t, "Bearer token-1", calls[0].Header.Get("Authorization"))
		require.Equal(t, "Bearer token-2", calls[1].Header.Get("Authorization"))
		require.JSONEq(t, `{"name":"n"}`, calls[0].Body)
		require.Equal(t, calls[0].Body, calls[1].Body)
	})
	t.Run("and a second 401 is permanent", func(t *testing.T) {
		f := serve(t, jobs(refused))
		_, err := client(t, f.URL).Job(t.Context(), "7")
		e := failure(t, err)
		require.Equal(t, symbl.Permanent, e.Class)
		require.Equal(t, 401, e.Status)
		require.True(t, e.Definite)
		require.Equal(t, "symbl: get job: 401 Unauthorized: Token validation failed for provided token.", err.Error())
		require.Len(t, f.calls(), 2)
		require.Equal(t, 2, f.tokenCalls())
	})
	t.Run("but a file is not sent again", func(t *testing.T) {
		f := serve(t, map[string][]answer{"POST /v1/process/audio": {refused, {status: 201, body: submitted}}})
		c := client(t, f.URL)
		_, err := c.SubmitFile(t.Context(), symbl.FileRequest{}, strings.NewReader("RIFF"))
		e := failure(t, err)
		require.Equal(t, symbl.Transient, e.Class)
		require.True(t, e.Definite)
		require.Len(t, f.calls(), 1)

		_, err = c.SubmitFile(t.Context(), symbl.FileRequest{}, strings.NewReader("RIFF"))
		require.NoError(t, err)
		require.Equal(t, "Bearer token-2", f.calls()[1].Header.Get("Authorization"))
	})
}

func TestALate401DoesNotDropTheNextToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tokens atomic.Int32
		c := client(t, "http://symbl.test", through(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == tokenPath {
				return reply(r, http.StatusOK, fmt.Sprintf(`{"accessToken":"token-%d","expiresIn":86400}`, tokens.Add(1))), nil
			}
			if r.Header.Get("Authorization") != "Bearer token-1" {
				return reply(r, http.StatusOK, jobBody), nil
			}
			if strings.HasSuffix(r.URL.Path, "/slow") {
				<-time.After(time.Second)
			}
			return reply(r, http.StatusUnauthorized, ""), nil
		}))
		slow := later(func() error {
			_, err := c.Job(t.Context(), "slow")
			return err
		})
		synctest.Wait()
		_, err := c.Job(t.Context(), "quick")
		require.NoError(t, err)
		require.NoError(t, <-slow)
		require.EqualValues(t, 2, tokens.Load())
	})
}

func TestAWrongAccountIsPermanentAndSaysSo(t *testing.T) {
	for _, status := range []int{400, 401, 403} {
		f := serve(t, map[string][]answer{"POST " + tokenPath: {{status: status, body: `{"message":"no account for ` + appSecret + `"}`}}})
		_, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{})
		e := failure(t, err)
		require.Equal(t, symbl.Permanent, e.Class)
		require.True(t, e.Definite)
		require.ErrorContains(t, err, "submit text: get token")
		require.ErrorContains(t, err, "appId/appSecret are refused: no account for [redacted]")
		require.Empty(t, f.calls())
	}
}

func TestATroubledTokenEndpointMeansNothingWasSubmitted(t *testing.T) {
	for name, tt := range map[string]struct {
		answer answer
		class  symbl.Class
	}{
		"503":         {answer{status: 503}, symbl.Transient},
		"429":         {answer{status: 429, header: map[string]string{"Retry-After": "7"}}, symbl.Throttled},
		"404":         {answer{status: 404}, symbl.Permanent},
		"HTML":        {ok("<html>"), symbl.Transient},
		"no token":    {ok(`{"expiresIn":86400}`), symbl.Transient},
		"token of \n": {ok(`{"accessToken":"a\nb","expiresIn":86400}`), symbl.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string][]answer{"POST " + tokenPath: {tt.answer}})
			_, err := client(t, f.URL).SubmitText(t.Context(), symbl.TextRequest{})
			e := failure(t, err)
			require.Equal(t, tt.class, e.Class)
			require.True(t, e.Definite)
			require.Empty(t, f.calls())
		})
	}
}

func TestConcurrentCallersShareOneTokenRequest(t *testing.T) {
	f := serve(t, jobs())
	c := client(t, f.URL)
	var all []<-chan error
	for range 50 {
		all = append(all, later(func() error {
			_, err := c.Job(t.Context(), "7")
			return err
		}))
	}
	for _, one := range all {
		require.NoError(t, <-one)
	}
	require.Equal(t, 1, f.tokenCalls())
	require.Len(t, f.calls(), len(all))
}

// account is a server in the same process whose tokens take a while.
type account struct {
	mu    sync.Mutex
	asked int
	takes time.Duration
	fails int // status of a token request, 0 for success
}

func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != tokenPath {
		return reply(r, http.StatusOK, jobBody), nil
	}
	a.mu.Lock()
	a.asked++
	a.mu.Unlock()
	select {
	case <-time.After(a.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if a.fails != 0 {
		return reply(r, a.fails, "{}"), nil
	}
	return reply(r, http.StatusOK, `{"accessToken":"token-1","expiresIn":86400}`), nil
}

// later runs f beside the test.
func later(f func() error) <-chan error {
	result := make(chan error, 1)
	go func() { result <- f() }()
	return result
}

func TestWaitersForATokenHonourTheirOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{takes: 10 * time.Second}
		c := client(t, "http://symbl.test", through(a.RoundTrip))
		first := later(func() error {
			_, err := c.Job(t.Context(), "7")
			return err
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.Job(ctx, "7")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, failure(t, err).Definite)
		require.Equal(t, time.Second, time.Since(began))
		require.NoError(t, <-first)
		require.Equal(t, 1, a.asked)
	})
}

func TestAWaiterTakesOverFromACallerWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{takes: 10 * time.Second}
		c := client(t, "http://symbl.test", through(a.RoundTrip))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := later(func() error {
			_, err := c.Job(ctx, "7")
			return err
		})
		synctest.Wait()
		_, err := c.Job(t.Context(), "7")
		require.NoError(t, err)
		require.ErrorIs(t, <-first, context.DeadlineExceeded)
		require.Equal(t, 2, a.asked)
	})
}

func TestWaitersShareAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{takes: time.Second, fails: 401}
		c := client(t, "http://symbl.test", through(a.RoundTrip))
		var all []<-chan error
		for range 5 {
			all = append(all, later(func() error {
				_, err := c.Job(t.Context(), "7")
				return err
			}))
		}
		for _, one := range all {
			require.ErrorContains(t, <-one, "appId/appSecret are refused")
		}
		require.Equal(t, 1, a.asked)
	})
}

func TestTheOldTokenServesWhileANewOneIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{takes: time.Second}
		c := client(t, "http://symbl.test", through(a.RoundTrip))
		_, err := c.Job(t.Context(), "7")
		require.NoError(t, err)
		<-time.After(24*time.Hour - 4*time.Minute)
		renewer := later(func() error {
			_, err := c.Job(t.Context(), "7")
			return err
		})
		synctest.Wait()
		began := time.Now()
		_, err = c.Job(t.Context(), "7")
		require.NoError(t, err)
		require.Zero(t, time.Since(began), "it waited for the renewal")
		require.NoError(t, <-renewer)
		require.Equal(t, 2, a.asked)
	})
}
