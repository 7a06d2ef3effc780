package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// readyTimeout is what a prober waits at least.
const readyTimeout = 2 * time.Second

// Health is the answer of a check that passed. One that failed is a Problem
// with status 503 and the reason as its detail.
type Health struct {
	Status string `json:"status"` // alive | ready
}

type health struct{ store Store }

// alive is GET /healthz.
func (h *health) alive(c echo.Context) error {
	if err := h.store.Alive(); err != nil {
		return problem(http.StatusServiceUnavailable, "", err.Error())
	}
	return c.JSON(http.StatusOK, Health{Status: "alive"})
}

// ready is GET /readyz.
func (h *health) ready(c echo.Context) error {
	if err := h.store.Ready(c.Request().Context()); err != nil {
		return problem(http.StatusServiceUnavailable, "", err.Error())
	}
	return c.JSON(http.StatusOK, Health{Status: "ready"})
}
