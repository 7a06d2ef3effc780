package safehttp_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

func TestABodyThatStallsIsAborted(t *testing.T) {
	gone := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "RIFF")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	})
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}, Stall: 50 * time.Millisecond})
	resp, err := c.Get(t.Context(), s.URL+"/hush", nil, "")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.Equal(t, "RIFF", string(body))
	text := requireKind(t, safehttp.Stalled, err)
	require.Equal(t, s.URL+": no byte arrived for too long", text)
	require.NoError(t, resp.Body.Close())
	<-gone
}

func TestTheTimeBetweenReadsDoesNotStall(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "sound") })
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}, Stall: 20 * time.Millisecond})
	resp, err := c.Get(t.Context(), s.URL, nil, "")
	require.NoError(t, err)
	defer resp.Body.Close()
	late := time.NewTimer(80 * time.Millisecond)
	<-late.C
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "sound", string(body))
}

func TestABodyThatBreaksOffIsTransient(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "short")
	})
	c := newClient(t, safehttp.Options{AllowHosts: []string{"127.0.0.1"}})
	resp, err := c.Get(t.Context(), s.URL, nil, "")
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	text := requireKind(t, safehttp.Transient, err)
	require.Equal(t, s.URL+": the connection broke off", text)
}

func TestCapAllowsExactlyItsBytes(t *testing.T) {
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"whole":         func(r io.Reader) io.Reader { return r },
		"byte by byte":  iotest.OneByteReader,
		"data with EOF": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := io.ReadAll(safehttp.Cap(reader(strings.NewReader("12345")), 5))
			require.NoError(t, err)
			require.Equal(t, "12345", string(got))

			got, err = io.ReadAll(safehttp.Cap(reader(strings.NewReader("123456")), 5))
			require.ErrorIs(t, err, safehttp.ErrTooLarge)
			requireKind(t, safehttp.TooLarge, err)
			require.Equal(t, "12345", string(got))
		})
	}
	r := safehttp.Cap(strings.NewReader("1"), 0)
	for range 2 {
		n, err := r.Read(make([]byte, 4))
		require.Zero(t, n)
		require.ErrorIs(t, err, safehttp.ErrTooLarge)
	}
}

func TestCapPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	_, err := io.ReadAll(safehttp.Cap(iotest.ErrReader(broken), 5))
	require.ErrorIs(t, err, broken)
}
