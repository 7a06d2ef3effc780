package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
)

func TestEveryPageKeepsToItsPolicy(t *testing.T) {
	s := newSite(t, "", "")
	for _, path := range []string{"/", "/recordings/" + key, "/recordings/" + key + "/events", "/dead", "/nothing-here", "/recordings/calls.none"} {
		w := s.get(path, "")
		if path == "/nothing-here" {
			require.Equal(t, 404, w.Code)
			continue
		}
		h := w.Header()
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.NotRegexp(t, ` style=| on[a-z]+=|<style|<script>`, w.Body.String(), "%s: nothing inline", path)
		require.Contains(t, w.Body.String(), `<html lang="en">`)
		require.Contains(t, w.Body.String(), `href="#main"`, "a link past the navigation")
	}
}

func TestWhoSeesWhat(t *testing.T) {
	s := newSite(t, "op", "view")
	for path, codes := range map[string][3]int{ // stranger, viewer, operator
		"/": {401, 200, 200}, "/recordings": {401, 200, 200}, "/recordings/" + key: {401, 200, 200}, "/dead": {401, 200, 200},
		"/recordings/" + key + "/events": {401, 403, 200}, "/recordings/" + key + "/media": {401, 403, 404},
	} {
		for i, token := range []string{"", "view", "op"} {
			require.Equal(t, codes[i], s.get(path, token).Code, "%s %q", path, token)
		}
	}
	for _, path := range []string{"/recordings/" + key + "/replay", "/recordings/" + key + "/forget", "/dead"} {
		require.Equal(t, 401, s.do("POST", path, "", url.Values{}).Code, path)
		require.Equal(t, 403, s.do("POST", path, "view", url.Values{}).Code, path)
	}
	require.Empty(t, s.changed)

	viewed, operated := s.get("/recordings/"+key, "view").Body.String(), s.get("/recordings/"+key, "op").Body.String()
	require.NotContains(t, viewed, "4155550137")
	require.Contains(t, viewed, "&#43;1 415 •••• 0137")
	require.NotContains(t, viewed, "<audio")
	require.NotContains(t, viewed, "/replay")
	require.Contains(t, operated, "&#43;14155550137")
	require.Contains(t, operated, "<audio")
}

func TestAStrangerIsAskedForATokenWhereverTheyGo(t *testing.T) {
	s := newSite(t, "op", "")
	w := s.get("/recordings?q=a%26b", "")
	require.Equal(t, 401, w.Code)
	require.Contains(t, w.Body.String(), `name="next" value="/recordings?q=a%26b"`)
	require.NotContains(t, w.Body.String(), "aria-label=\"Pages\"")

	r := httptest.NewRequest(http.MethodGet, "/recordings/"+key, nil)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	out := httptest.NewRecorder()
	s.ServeHTTP(out, r)
	require.Contains(t, out.Body.String(), `http-equiv="refresh"`, "a link in Slack does not bring the cookie, our own page does")
}

func TestALoginBeginsASessionAndGoesOn(t *testing.T) {
	s := newSite(t, "op", "view")
	for next, want := range map[string]string{
		"/dead": "/dead", "//evil.example": "/", "https://evil.example": "/", "/\\evil": "/", "": "/", "/login": "/", "/logout": "/",
	} {
		w := s.do("POST", "/login", "", url.Values{"token": {" view "}, "next": {next}})
		require.Equal(t, 303, w.Code, next)
		require.Equal(t, want, w.Header().Get("Location"), next)
		require.Len(t, w.Result().Cookies(), 1)
	}
	require.Equal(t, events.Deed{Role: "viewer", Address: "192.0.2.1", Action: events.DeedLogin}, s.deeds[0])

	w := s.do("POST", "/login", "", url.Values{"token": {"wrong"}, "next": {"/dead"}})
	require.Equal(t, 401, w.Code)
	require.Empty(t, w.Result().Cookies())
	require.Contains(t, w.Body.String(), "neither admin.token nor admin.viewerToken")
	require.NotContains(t, w.Body.String(), "wrong")

	r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader("token=op"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	out := httptest.NewRecorder()
	s.ServeHTTP(out, r)
	require.Empty(t, out.Result().Cookies(), "nobody is signed in by another site")

	s.broken = events.ErrUnavailable
	w = s.do("POST", "/login", "", url.Values{"token": {"op"}})
	require.Equal(t, 503, w.Code, "what the audit log cannot keep is not done")
	require.Empty(t, w.Result().Cookies())
}

func TestWhoGuessesAtTheLoginHasToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes, in which guesses would be forgiven
		s := newSite(t, "op", "")
		w := s.do("POST", "/login", "", url.Values{"token": {"wrong"}})
		for range 200 {
			w = s.do("POST", "/login", "", url.Values{"token": {"wrong"}})
		}
		require.Equal(t, 429, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), "too many wrong tokens")
		require.Equal(t, 429, s.do("POST", "/login", "", url.Values{"token": {"op"}}).Code)
	})
}

