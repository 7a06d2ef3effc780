package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/events"
)

// maxSilence keeps a silence from being forgotten for ever.
const maxSilence = 90 * 24 * time.Hour

// SilenceList is the silences that have not expired.
type SilenceList struct {
	Silences []events.Silence `json:"silences"`
}

// silences are the endpoints of /api/silences.
type silences struct {
	store Store
	now   func() time.Time
}

func (h *silences) list(c echo.Context) error {
	all, err := h.store.Silences(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, SilenceList{Silences: list(all)})
}

// add takes ?for=2h&reason=…, and what to silence: destination, tracker,
// source, at least one of them.
func (h *silences) add(c echo.Context) error {
	length, err := time.ParseDuration(c.QueryParam("for"))
	if err != nil || length <= 0 || length > maxSilence {
		return problem(http.StatusBadRequest, "for", "must be a duration such as 2h, of at most 2160h")
	}
	q := events.Silence{
		Destination: c.QueryParam("destination"), Tracker: c.QueryParam("tracker"), Source: c.QueryParam("source"),
		Reason: c.QueryParam("reason"), Until: h.now().Add(length).UTC(),
	}
	if q.Destination+q.Tracker+q.Source == "" {
		return problem(http.StatusBadRequest, "destination", "name at least one of destination, tracker and source")
	}
	if q.Reason == "" {
		return problem(http.StatusBadRequest, "reason", "is missing: others will ask")
	}
	added, err := h.store.AddSilence(c.Request().Context(), q)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, added)
}

func (h *silences) drop(c echo.Context) error {
	if err := h.store.DropSilence(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
