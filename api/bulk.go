package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/api/console"
)

// Bulk is what became of many dead letters.
type Bulk struct {
	Done   int    `json:"done"`   // changed; those that were gone already are not counted
	Failed int    `json:"failed"` // cannot be changed, which the log explains
	Left   int    `json:"left"`   // of the ids: there was no time for them
	Next   string `json:"next"`   // cursor to go on from; empty: that were all
}

type (
	theseLetters func(c echo.Context, v access.Visitor, ids []uint64) (console.Bulk, error)
	allLetters   func(c echo.Context, v access.Visitor, cursor uint64) (console.Bulk, error)
)

// bulk changes the dead letters of ?id=&id=, or of ?all=true&cursor=.
func (h *pages) bulk(these theseLetters, all allLetters) echo.HandlerFunc {
	return func(c echo.Context) error {
		ids, err := letterIDs(c)
		if err != nil {
			return err
		}
		cursor, _, err := pageOf(c)
		if err != nil {
			return err
		}
		var done console.Bulk
		operator := access.Visitor{Role: access.Operator}
		switch everything := c.QueryParam("all") == "true"; {
		case everything == (len(ids) > 0):
			return problem(http.StatusBadRequest, "id", "name the dead letters (id=7&id=8), or all=true")
		case everything:
			done, err = all(c, operator, cursor)
		default:
			done, err = these(c, operator, ids)
		}
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, Bulk{done.Done, done.Failed, done.Left, nextCursor(done.Next)})
	}
}

func letterIDs(c echo.Context) ([]uint64, error) {
	raw := c.QueryParams()["id"]
	if len(raw) > console.MaxBulk {
		return nil, problem(http.StatusBadRequest, "id", fmt.Sprintf("%d ids are too many: at most %d in one request", len(raw), console.MaxBulk))
	}
	var ids []uint64
	for _, text := range raw {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, problem(http.StatusBadRequest, "id", "must be the number of a dead letter")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
