package safehttp_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newClient(t *testing.T, o safehttp.Options) *safehttp.Client {
	t.Helper()
	c, err := safehttp.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func requireKind(t *testing.T, kind safehttp.Kind, err error) (text string) {
	t.Helper()
	var e *safehttp.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, e.Error())
	return e.Error()
}

// getError fails the test when there is an answer, so that its body need not be closed.
func getError(t *testing.T, c *safehttp.Client, rawURL string) error {
	t.Helper()
	resp, err := c.Get(t.Context(), rawURL, nil, "")
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.Error(t, err)
	return err
}

func TestAnAllowedAddressIsFetched(t *testing.T) {
	var seen http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, "sound")
	})
	for name, allow := range map[string]string{"address": "127.0.0.1", "range": "127.0.0.0/8"} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, safehttp.Options{AllowHosts: []string{allow}, UserAgent: "bell/1"})
			resp, err := c.Get(t.Context(), s.URL+"/a.wav#here", nil, "bytes=0-4")
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, "sound", string(body))
			require.Equal(t, http.StatusPartialContent, resp.StatusCode)
			require.Equal(t, "bell/1", seen.Get("User-Agent"))
			require.Equal(t, "bytes=0-4", seen.Get("Range"))
			require.Equal(t, "identity", seen.Get("Accept-Encoding"))
			require.Empty(t, seen.Get("Authorization"))
		})
	}
}

func TestPrivateAddressesAreRefusedAfterDNS(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was reached") })
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	c := newClient(t, safehttp.Options{})
	for _, address := range []string{
		s.URL, "http://localhost:" + port, "http://localhost", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
		"http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://100.100.100.200/",
		"http://0.0.0.0/", "http://[fd00:ec2::254]/", "http://[64:ff9b::a9fe:a9fe]/", "https://192.168.1.1/",
	} {
		t.Run(address, func(t *testing.T) {
			text := requireKind(t, safehttp.Refused, getError(t, c, address+"?token=hush"))
			u, err := url.Parse(address)
			require.NoError(t, err)
			require.Contains(t, text, u.Host)
			require.Contains(t, text, "allow it in media.allowHosts")
		})
	}
}

func TestPublicAddressesAreAllowedOnTheUsualPortsOnly(t *testing.T) {
	c := newClient(t, safehttp.Options{})
	require.NoError(t, c.Control("1.1.1.1:443"))
	require.NoError(t, c.Control("1.1.1.1:80"))
	require.Error(t, c.Control("1.1.1.1:8080"))
	require.Error(t, c.Control("127.0.0.1:443"))
	require.Error(t, c.Control("no address"))
}

func TestAnAllowedNameOpensThatNameOnly(t *testing.T) {
	var away string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, away, http.StatusFound)
		}
	})
	away = s.URL + "/secret"
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	c := newClient(t, safehttp.Options{AllowHosts: []string{"LocalHost."}})
	resp, err := c.Get(t.Context(), "http://localhost:"+port+"/", nil, "")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	requireKind(t, safehttp.Refused, getError(t, c, s.URL))
	requireKind(t, safehttp.Refused, getError(t, c, "http://localhost:"+port+"/away"))
}

func TestOddURLsAreRefused(t *testing.T) {
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	for _, raw := range []string{
		"", "file:///etc/passwd", "gopher://127.0.0.1/hush", "/relative/hush", "http://", "http:///hush",
		"https://user:hush@127.0.0.1/", "https://api.example.com@127.0.0.1/", "http://127.0.0.1:hush/",
		"http://[fe80::1%25%0a%0dhush]:1/", "http://127.0.0.1/\x00hush", "https://a/" + strings.Repeat("hush", 5000),
	} {
		err := getError(t, c, raw)
		requireKind(t, safehttp.Refused, err)
		require.NotContains(t, err.Error(), "/hush")
		require.NotContains(t, err.Error(), "user")
		require.NotContains(t, err.Error(), "\n")
		_, err = c.Post(t.Context(), raw, "text/plain", nil)
		requireKind(t, safehttp.Refused, err)
	}
}

func TestRedirectsToPrivateAddressesAreRefused(t *testing.T) {
	for name, to := range map[string]string{
		"metadata": "http://169.254.169.254/hush", "other scheme": "file:///hush", "user info": "https://a:b@127.0.0.1/hush",
		"malformed": "http://[::1/hush", "no host": "http:///hush",
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(http.StatusTemporaryRedirect)
			})
			c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
			err := getError(t, c, s.URL)
			requireKind(t, safehttp.Refused, err)
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

func TestFiveRedirectsAreFollowedAndNoMore(t *testing.T) {
	var hops atomic.Int32
	limit := int32(5)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if hops.Add(1) <= limit {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	resp, err := c.Get(t.Context(), s.URL, nil, "")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)

	hops.Store(0)
	limit = 6
	requireKind(t, safehttp.Refused, getError(t, c, s.URL))
	require.EqualValues(t, 6, hops.Load())
}

