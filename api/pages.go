package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
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

// RouteList is what the routes make of a recording, by tracker.
type RouteList struct {
	Trackers []notify.TrackerExplanation `json:"trackers"`
}

// routes is GET /api/recordings/{key}/routes.
func (h *pages) routes(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	list, err := h.console.Routes(c.Request().Context(), key, h.guard.role(c.Request()) < access.Operator)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, RouteList{list})
}

// events is GET /api/recordings/{key}/events.
func (h *pages) events(c echo.Context) error {
	key, err := pathParam(c, "key")
	if err != nil {
		return err
	}
	raw, err := h.console.Raw(c.Request().Context(), key)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, raw)
}

// maxTracker is the largest tracker that is tried, in bytes.
const maxTracker = 1 << 20

// preview is POST /api/trackers/preview, with a tracker as JSON.
func (h *pages) preview(c echo.Context) error {
	body, err := readBody(c, maxTracker)
	if err != nil {
		return err
	}
	var t symbl.Tracker
	if err := json.Unmarshal(body, &t); err != nil {
		return problem(http.StatusBadRequest, "", `must be JSON such as {"name":"Sale","vocabulary":["we run a sale"]}`)
	}
	if err := h.console.CheckTracker(t); err != nil {
		quoted, _ := strconv.QuotedPrefix(err.Error()) // else it names no field
		field, _ := strconv.Unquote(quoted)
		return problem(http.StatusUnprocessableEntity, field, err.Error())
	}
	found, err := h.console.TryTracker(c.Request().Context(), t)
	if errors.Is(err, console.ErrAccount) {
		return problem(http.StatusBadGateway, "", err.Error())
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}
