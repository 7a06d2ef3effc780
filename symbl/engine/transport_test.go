package engine_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
)

// through sends a request to a handler by the transport.
func through(t *testing.T, ctx context.Context, h http.HandlerFunc, body io.Reader) (*http.Response, error) { //nolint:revive // t comes first in tests
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/a/b?c=d", body)
	require.NoError(t, err)
	req.Header.Set("X-In", "1")
	return (&http.Client{Transport: engine.Transport(h)}).Do(req)
}

func TestTransportCarriesRequestAndAnswer(t *testing.T) {
	resp, err := through(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Out", r.Header.Get("X-In"))
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // too late
		w.Header().Set("X-Late", "1")
		_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.Host, r.RequestURI, r.URL.Path, string(body)}, " "))
	}, strings.NewReader("hello"))
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "POST engine /a/b?c=d /a/b hello", string(body))
	require.Equal(t, http.StatusTeapot, resp.StatusCode)
	require.Equal(t, "418 I'm a teapot", resp.Status)
	require.Equal(t, "1", resp.Header.Get("X-Out"))
	require.Empty(t, resp.Header.Get("X-Late"))
	require.EqualValues(t, len(body), resp.ContentLength)
}

func TestTransportAnswers200ForAHandlerThatSaysNothing(t *testing.T) {
	resp, err := through(t, t.Context(), func(http.ResponseWriter, *http.Request) {}, nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestTransportStreamsTheRequestBody(t *testing.T) {
	r, w := io.Pipe()
	got := make(chan string, 1)
	go func() {
		_, _ = io.WriteString(w, "first")
		if <-got == "first" { // the handler has it before the body ends
			_, _ = io.WriteString(w, "second")
		}
		_ = w.Close()
	}()
	resp, err := through(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 5)
		_, _ = io.ReadFull(r.Body, buf)
		got <- string(buf)
		rest, _ := io.ReadAll(r.Body)
		_, _ = w.Write(rest)
	}, r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "second", string(body))
}

func TestTransportEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	ended := make(chan struct{})
	_, err := through(t, ctx, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(ended)
	}, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	<-ended
}

func TestTransportGivesAPanicAsAnError(t *testing.T) {
	_, err := through(t, t.Context(), func(http.ResponseWriter, *http.Request) {
		panic("broken handler")
	}, nil)
	require.ErrorContains(t, err, "broken handler")
}
