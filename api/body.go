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

func tooLarge() error {
	return problem(http.StatusRequestEntityTooLarge, "", "the body is larger than this listener takes")
}
