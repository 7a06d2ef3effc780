package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
)

const (
	// livePace is how often a page is told at most that something changed.
	livePace = time.Second
	// slowPace is that of a list that is filtered, which may take a while to make.
	slowPace = 15 * time.Second
	// liveBeat keeps proxies from taking the stream for dead.
	liveBeat = 15 * time.Second
	// liveTime is how long a stream lasts; the browser asks again, and has to be
	// let in again.
	liveTime = 10 * time.Minute

	changedEvent = "event: changed\ndata: {}\n\n"
	stillHere    = ": still here\n\n"
)

// live is GET /live[?key=][&pace=slow]: a stream (text/event-stream) of "changed" events
// without content: at once, and when any recording, or that of the key, has changed. What
// happens within a second after one, or 15 at a slow pace, is told once.
func (s *Console) live(c echo.Context, _ access.Visitor) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), liveTime)
	defer cancel()
	only, pace := c.QueryParam("key"), livePace
	if c.QueryParam("pace") == "slow" {
		pace = slowPace
	}
	changed := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := s.Store.Watch(ctx, func(key string) {
			if only == "" || only == key {
				select {
				case changed <- struct{}{}:
				default: // it will be told already
				}
			}
		})
		if err != nil {
			s.Log.Debug("live stream ends", zap.Error(err))
		}
	}()
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		s.countAhead(ctx)
	}()
	defer func() {
		cancel()
		<-ended
		<-counted
	}()
	w := c.Response()
	ctl := http.NewResponseController(w)
	_ = ctl.SetWriteDeadline(time.Time{}) // a server without deadlines needs none lifted
	w.Header().Set(echo.HeaderContentType, "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	// A change may have come between the page and its stream, or between two
	// streams: each begins with one.
	for line := "retry: 2000\n" + changedEvent; ; {
		if _, err := fmt.Fprint(w, line); err != nil {
			return nil // the browser went away
		}
		if err := ctl.Flush(); err != nil {
			return nil
		}
		if line != stillHere && !s.rest(ctx, pace) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.Stop:
			return nil
		case <-ended:
			return nil // the browser asks again
		case <-beat.C:
			line = stillHere
		case <-changed:
			line = changedEvent
		}
	}
}

// rest lets a moment pass, so that many changes are told as one.
func (s *Console) rest(ctx context.Context, pace time.Duration) bool {
	t := time.NewTimer(pace)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.Stop:
		return false
	case <-t.C:
		return true
	}
}
