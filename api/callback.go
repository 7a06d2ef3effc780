package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	maxCallbackBytes = 64 << 10
	maxJobIDBytes    = 256
)

type callbacks struct{ intake Intake }

// callback is the body of Symbl's callback. The documentation names the job
// jobId; bodies seen on the wire have id (docs.symbl.ai, "webhookUrl").
type callback struct {
	JobID  string `json:"jobId"`
	ID     string `json:"id"`
	Status string `json:"status"`
}

// handle is POST /callbacks/symbl/{token}. What it says is only a hint to ask
// for the job, so a status that nobody knows does no harm.
func (h *callbacks) handle(c echo.Context) error {
	key, run, err := h.intake.CallbackOf(c.Param("token"))
	if err != nil {
		return err
	}
	body, err := readBody(c, maxCallbackBytes)
	if err != nil {
		return err
	}
	wake, err := parseCallback(body)
	if err != nil {
		return err
	}
	if !slices.Contains([]symbl.Status{symbl.Scheduled, symbl.InProgress, symbl.Completed, symbl.Failed}, symbl.Status(wake.Status)) {
		return c.JSON(http.StatusOK, Ignored{Reason: "unknown status"})
	}
	wake.Key, wake.Replay = key, run
	if err := h.intake.Wake(c.Request().Context(), wake); err != nil {
		if errors.Is(err, events.ErrUnavailable) {
			return err
		}
		return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	return c.JSON(http.StatusOK, struct{}{})
}

// parseCallback reads a callback; the key and the run are not in it.
func parseCallback(body []byte) (events.Wake, error) {
	var cb callback
	if err := json.Unmarshal(body, &cb); err != nil {
		return events.Wake{}, problem(http.StatusBadRequest, "", "the body is not a JSON object with jobId and status")
	}
	w := events.Wake{JobID: cb.JobID, Status: strings.ToLower(cb.Status)}
	if w.JobID == "" {
		w.JobID = cb.ID
	}
	// The id becomes part of a message header.
	if len(w.JobID) > maxJobIDBytes || strings.ContainsFunc(w.JobID, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) }) {
		return events.Wake{}, problem(http.StatusBadRequest, "jobId", "is not an identifier")
	}
	return w, nil
}