func TestCredentialsStayWithTheFirstOriginAndLeaveOverHTTPSOnly(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	note := func(name string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[name] = r.Header.Get("Authorization")
	}
	plain := serve(t, func(_ http.ResponseWriter, r *http.Request) { note("plain", r) })
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("other", r)
		http.Redirect(w, r, plain.URL, http.StatusFound)
	}))
	t.Cleanup(other.Close)
	first := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("first"+r.URL.Path, r)
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/again", http.StatusFound)
			return
		}
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	t.Cleanup(first.Close)

	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	pool := x509.NewCertPool()
	pool.AddCert(first.Certificate())
	c.Trust(pool)
	auth := func(*url.URL) string { return "Bearer hush" } // for the same host on every port
	resp, err := c.Get(t.Context(), first.URL+"/", auth, "")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, map[string]string{"first/": "Bearer hush", "first/again": "Bearer hush", "other": "", "plain": ""}, got)
	got = map[string]string{}
	resp, err = c.Get(t.Context(), plain.URL, auth, "")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, map[string]string{"plain": ""}, got)
}

func TestFormsArePostedOverHTTPSOnceAndFollowNothing(t *testing.T) {
	var calls atomic.Int32
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.PostFormValue("grant_type") != "test" || r.Header.Get("Authorization") != "Basic hush" {
			t.Errorf("got %v with %q", r.PostForm, r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	})
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c.Trust(pool)
	resp, err := c.PostForm(t.Context(), s.URL, "Basic hush", url.Values{"grant_type": {"test"}})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusTemporaryRedirect, resp.StatusCode)
	require.EqualValues(t, 1, calls.Load())

	plain := serve(t, handler)
	_, err = c.PostForm(t.Context(), plain.URL, "Basic hush", nil)
	requireKind(t, safehttp.Refused, err)
	require.EqualValues(t, 1, calls.Load())
}

func TestAnUntrustedCertificateIsNamed(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = zap.NewStdLog(zap.NewNop())
	s.StartTLS()
	t.Cleanup(s.Close)
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	text := requireKind(t, safehttp.Transient, getError(t, c, s.URL+"/hush?q=hush"))
	require.Equal(t, s.URL+": the TLS certificate is not trusted", text)
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	requireKind(t, safehttp.Refused, getError(t, c, "http://10.0.0.1/"))
}

// hijack answers with raw bytes and hangs up.
func hijack(t *testing.T, w http.ResponseWriter, answer string) {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.WriteString(conn, answer)
	_ = conn.Close()
}

func TestErrorsNameTheHostButNeitherPathNorQuery(t *testing.T) {
	const closed = "http://127.0.0.1:1" // a port that was let go may be another test's by now
	garbled := serve(t, func(w http.ResponseWriter, _ *http.Request) { hijack(t, w, "HTTP/1.1 hush hush\r\n\r\n") })
	hangup := serve(t, func(w http.ResponseWriter, _ *http.Request) { hijack(t, w, "") })
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	for base, reason := range map[string]string{
		closed: "connection refused", garbled.URL: "the request failed", hangup.URL: "the connection broke off",
	} {
		text := requireKind(t, safehttp.Transient, getError(t, c, base+"/hush?token=hush"))
		require.Equal(t, base+": "+reason, text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Post(ctx, closed, "text/plain", nil)
	require.ErrorIs(t, err, context.Canceled)
	requireKind(t, safehttp.Transient, err)
	ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err = c.Post(ctx, closed, "text/plain", nil)
	require.Equal(t, closed+": timed out", requireKind(t, safehttp.Transient, err))
}

func TestPostSendsOnceAndFollowsNothing(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"a":1}` || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %q of %q, %v", body, r.Header.Get("Content-Type"), err)
		}
		http.Redirect(w, r, "/again", http.StatusPermanentRedirect)
	})
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	status, err := c.Post(t.Context(), s.URL, "application/json", []byte(`{"a":1}`))
	require.NoError(t, err)
	require.Equal(t, http.StatusPermanentRedirect, status)
	require.EqualValues(t, 1, calls.Load())

	c = newClient(t, safehttp.Options{})
	_, err = c.Post(t.Context(), s.URL, "application/json", nil)
	requireKind(t, safehttp.Refused, err)
}

func TestBadAllowHostsAreNamed(t *testing.T) {
	for _, entry := range []string{"", ".", "http://a", "a:80", "*.example.com", "10.0.0.0/33", "a b", "a/b"} {
		_, err := safehttp.New(safehttp.Options{AllowHosts: []string{"fine.example", entry}})
		require.ErrorContains(t, err, `media.allowHosts: "`+entry+`"`)
	}
	for _, entry := range []string{"pbx", "pbx.example.", "::1", "[::1]", "fd00::/8", "10.1.2.3"} {
		newClient(t, safehttp.Options{AllowHosts: []string{entry}})
	}
}
