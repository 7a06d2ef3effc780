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
	// bulkPage is how many are read at a time, bulkPart how many of those that are
	// named are changed at a time, and bulkTime how long a request goes on to the
	// next ones.
	bulkPage = 100
	bulkPart = 10
	bulkTime = 5 * time.Second
)

// Bulk says what became of many dead letters.
type Bulk struct {
	Done   int    // changed; those that were gone already are not counted
	Failed int    // cannot be changed, which the log explains
	Left   int    // of the ids: there was no time for them
	Next   uint64 // cursor to go on from; 0: that were all
}

// PartialError is an error that ended the change of many dead letters.
type PartialError struct {
	Bulk // what was done before
	Err  error
}

// Error gives the error and what was done.
func (e *PartialError) Error() string { return e.Err.Error() + "; " + e.Told() }

// Unwrap gives the error.
func (e *PartialError) Unwrap() error { return e.Err }

// Told says what was done.
func (e *PartialError) Told() string {
	return fmt.Sprintf("before that, %s changed and %d could not be; asking again is safe", count(e.Done, "dead letter"), e.Failed)
}

// ReplayDead tries the dead letters of the ids again, for an operator. Each is
// in the audit log before it is changed. Errors are *PartialError.
func (s *Console) ReplayDead(c echo.Context, v access.Visitor, ids []uint64) (Bulk, error) {
	return s.changeChosen(c, v, events.DeedReplay, ids)
}

// DropDead is ReplayDead for what is to be dropped.
func (s *Console) DropDead(c echo.Context, v access.Visitor, ids []uint64) (Bulk, error) {
	return s.changeChosen(c, v, events.DeedDrop, ids)
}

// ReplayAllDead tries all dead letters again, the newest hundred first, from a
// cursor on (0: from the newest). Of very many it does those of a request, and
// says where to go on. Errors are *PartialError.
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
			return all, &PartialError{all, err}
		}
		ids := make([]uint64, 0, len(page.Letters))
		for _, d := range page.Letters {
			ids = append(ids, d.ID)
		}
		slices.Sort(ids)
		if err := s.change(c, v, deed, ids, &all); err != nil {
			return all, &PartialError{all, err}
		}
		seen += len(ids)
		if all.Next = page.Next; all.Next == 0 {
			break
		}
	}
	return all, nil
}

// changeChosen changes the dead letters of the ids, the oldest first.
func (s *Console) changeChosen(c echo.Context, v access.Visitor, deed string, ids []uint64) (Bulk, error) {
	var done Bulk
	slices.Sort(ids)
	until := s.now().Add(bulkTime)
	for part := range slices.Chunk(slices.Compact(ids), bulkPart) {
		if !s.now().Before(until) {
			done.Left += len(part)
			continue
		}
		if err := s.change(c, v, deed, part, &done); err != nil {
			return done, &PartialError{done, err}
		}
	}
	return done, nil
}

// change changes dead letters and counts them. What is gone meanwhile is passed
// over, and one that cannot be changed keeps back no other.
func (s *Console) change(c echo.Context, v access.Visitor, deed string, ids []uint64, done *Bulk) error {
	change := s.Store.ReplayDead
	if deed == events.DeedDrop {
		change = s.Store.DropDead
	}
	for _, id := range ids {
		if err := s.audit(c, v, deed, "dead letter "+strconv.FormatUint(id, 10), ""); err != nil {
			return err
		}
		err := change(c.Request().Context(), id)
		switch {
		case err == nil:
			done.Done++
		case errors.Is(err, events.ErrNotFound):
		case errors.Is(err, events.ErrUnavailable), c.Request().Context().Err() != nil:
			return fmt.Errorf("%s dead letter %d: %w", deed, id, err)
		default:
			done.Failed++
			s.Log.Warn("dead letter is not changed", zap.String("action", deed), zap.Uint64("letter", id), zap.Error(err))
		}
	}
	return nil
}
