package symbl_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	appID     = "app-0001"
	appSecret = "s3cr3t-of-the-app"
	tokenPath = "/oauth2/token:generate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exchange is one request as the server got it.
type exchange struct {
	Method string
	Path   string // escaped
	Query  string // raw
	Header http.Header
	Length int64
	Body   string
}

func (e exchange) line() string {
	if e.Query == "" {
		return e.Method + " " + e.Path
	}
	return e.Method + " " + e.Path + "?" + e.Query
}

// answer is what the server says; the zero status is 200.
type answer struct {
	status int
	header map[string]string
	body   string
}

func ok(body string) answer { return answer{status: http.StatusOK, body: body} }

// fake is a Symbl server that answers from a list for each "METHOD path"; the
// last answer of a list repeats. What it has no list for is 404, and tokens
// are token-1, token-2 and so on unless they have a list.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string][]answer
	got     []exchange
	tokens  int
}

func serve(t *testing.T, answers map[string][]answer) *fake {
	t.Helper()
	f := &fake{answers: answers}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "body breaks off", http.StatusBadRequest)
		return
	}
	a := f.take(exchange{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Header: r.Header.Clone(), Length: r.ContentLength, Body: string(body),
	})
	for key, value := range a.header {
		w.Header().Set(key, value)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = io.WriteString(w, a.body)
}

func (f *fake) take(e exchange) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, e)
	key := e.Method + " " + e.Path
	list := f.answers[key]
	switch {
	case len(list) > 1:
		f.answers[key] = list[1:]
		return list[0]
	case len(list) == 1:
		return list[0]
	case e.Path == tokenPath:
		f.tokens++
		return ok(fmt.Sprintf(`{"accessToken":"token-%d","expiresIn":86400}`, f.tokens))
	}
	return answer{status: http.StatusNotFound, body: `{"message":"there is no such thing"}`}
}

// calls are the requests except those for tokens.
func (f *fake) calls() []exchange {
	f.mu.Lock()
	defer f.mu.Unlock()
	var calls []exchange
	for _, e := range f.got {
		if e.Path != tokenPath {
			calls = append(calls, e)
		}
	}
	return calls
}

// lines are the request lines of calls.
func (f *fake) lines() []string {
	var lines []string
	for _, e := range f.calls() {
		lines = append(lines, e.line())
	}
	return lines
}

// only is the one call that was made.
func (f *fake) only(t *testing.T) exchange {
	t.Helper()
	calls := f.calls()
	require.Len(t, calls, 1)
	return calls[0]
}

func (f *fake) tokenCalls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, e := range f.got {
		if e.Path == tokenPath {
			n++
		}
	}
	return n
}

// client makes a client of the server at url.
func client(t *testing.T, url string, change ...func(*symbl.Config)) *symbl.Client {
	t.Helper()
	cfg := symbl.Config{BaseURL: url, AppID: appID, AppSecret: appSecret}
	for _, f := range change {
		f(&cfg)
	}
	c, err := symbl.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func generation(n int) func(*symbl.Config) {
	return func(cfg *symbl.Config) { cfg.Generation = n }
}

// through makes the client call f instead of a network.
func through(f roundTrip) func(*symbl.Config) {
	return func(cfg *symbl.Config) { cfg.HTTPClient = &http.Client{Transport: f} }
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// withToken answers token requests, and leaves the others to f.
func withToken(f roundTrip) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == tokenPath {
			return reply(r, http.StatusOK, `{"accessToken":"token-1","expiresIn":86400}`), nil
		}
		return f(r)
	}
}

func reply(r *http.Request, status int, body string) *http.Response {
	w := httptest.NewRecorder()
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
	res := w.Result()
	res.Request = r
	return res
}

// failure is the *symbl.Error that err must be.
func failure(t *testing.T, err error) *symbl.Error {
	t.Helper()
	var e *symbl.Error
	require.ErrorAs(t, err, &e)
	return e
}
