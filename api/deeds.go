package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/events"
)

// DeedList is a page of the audit log, newest first.
type DeedList struct {
	Deeds []events.Deed `json:"deeds"`
	Next  string        `json:"next"` // cursor of the next page; empty at the end
}

// deeds is GET /api/audit.
type deeds struct{ store Store }

func (h *deeds) list(c echo.Context) error {
	cursor, limit, err := pageOf(c)
	if err != nil {
		return err
	}
	page, err := h.store.Deeds(c.Request().Context(), cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, DeedList{Deeds: list(page.Deeds), Next: nextCursor(page.Next)})
}
