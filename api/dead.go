package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

// deadLetters are the endpoints of /api/dead.
type deadLetters struct {
	store Store
	guard guard
}

func (h *deadLetters) list(c echo.Context) error {
	cursor, limit, err := pageOf(c)
	if err != nil {
		return err
	}
	page, err := h.store.DeadLetters(c.Request().Context(), cursor, limit)
	if err != nil {
		return err
	}
	answer := DeadList{Dead: make([]events.DeadLetter, 0, len(page.Letters)), Next: nextCursor(page.Next)}
	for _, letter := range page.Letters {
		letter.Event = nil // large
		answer.Dead = append(answer.Dead, letter)
	}
	return c.JSON(http.StatusOK, answer)
}

func (h *deadLetters) show(c echo.Context) error {
	id, err := letterID(c)
	if err != nil {
		return err
	}
	letter, err := h.store.DeadLetter(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if h.guard.role(c.Request()) < access.Operator {
		letter.Event = nil // it holds numbers and the address of the media
	}
	return c.JSON(http.StatusOK, letter)
}

// replay tries a dead letter again; 202 means that its event is stored.
func (h *deadLetters) replay(c echo.Context) error {
	id, err := letterID(c)
	if err != nil {
		return err
	}
	if err := h.store.ReplayDead(c.Request().Context(), id); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct {
		ID uint64 `json:"id"`
	}{id})
}

func (h *deadLetters) drop(c echo.Context) error {
	id, err := letterID(c)
	if err != nil {
		return err
	}
	if err := h.store.DropDead(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// letterID is the id in the path; what is no number names no letter.
func letterID(c echo.Context) (uint64, error) {
	id, err := strconv.ParseUint(c.Param("id"), 10, 64)
	if err != nil {
		return 0, notFound()
	}
	return id, nil
}
