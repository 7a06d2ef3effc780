package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
)

// readBody reads the body once, whole, and never more than limit bytes of it.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &over):
		return nil, tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem(http.StatusRequestTimeout, "", "the body did not arrive in time")
	default:
		return nil, problem(http.StatusBadRequest, "", "the body did not arrive whole")
	}
}

const (
	// drainBytes is how much is read of a body that is too large, and drainStall
	// how long its sender may pause. drainTime bounds all of it: the server's own
	// deadline no longer holds then.
	drainBytes = 16 << 20
	drainStall = time.Second
	drainTime  = 20 * time.Second
)

// refuseBody answers before the body has come, and reads on only then: a sender
// that looks for the answer has it at once, and one that is still sending does
// not see the connection break instead of it.
func refuseBody(c echo.Context, p Problem) error {
	control := http.NewResponseController(c.Response())
	_ = control.EnableFullDuplex() // a test's recorder has no such thing
	c.Response().Header().Set(echo.HeaderConnection, "close")
	if err := writeProblem(c, p); err != nil {
		return err
	}
	_ = control.Flush() // as above
	rest := io.LimitReader(c.Request().Body, drainBytes)
	end := time.Now().Add(drainTime)
	for n := int64(1); n > 0; {
		until := time.Now().Add(drainStall)
		if until.After(end) {
			until = end
		}
		_ = control.SetReadDeadline(until)        // as above
		n, _ = io.CopyN(io.Discard, rest, 32<<10) // whatever comes of it, the answer is given
	}
	return nil
}

func tooLarge() error {
	return problem(http.StatusRequestEntityTooLarge, "", "the body is larger than this listener takes")
}
