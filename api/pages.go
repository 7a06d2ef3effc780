package api

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
)

// pages are what programs get of the console's pages.
type pages struct {
	console *console.Console
	guard   guard
}

// insights is GET /api/insights?days=&source=&agent=.
func (h *pages) insights(c echo.Context) error {
	days := 30
	if raw := c.QueryParam("days"); raw != "" {
		var err error
		if days, err = strconv.Atoi(raw); err != nil || !slices.Contains([]int{7, 30, 90}, days) {
			return problem(http.StatusBadRequest, "days", "must be 7, 30 or 90")
		}
	}
	masked := h.guard.role(c.Request()) < access.Operator
	in, err := h.console.Insights(c.Request().Context(), days, c.QueryParam("source"), c.QueryParam("agent"), masked)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, in)
}

// media is GET /api/recordings/{key}/media.
func (h *pages) media(c echo.Context) error {
	return h.console.Media(c, access.Visitor{Role: access.Operator})
}

// system is GET /api/system.
func (h *pages) system(c echo.Context) error {
	return c.JSON(http.StatusOK, h.console.System(c.Request().Context()))
}
