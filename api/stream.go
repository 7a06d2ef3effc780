package api

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// stallTimeout is how long the engine waits for the next bytes of an upload.
const stallTimeout = 30 * time.Second

// Streaming frees the engine's handler from the server's limits on whole
// requests, which recordings exceed; a body that stalls for 30 s still fails.
func Streaming(next http.Handler) http.Handler { return streaming(next, stallTimeout) }

// streaming frees a handler that takes large uploads from the server's limits
// on whole requests: instead, no single read may wait for longer than stall.
func streaming(next http.Handler, stall time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := &upload{ReadCloser: r.Body, ctl: http.NewResponseController(w), stall: stall}
		// A server that has no deadlines needs none lifted.
		_ = u.ctl.SetWriteDeadline(time.Time{})
		if r.Body == http.NoBody {
			u.lift()
		} else {
			u.extend()
		}
		r.Body = u
		next.ServeHTTP(w, r)
	})
}

// upload is a request body whose every read has a deadline of its own. The last
// one stays for the server, which reads what the handler leaves unread.
type upload struct {
	io.ReadCloser
	ctl   *http.ResponseController
	stall time.Duration
}

// Read lifts the deadline at the end: it would cancel the request while the
// handler is busy.
func (u *upload) Read(p []byte) (int, error) {
	u.extend()
	n, err := u.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		u.lift()
	}
	return n, err
}

func (u *upload) extend() { _ = u.ctl.SetReadDeadline(time.Now().Add(u.stall)) }
func (u *upload) lift()   { _ = u.ctl.SetReadDeadline(time.Time{}) }
