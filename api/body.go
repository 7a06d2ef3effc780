package api

import (
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"
)

// readBody reads the body once, whole, and never more than limit bytes of it.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	if r.ContentLength > limit {
		drain(r.Body)
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &over):
		drain(r.Body)
		return nil, tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem(http.StatusRequestTimeout, "", "the body did not arrive in time")
	default:
		return nil, problem(http.StatusBadRequest, "", "the body did not arrive whole")
	}
}

// drainBytes is how much of a body that is too large is read all the same.
const drainBytes = 16 << 20

// drain reads on, or the sender, still sending when the connection is closed,
// would see it break instead of the answer. The server's timeouts bound it.
func drain(body io.Reader) {
	_, _ = io.CopyN(io.Discard, body, drainBytes) // whatever comes of it, the answer is the same
}

func tooLarge() error {
	return problem(http.StatusRequestEntityTooLarge, "", "the body is larger than this listener takes")
}
