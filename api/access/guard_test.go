package access_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/access"
)

// visit is a request of a browser, with the cookies of a session.
func visit(method, target string, cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// signIn begins a session with a token.
func signIn(t *testing.T, g *access.Guard, target, token string) *http.Cookie {
	t.Helper()
	r := visit(http.MethodPost, target)
	role, err := g.SignIn(r, token)
	require.NoError(t, err)
	return g.Start(r, role)
}

func status(err error) int {
	var refusal *access.Refusal
	if err == nil {
		return http.StatusOK
	}
	refusal, _ = err.(*access.Refusal) //nolint:errorlint // it is promised bare
	return refusal.Status
}

func TestASessionHasTheRoleOfItsToken(t *testing.T) {
	g := access.New("op", "view")
	for token, want := range map[string]access.Role{"op": access.Operator, "view": access.Viewer} {
		v, err := g.AdmitBrowser(visit("GET", "https://bell.example/", signIn(t, g, "https://bell.example/login", token)))
		require.NoError(t, err)
		require.Equal(t, want, v.Role)
		require.NotEmpty(t, v.CSRF)
	}
	_, err := g.SignIn(visit("POST", "/login"), "wrong")
	require.Equal(t, 401, status(err))
	_, err = g.AdmitBrowser(visit("GET", "/"))
	require.Equal(t, 401, status(err))
}

func TestACookieIsForThisHostAndOverHTTPSOnly(t *testing.T) {
	g := access.New("op", "")
	for name, c := range map[string]struct {
		target, proto string
		cookie        string
		secure        bool
	}{
		"https":                          {"https://bell.example/login", "", "__Host-trackerbell", true},
		"a proxy that ends https":        {"http://bell.example/login", "https", "__Host-trackerbell", true},
		"without https, which is futile": {"http://bell.example/login", "", "__Host-trackerbell", true},
		"this machine":                   {"http://localhost:8081/login", "", "trackerbell", false},
		"this machine, by https":         {"https://127.0.0.1:8081/login", "", "__Host-trackerbell", true},
	} {
		r := visit("POST", c.target)
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		got := g.Start(r, access.Operator)
		require.Equal(t, c.cookie, got.Name, name)
		require.Equal(t, c.secure, got.Secure, name)
		require.True(t, got.HttpOnly, name)
		require.Equal(t, http.SameSiteStrictMode, got.SameSite, name)
		require.Equal(t, "/", got.Path, name)
		require.Negative(t, g.End(r).MaxAge, name)
	}
}

func TestEachLoginIsASessionOfItsOwn(t *testing.T) {
	g := access.New("op", "")
	a, b := signIn(t, g, "https://x/", "op"), signIn(t, g, "https://x/", "op")
	require.NotEqual(t, a.Value, b.Value)
	va, err := g.AdmitBrowser(visit("GET", "https://x/", a))
	require.NoError(t, err)
	vb, err := g.AdmitBrowser(visit("GET", "https://x/", b))
	require.NoError(t, err)
	require.NotEqual(t, va.CSRF, vb.CSRF)
}

func TestAnyReplicaBelievesASessionUntilItsTokenChanges(t *testing.T) {
	cookie := signIn(t, access.New("op", "view"), "https://x/", "op")
	_, err := access.New("op", "other").AdmitBrowser(visit("GET", "https://x/", cookie))
	require.NoError(t, err)
	for _, g := range []*access.Guard{access.New("new", "view"), access.New("", "view"), access.New("view", "op")} {
		_, err := g.AdmitBrowser(visit("GET", "https://x/", cookie))
		require.Equal(t, 401, status(err))
	}
}

func TestASessionEndsAfterTwelveHours(t *testing.T) {
	now := time.Now()
	g := access.New("op", "")
	g.SetNow(func() time.Time { return now })
	cookie := signIn(t, g, "https://x/", "op")
	now = now.Add(12*time.Hour - time.Minute)
	_, err := g.AdmitBrowser(visit("GET", "https://x/", cookie))
	require.NoError(t, err)
	now = now.Add(2 * time.Minute)
	_, err = g.AdmitBrowser(visit("GET", "https://x/", cookie))
	require.Equal(t, 401, status(err))
}

func TestAForgedCookieIsNone(t *testing.T) {
	g := access.New("op", "view")
	good := signIn(t, g, "https://x/", "view").Value
	for i := range len(good) {
		bad := []byte(good)
		bad[i] ^= 1
		_, err := g.AdmitBrowser(visit("GET", "https://x/", &http.Cookie{Name: "__Host-trackerbell", Value: string(bad)}))
		require.Equal(t, 401, status(err), "character %d", i)
	}
	for _, bad := range []string{"", ".", good[:10], good + "x", good + "." + good} {
		_, err := g.AdmitBrowser(visit("GET", "https://x/", &http.Cookie{Name: "__Host-trackerbell", Value: bad}))
		require.Equal(t, 401, status(err), "%q", bad)
	}
}

func FuzzACookieIsNoneUnlessWeMadeIt(f *testing.F) {
	g := access.New("op", "view")
	f.Add("AgAAAABl.c2ln")
	f.Fuzz(func(t *testing.T, value string) {
		_, err := g.AdmitBrowser(visit("GET", "https://x/", &http.Cookie{Name: "__Host-trackerbell", Value: value}))
		require.Equal(t, 401, status(err))
	})
}

func TestAChangeNeedsTheTokenOfItsOwnSession(t *testing.T) {
	for name, g := range map[string]*access.Guard{"signed in": access.New("op", ""), "open": access.New("", "")} {
		t.Run(name, func(t *testing.T) {
			post := func(site string) *http.Request {
				r := visit("POST", "http://localhost/dead")
				if !g.Open() {
					r.AddCookie(signIn(t, g, "http://localhost/login", "op"))
				}
				if site != "" {
					r.Header.Set("Sec-Fetch-Site", site)
				}
				return r
			}
			r := post("same-origin")
			v, err := g.AdmitBrowser(r)
			require.NoError(t, err)
			require.NoError(t, g.Change(r, v, v.CSRF))
			require.Equal(t, 403, status(g.Change(r, v, "")))
			require.Equal(t, 403, status(g.Change(r, v, v.CSRF+"x")))
			require.Equal(t, 403, status(g.Change(post("cross-site"), v, v.CSRF)))
			r = post("")
			r.Header.Set("Origin", "https://evil.example")
			require.Equal(t, 403, status(g.Change(r, v, v.CSRF)))
		})
	}
}

func TestATokenInAHeaderNeedsNoFormToken(t *testing.T) {
	g := access.New("op", "")
	r := visit("POST", "http://localhost/dead")
	r.Header.Set("Authorization", "Bearer op")
	v, err := g.AdmitBrowser(r)
	require.NoError(t, err)
	require.NoError(t, g.Change(r, v, ""))
}

func TestAProxysOwnLoginDoesNotHideASession(t *testing.T) {
	g := access.New("op", "")
	r := visit("GET", "https://bell.example/", signIn(t, g, "https://bell.example/login", "op"))
	r.SetBasicAuth("someone", "of the proxy")
	v, err := g.AdmitBrowser(r)
	require.NoError(t, err)
	require.Equal(t, access.Operator, v.Role)
	require.NotEmpty(t, v.CSRF, "which needs the token of its forms")
	for _, header := range []string{"Bearer wrong", "bearer", "Bearer "} {
		r.Header.Set("Authorization", header)
		_, err = g.AdmitBrowser(r)
		require.Equal(t, 401, status(err), "%q is meant for us, and wrong", header)
	}
	r = visit("GET", "https://bell.example/")
	r.SetBasicAuth("op", "op")
	_, err = g.AdmitBrowser(r)
	require.Equal(t, 401, status(err))
}

func TestOverHTTPSOnlyTheCookieOfThisHostCounts(t *testing.T) {
	g := access.New("op", "view")
	mine := signIn(t, g, "https://bell.example/login", "view")
	planted := &http.Cookie{Name: "trackerbell", Value: signIn(t, g, "https://bell.example/login", "op").Value}
	v, err := g.AdmitBrowser(visit("GET", "https://bell.example/", planted, mine))
	require.NoError(t, err)
	require.Equal(t, access.Viewer, v.Role, "a plain cookie may be another host's of the same domain")
	_, err = g.AdmitBrowser(visit("GET", "https://bell.example/", planted))
	require.Equal(t, 401, status(err))
	v, err = g.AdmitBrowser(visit("GET", "http://localhost:8081/", planted))
	require.NoError(t, err)
	require.Equal(t, access.Operator, v.Role)
}

func TestACookieIsNoTokenForTheAPI(t *testing.T) {
	g := access.New("op", "")
	_, err := g.Admit(visit("GET", "https://x/api/recordings", signIn(t, g, "https://x/", "op")))
	require.Equal(t, 401, status(err))
}

func TestWhoGuessesHasToWaitAndSessionsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes, in which guesses would be forgiven
		g := access.New("op", "")
		session := signIn(t, g, "https://x/", "op")
		var got int
		for range 200 {
			if _, err := g.SignIn(visit("POST", "/login"), "wrong"); err != nil {
				got = status(err)
			}
		}
		require.Equal(t, 429, got)
		_, err := g.SignIn(visit("POST", "/login"), "op")
		require.Equal(t, 429, status(err), "or the right one would stand out")
		_, err = g.AdmitBrowser(visit("GET", "https://x/", session))
		require.NoError(t, err)
		elsewhere := visit("POST", "/login")
		elsewhere.RemoteAddr = "198.51.100.7:1"
		_, err = g.SignIn(elsewhere, "op")
		require.NoError(t, err)
	})
}

func TestAddressesAreTakenForWhatTheyAre(t *testing.T) {
	r := visit("GET", "/")
	r.RemoteAddr = "[2001:db8::1]:4711"
	require.Equal(t, "2001:db8::1", access.Address(r))
	for header, want := range map[string]string{"": "", "203.0.113.9": "203.0.113.9", "203.0.113.9, 10.0.0.1": "203.0.113.9", "<script>": ""} {
		r.Header.Set("X-Forwarded-For", header)
		require.Equal(t, want, access.Forwarded(r), header)
	}
}
