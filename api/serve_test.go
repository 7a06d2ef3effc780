package api_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
)

// pipes is a listener in memory, so that time can be false time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func (p *pipes) dial(t *testing.T) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	p.conns <- server
	return client
}

// serve runs h within Serve until the test ends.
func serve(t *testing.T, h http.Handler) *pipes {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p, served := newPipes(), make(chan error, 1)
	go func() { served <- api.Serve(ctx, p, h, api.DefaultLimits(25*time.Second), zap.NewNop()) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
	})
	return p
}

// exchange reads the answer on a connection.
func exchange(t *testing.T, c net.Conn) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

func TestSlowHeadersEndTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, http.NotFoundHandler())
		c, begin := p.dial(t), time.Now()
		send(t, c, "POST /webhooks/calls HTTP/1.1\r\nHost: example.com\r\nX-Slow: ")
		drip := time.NewTicker(time.Second)
		defer drip.Stop()
		for range drip.C {
			if _, err := io.WriteString(c, "x"); err != nil {
				break
			}
		}
		require.LessOrEqual(t, time.Since(begin), 6*time.Second)
	})
}

func TestSlowBodyIs408(t *testing.T) {
	h := newPublic(t)
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h)
		c, begin := p.dial(t), time.Now()
		send(t, c, "POST /webhooks/calls HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nx")
		status, body := exchange(t, c)
		require.Equal(t, 408, status)
		require.JSONEq(t, `{"title":"Request Timeout","status":408,"detail":"the body did not arrive in time"}`, body)
		require.LessOrEqual(t, time.Since(begin), 21*time.Second)
	})
}

// announceTooMuch is a connection on which a body that is too long was announced
// and refused.
func announceTooMuch(t *testing.T, p *pipes) net.Conn {
	t.Helper()
	c := p.dial(t)
	send(t, c, "POST /webhooks/calls HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000000\r\n\r\n")
	status, _ := exchange(t, c)
	require.Equal(t, 413, status)
	return c
}

func TestABodyThatIsTooLongIsRefusedBeforeItComes(t *testing.T) {
	h := newPublic(t)
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h)
		begin := time.Now()
		c := announceTooMuch(t, p)
		require.Zero(t, time.Since(begin))
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.Less(t, time.Since(begin), 3*time.Second)
	})
}

func TestATooLongBodyThatDripsIsNotReadForEver(t *testing.T) {
	h := newPublic(t)
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h)
		begin := time.Now()
		c := announceTooMuch(t, p)
		for drip := time.NewTicker(500 * time.Millisecond); ; <-drip.C {
			if _, err := c.Write([]byte("x")); err != nil {
				drip.Stop()
				break
			}
			require.Less(t, time.Since(begin), time.Minute)
		}
		require.Less(t, time.Since(begin), 22*time.Second)
	})
}

func TestWhoSendsATooLongBodyReadsTheAnswerAfterIt(t *testing.T) {
	srv := httptest.NewServer(newPublic(t))
	defer srv.Close()
	for _, head := range []string{"Content-Length: 4194304\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n400000\r\n"} {
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		require.NoError(t, err)
		send(t, c, "POST /webhooks/calls HTTP/1.1\r\nHost: example.com\r\n"+head)
		send(t, c, strings.Repeat("x", 4<<20))
		status, _ := exchange(t, c)
		require.Equal(t, 413, status)
		require.NoError(t, c.Close())
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, http.NotFoundHandler())
		c := p.dial(t)
		send(t, c, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		status, _ := exchange(t, c)
		require.Equal(t, 404, status)
		begin := time.Now()
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestHugeHeadersAre431(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, http.NotFoundHandler())
		c := p.dial(t)
		go func() { // the server stops reading at some point
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: example.com\r\nX-Huge: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		require.Equal(t, 431, resp.StatusCode)
	})
}

func TestRequestUnderWayIsFinishedWhenTheServerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, finish := make(chan struct{}), make(chan struct{})
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-finish
			if r.Context().Err() == nil {
				_, _ = io.WriteString(w, "done")
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		p, served := newPipes(), make(chan error, 1)
		go func() { served <- api.Serve(ctx, p, h, api.DefaultLimits(25*time.Second), zap.NewNop()) }()
		c := p.dial(t)
		send(t, c, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		<-begun
		cancel()
		<-p.closed // no new connections
		close(finish)
		status, body := exchange(t, c)
		require.Equal(t, 200, status)
		require.Equal(t, "done", body)
		require.NoError(t, <-served)
	})
}

func TestRequestThatDoesNotEndIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
		})
		ctx, cancel := context.WithCancel(t.Context())
		p, served := newPipes(), make(chan error, 1)
		go func() { served <- api.Serve(ctx, p, h, api.DefaultLimits(3*time.Second), zap.NewNop()) }()
		send(t, p.dial(t), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		<-begun
		begin := time.Now()
		cancel()
		require.NoError(t, <-served)
		require.Equal(t, 3*time.Second, time.Since(begin))
	})
}

func TestListenerThatFailsIsAnError(t *testing.T) {
	err := api.Serve(t.Context(), broken{newPipes()}, http.NotFoundHandler(), api.DefaultLimits(time.Second), zap.NewNop())
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "127.0.0.1:8080")
}

var errBroken = errors.New("broken")

type broken struct{ *pipes }

func (broken) Accept() (net.Conn, error) { return nil, errBroken }

// engine is an admin server with h as its engine.
func engine(h http.HandlerFunc) http.Handler {
	admin, err := api.NewAdmin(api.AdminConfig{}, api.AdminDeps{
		Store: &store{}, Gatherer: prometheus.NewRegistry(), Engine: h, Log: zap.NewNop(),
	})
	if err != nil {
		panic(err) // a mistake in a template, which is part of the program
	}
	return admin
}

// uploads answers with what was sent, or with 408.
func uploads() http.Handler {
	return engine(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
			return
		}
		select { // the handler itself may take its time, too
		case <-time.After(5 * time.Minute):
		case <-r.Context().Done():
			body = []byte("cut off")
		}
		_, _ = w.Write(body)
	})
}

func TestLongUploadToTheEngineIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, uploads())
		c := p.dial(t)
		send(t, c, "POST /v1/process/audio HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\n")
		for range 10 {
			<-time.After(29 * time.Second)
			send(t, c, "x")
		}
		status, body := exchange(t, c)
		require.Equal(t, 200, status)
		require.Equal(t, "xxxxxxxxxx", body)
	})
}

func TestUploadToTheEngineThatStallsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, uploads())
		c, begin := p.dial(t), time.Now()
		send(t, c, "POST /v1/process/audio HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nx")
		status, _ := exchange(t, c)
		require.Equal(t, 408, status)
		require.Equal(t, 30*time.Second, time.Since(begin))
	})
}

func TestUploadThatTheEngineDoesNotReadIsCutOff(t *testing.T) {
	refuse := engine(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, refuse)
		c, begin := p.dial(t), time.Now()
		send(t, c, "POST /v1/process/audio HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nx")
		status, _ := exchange(t, c)
		require.Equal(t, 401, status)
		require.LessOrEqual(t, time.Since(begin), 30*time.Second)
	})
}

func TestCallToTheEngineWithoutABodyMayTakeLong(t *testing.T) {
	slow := engine(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(5 * time.Minute):
		case <-r.Context().Done():
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, slow).dial(t)
		send(t, c, "GET /v1/conversations/1 HTTP/1.1\r\nHost: example.com\r\n\r\n")
		status, _ := exchange(t, c)
		require.Equal(t, 200, status)
	})
}
