package console

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

const (
	// MaxBulk is how many dead letters one request changes.
	MaxBulk = 1000
	// bulkPage is how many are read at a time, and bulkTime how long a request
	// goes on to the next ones.
	bulkPage = 100
	bulkTime = 5 * time.Second
)

// Bulk says what became of many dead letters.
type Bulk struct {
	Done   int    // changed; those that were gone already are not counted
	Failed int    // cannot be changed, which the log explains
	Next   uint64 // cursor to go on from; 0: that were all
}

// ReplayDead tries the dead letters of the ids again, for an operator. Each is
// in the audit log before it is changed.
func (s *Console) ReplayDead(c echo.Context, v access.Visitor, ids []uint64) (Bulk, error) {
	return s.changeThese(c, v, events.DeedReplay, ids)
}

// DropDead is ReplayDead for what is to be dropped.
func (s *Console) DropDead(c echo.Context, v access.Visitor, ids []uint64) (Bulk, error) {
	return s.changeThese(c, v, events.DeedDrop, ids)
}

// ReplayAllDead tries all dead letters again, the newest hundred first, from a
// cursor on (0: from the newest). Of very many it does those of a request, and
// says where to go on.
func (s *Console) ReplayAllDead(c echo.Context, v access.Visitor, cursor uint64) (Bulk, error) {
	return s.changeAll(c, v, events.DeedReplay, cursor)
}

// DropAllDead is ReplayAllDead for what is to be dropped.
func (s *Console) DropAllDead(c echo.Context, v access.Visitor, cursor uint64) (Bulk, error) {
	return s.changeAll(c, v, events.DeedDrop, cursor)
}

// changeAll goes through the pages of dead letters.
func (s *Console) changeAll(c echo.Context, v access.Visitor, deed string, cursor uint64) (Bulk, error) {
	all := Bulk{Next: cursor}
	for until, seen := s.now().Add(bulkTime), 0; seen < MaxBulk && s.now().Before(until); {
		page, err := s.Store.DeadLetters(c.Request().Context(), all.Next, bulkPage)
		if err != nil {
			return all, err
		}
		ids := make([]uint64, 0, len(page.Letters))
		for _, d := range page.Letters {
			ids = append(ids, d.ID)
		}
		done, err := s.changeThese(c, v, deed, ids)
		all.Done, all.Failed = all.Done+done.Done, all.Failed+done.Failed
		if err != nil {
			return all, err
		}
		seen += len(ids)
		if all.Next = page.Next; all.Next == 0 {
			break
		}
	}
	return all, nil
}

// changeThese changes dead letters, the oldest first. What is gone meanwhile is
// passed over, and one that cannot be changed keeps back no other.
func (s *Console) changeThese(c echo.Context, v access.Visitor, deed string, ids []uint64) (Bulk, error) {
	var done Bulk
	change := s.Store.ReplayDead
	if deed == events.DeedDrop {
		change = s.Store.DropDead
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if err := s.audit(c, v, deed, "dead letter "+strconv.FormatUint(id, 10), ""); err != nil {
			return done, err
		}
		err := change(c.Request().Context(), id)
		switch {
		case err == nil:
			done.Done++
		case errors.Is(err, events.ErrNotFound):
		case errors.Is(err, events.ErrUnavailable), c.Request().Context().Err() != nil:
			return done, fmt.Errorf("%s dead letter %d: %w", deed, id, err)
		default:
			done.Failed++
			s.Log.Warn("dead letter is not changed", zap.String("action", deed), zap.Uint64("letter", id), zap.Error(err))
		}
	}
	return done, nil
}
