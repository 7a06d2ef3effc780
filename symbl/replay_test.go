package symbl_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/symbl"
)

// quitter is a server that answers token requests on connections it keeps
// open, reads every other request to its end, and then closes the connection
// without a word, as one that dies does.
type quitter struct {
	net.Listener
	mu     sync.Mutex
	seen   []string
	reused []bool
	wg     sync.WaitGroup
}

func startQuitter(t *testing.T) *quitter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	q := &quitter{Listener: listener}
	q.wg.Go(q.accept)
	t.Cleanup(func() {
		_ = q.Close()
		q.wg.Wait()
	})
	return q
}

func (q *quitter) accept() {
	for {
		conn, err := q.Accept()
		if err != nil {
			return
		}
		q.wg.Go(func() { q.serve(conn) })
	}
}

func (q *quitter) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for reused := false; ; reused = true {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if r.URL.Path != tokenPath {
			q.mu.Lock()
			q.seen, q.reused = append(q.seen, r.Method+" "+r.URL.Path), append(q.reused, reused)
			q.mu.Unlock()
			return
		}
		body := `{"accessToken":"token-1","expiresIn":86400}`
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
}

// requests are those that were read, and whether each one's connection had
// served another before.
func (q *quitter) requests() (seen []string, reused []bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.seen, q.reused
}

func (q *quitter) url() string { return "http://" + q.Addr().String() }

// tries is how often a test asks for a connection that is reused: net/http drops
// one whose writer has not said for 50 ms that it wrote (maxWriteWaitBeforeConnReuse).
const tries = 10

func TestNetHTTPDoesNotReplayASubmission(t *testing.T) {
	key := symbl.Options{IdempotencyKey: "support.CA1"}
	for name, submit := range map[string]func(*symbl.Client) error{
		"text": func(c *symbl.Client) error {
			_, err := c.SubmitText(t.Context(), symbl.TextRequest{Options: key})
			return err
		},
		"URL": func(c *symbl.Client) error {
			_, err := c.SubmitURL(t.Context(), symbl.URLRequest{Options: key, URL: "https://x.example/a.mp3"})
			return err
		},
		"file": func(c *symbl.Client) error {
			_, err := c.SubmitFile(t.Context(), symbl.FileRequest{Options: key, Size: 4}, strings.NewReader("RIFF"))
			return err
		},
		"empty file": func(c *symbl.Client) error {
			_, err := c.SubmitFile(t.Context(), symbl.FileRequest{Options: key}, strings.NewReader(""))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for try := 1; ; try++ {
				q := startQuitter(t)
				e := failure(t, submit(client(t, q.url())))
				require.Equal(t, symbl.Transient, e.Class)
				require.False(t, e.Definite, "the server has read it")
				seen, reused := q.requests()
				require.Len(t, seen, 1)
				if reused[0] { // only such a connection tempts net/http
					return
				}
				require.Less(t, try, tries)
			}
		})
	}
}

// It shows that the test above can fail: the same exchange with a body that
// net/http can rewind reaches the server twice.
func TestNetHTTPReplaysWhatItCanRewind(t *testing.T) {
	for try := 1; ; try++ {
		seen, reused := rewindable(t)
		if reused[0] {
			require.Len(t, seen, 2)
			return
		}
		require.Less(t, try, tries)
	}
}

// rewindable makes the exchange, and gives what the server saw of it.
func rewindable(t *testing.T) (seen []string, reused []bool) {
	t.Helper()
	q := startQuitter(t)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	post := func(path string) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, q.url()+path, bytes.NewReader([]byte("{}")))
		require.NoError(t, err)
		req.Header.Set("Idempotency-Key", "support.CA1")
		res, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	require.NoError(t, post(tokenPath))
	require.Error(t, post("/v1/process/text"))
	return q.requests()
}

func TestDefiniteTellsWhetherAnythingWasSent(t *testing.T) {
	submit := func(c *symbl.Client) *symbl.Error {
		_, err := c.SubmitText(t.Context(), symbl.TextRequest{})
		return failure(t, err)
	}
	// dialling has a token, and everything that follows by dial.
	dialling := func(dial func() (net.Conn, error)) *symbl.Client {
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return dial() }}
		return client(t, "http://symbl.test", through(withToken(transport.RoundTrip)))
	}
	t.Run("connection refused", func(t *testing.T) {
		// A port that was let go may be another test's by now.
		e := submit(dialling(func() (net.Conn, error) { return net.Dial("tcp", "127.0.0.1:1") }))
		require.True(t, e.Definite)
		require.Equal(t, symbl.Transient, e.Class)
	})
	t.Run("no such host", func(t *testing.T) {
		e := submit(dialling(func() (net.Conn, error) { return nil, &net.DNSError{Err: "no such host", Name: "symbl.test"} }))
		require.True(t, e.Definite)
		require.Equal(t, symbl.Transient, e.Class)
	})
	t.Run("untrusted certificate", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = zap.NewStdLog(zap.NewNop())
		server.StartTLS()
		defer server.Close()
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		e := submit(client(t, server.URL, through(withToken(transport.RoundTrip))))
		require.True(t, e.Definite)
		require.ErrorContains(t, e, "certificate")
	})
	t.Run("closed after the request", func(t *testing.T) {
		e := submit(client(t, startQuitter(t).url()))
		require.False(t, e.Definite)
	})
	t.Run("HTTP/2 stream is broken", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		defer server.Close()
		e := submit(client(t, server.URL, through(withToken(server.Client().Transport.RoundTrip))))
		require.False(t, e.Definite)
	})
	t.Run("a transport that does not tell", func(t *testing.T) {
		e := submit(client(t, "http://symbl.test", through(withToken(func(*http.Request) (*http.Response, error) {
			return nil, io.ErrUnexpectedEOF
		}))))
		require.False(t, e.Definite)
		require.ErrorIs(t, e, io.ErrUnexpectedEOF)
	})
	t.Run("a reply that breaks off", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == tokenPath {
				_, _ = io.WriteString(w, `{"accessToken":"token-1","expiresIn":86400}`)
				return
			}
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "{")
		}))
		defer server.Close()
		e := submit(client(t, server.URL))
		require.False(t, e.Definite)
		require.Equal(t, symbl.Transient, e.Class)
	})
}