func TestTheLoginPageSaysThatItNeedsHTTPS(t *testing.T) {
	s := newSite(t, "op", "")
	ask := func(target string) string {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code)
		return w.Body.String()
	}
	require.Contains(t, ask("http://bell.example/login"), "without https")
	require.NotContains(t, ask("https://bell.example/login"), "without https")
	require.NotContains(t, ask("http://localhost:8081/login"), "without https")
	require.Equal(t, 303, newSite(t, "", "").get("/login", "").Code, "nobody has to sign in on loopback")
}

func TestAChangeNeedsItsForm(t *testing.T) {
	s := newSite(t, "", "")
	w := s.do("POST", "/recordings/"+key+"/replay", "", url.Values{"step": {"submit"}})
	require.Equal(t, 403, w.Code)
	require.Contains(t, w.Body.String(), "load it again")
	require.Empty(t, s.changed)
	require.Equal(t, 303, s.post("/recordings/"+key+"/replay", url.Values{"step": {"submit"}}).Code)
}

func TestErrorsArePages(t *testing.T) {
	s := newSite(t, "", "")
	for err, code := range map[error]int{
		events.ErrUnavailable: 503, events.ErrGone: 410, events.ErrNotFound: 404, context.DeadlineExceeded: 503, context.Canceled: 503, errors.New("secret"): 500,
	} {
		s.broken = err
		w := s.get("/", "")
		require.Equal(t, code, w.Code, err)
		require.NotContains(t, w.Body.String(), "secret")
		require.Contains(t, w.Body.String(), "<main")
		require.Equal(t, code == 503, strings.Contains(w.Body.String(), ">Try again<"), err)
	}
	w := s.get("/system", "")
	require.Equal(t, 200, w.Code, "the page to look at when something is away")
	require.Equal(t, 3, strings.Count(w.Body.String(), "NATS does not tell now."), "of the steps, the silences and the audit log")
	s.broken = nil
	require.Contains(t, s.post("/dead", url.Values{"do": {"replay"}}).Body.String(), `<a href="/dead">Back</a>`)
	require.Equal(t, 400, s.get("/?cursor=x", "").Code)
	require.Equal(t, 400, s.get("/?since=yesterday", "").Code)
}

func TestFilesAreKeptForEverAndChangeTheirAddress(t *testing.T) {
	s := newSite(t, "op", "")
	page := s.get("/login", "").Body.String()
	for _, name := range []string{"console.css", "htmx.min.js", "htmx-sse.min.js", "console.js", "icon.svg"} {
		_, rest, ok := strings.Cut(page, "/static/"+name)
		require.True(t, ok, name)
		address, _, _ := strings.Cut("/static/"+name+rest, `"`)
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, name)
		require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
		require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
		require.NotEmpty(t, w.Header().Get("Content-Type"))
		plain := s.get("/static/"+name, "")
		require.Empty(t, plain.Header().Get("Content-Encoding"))
		require.Greater(t, plain.Body.Len(), w.Body.Len())
		require.Equal(t, "no-cache", plain.Header().Get("Cache-Control"))
	}
	require.Equal(t, 404, s.get("/static/LICENSE-htmx.txt", "").Code)
	require.Equal(t, 404, s.get("/static/..%2Fconsole.go", "").Code)
}
