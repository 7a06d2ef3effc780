package symbl

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
)

// upload is the body of a file submission. It remembers whether its source
// failed, because a transport reports that like a failure of the connection,
// and a server like a bad request.
type upload struct {
	source      io.Reader
	size        int64 // 0: unknown
	contentType string

	mu     sync.Mutex
	read   int64
	failed error
	closed bool
}

// Read reads the source on.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.source.Read(p)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.read += int64(n)
	switch {
	case u.closed || err == nil: // reading on after Close fails rightly
	case !errors.Is(err, io.EOF):
		u.failed = err
	case u.read < u.size:
		u.failed = fmt.Errorf("it ends after %d of %d bytes", u.read, u.size)
	}
	return n, err
}

// Close closes the source once, if it can be closed. Its error is not told: a
// failed close of what was only read loses nothing.
func (u *upload) Close() error {
	u.mu.Lock()
	closed := u.closed
	u.closed = true
	u.mu.Unlock()
	if source, ok := u.source.(io.ReadCloser); ok && !closed {
		source.Close()
	}
	return nil
}

// discard closes a file that may not be there, or is not sent.
func (u *upload) discard() {
	if u != nil {
		_ = u.Close()
	}
}

// failure is the error of a submission whose file could not be read to its
// end, and nil otherwise: no server accepts half a body, so it is definite.
func (u *upload) failure(op string, m mask) error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failed == nil {
		return nil
	}
	return &Error{Class: Transient, Op: op, Message: "read the file: " + m.hide(u.failed.Error()), Definite: true, Err: u.failed}
}

func (u *upload) describe(req *http.Request) {
	if u.size > 0 {
		req.ContentLength = u.size // else it is sent in chunks
	}
	if u.contentType != "" {
		req.Header.Set("Content-Type", u.contentType)
	}
}

// documentedType is the media type if Symbl documents it for the kind, else
// "": the server refuses others, but detects what has none.
func documentedType(kind Kind, contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	switch media {
	case "audio/wav", "audio/mpeg", "audio/mp3", "audio/wave":
		if kind != Video {
			return media
		}
	case "video/mp4":
		if kind == Video {
			return media
		}
	}
	return ""
}
