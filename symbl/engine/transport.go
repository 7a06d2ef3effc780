package engine

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Transport calls a handler within the process, without a socket. The request
// body is streamed to the handler; its answer is held in memory. When the
// request's context ends RoundTrip returns at once, and the handler is told by
// the same context. A handler that panics gives an error, as it would cut the
// connection of a server.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

var _ http.RoundTripper = transport{}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	in := req.Clone(req.Context())
	in.RequestURI = req.URL.RequestURI()
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	answer := &answer{header: http.Header{}, code: http.StatusOK}
	done := make(chan error, 1)
	go func() {
		defer in.Body.Close()
		done <- answer.by(t.handler, in)
	}()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
		return answer.response(req), nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// answer is an http.ResponseWriter that keeps what is written.
type answer struct {
	header  http.Header
	sent    http.Header // as it was when the status was written
	code    int
	body    bytes.Buffer
	started bool
}

var _ http.ResponseWriter = (*answer)(nil)

// by lets the handler write the answer.
func (a *answer) by(h http.Handler, r *http.Request) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("handler of %s %s panicked: %v", r.Method, r.URL.Path, cause)
		}
	}()
	h.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK)
	return nil
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter; only the first call counts.
func (a *answer) WriteHeader(code int) {
	if !a.started && code >= http.StatusOK {
		a.started, a.code, a.sent = true, code, a.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) response(req *http.Request) *http.Response {
	body := a.body.Bytes()
	if req.Method == http.MethodHead {
		body = nil
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", a.code, http.StatusText(a.code)),
		StatusCode:    a.code,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.sent,
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}
