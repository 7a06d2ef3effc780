package api_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api"
)

// serveRaw serves the handler on a loopback port until the test ends.
func serveRaw(t *testing.T, h http.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- api.Serve(ctx, l, h, api.DefaultLimits(time.Second), zap.NewNop()) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return l.Addr().String()
}

// sendRaw writes bytes to a new connection and reads the first answer; 0 when
// the connection ends without one.
func sendRaw(t *testing.T, addr, request string) (status int) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, _ = conn.Write([]byte(request)) // the server may end the connection before it has read all
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestAmbiguousRequestsAreRefused sends what two parsers could read in two ways.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	p := newPublic(t)
	addr := serveRaw(t, p)
	const hidden = "POST /webhooks/calls HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
	for name, header := range map[string]string{
		"two lengths":                "Content-Length: 5\r\nContent-Length: 0\r\n\r\n",
		"a signed length":            "Content-Length: +2\r\n\r\n{}",
		"an unknown encoding":        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"two encodings":              "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a space before the colon":   "Content-Length : 0\r\n\r\n",
		"chunks with a bare newline": "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
		"two hosts":                  "Host: b\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			before := p.taken()
			status := sendRaw(t, addr, "POST /nowhere HTTP/1.1\r\nHost: a\r\n"+header+hidden)
			require.Contains(t, []int{0, 400, 404, 501}, status)
			require.Equal(t, before, p.taken(), "the hidden request is not served")
		})
	}
	require.Equal(t, http.StatusAccepted, sendRaw(t, addr, hidden), "and it would be by itself")
}

// taken counts the recordings that were accepted.
func (p *public) taken() int {
	return p.logs.FilterMessage("recording accepted").Len()
}
