package console

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/singleflight"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

// Media answers GET …/recordings/{key}/media for an operator: the recording itself, or the part that
// a player asks for, streamed from where it is kept; HEAD, its headers. That somebody listens is
// in the audit log before the first byte is sent.
func (s *Console) Media(c echo.Context, v access.Visitor) error {
	key, part := keyOf(c), c.Request().Header.Get("Range")
	if c.Request().Header.Get("If-Range") != "" {
		part = "" // we give no mark of a version, so none is the one that is meant (RFC 9110, 13.1.5)
	}
	sound, err := s.Store.Listen(c.Request().Context(), key, part)
	if err != nil {
		return err
	}
	defer func() { _ = sound.Body.Close() }() // only read from
	listener := access.Address(c.Request()) + " " + access.Forwarded(c.Request())
	if err := s.listens.tell(listener+" "+key, s.now(), func() error { return s.auditListener(c, v, key) }); err != nil {
		return err
	}
	h := c.Response().Header()
	if sound.Type != "" {
		h.Set(echo.HeaderContentType, sound.Type)
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Disposition", "inline")
	if sound.Range != "" {
		h.Set("Content-Range", sound.Range)
	}
	if sound.Length >= 0 {
		h.Set(echo.HeaderContentLength, strconv.FormatInt(sound.Length, 10))
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{}) // a pause of the player is no fault
	c.Response().WriteHeader(sound.Status)
	_, _ = io.Copy(c.Response(), sound.Body) // the status is sent: whatever fails shows in the player
	return nil
}

// auditListener keeps that somebody listens, also if this request is broken off:
// players do that, and others of theirs wait for it.
func (s *Console) auditListener(c echo.Context, v access.Visitor, key string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), pageTimeout)
	defer cancel()
	return s.Store.Audit(ctx, s.deed(c, v, events.DeedListen, key, ""))
}

const (
	// listenTime is how long the parts that a player asks for are one listening.
	listenTime = 10 * time.Minute
	// maxListens bounds the memory: beyond it the whole list is forgotten, and
	// listening that goes on is told once more.
	maxListens = 10_000
)

// listens remembers who listens to what.
type listens struct {
	telling singleflight.Group
	mu      sync.Mutex
	since   map[string]time.Time
}

// tell keeps, by keep, that somebody listens, if this is the first part for a while.
// Whoever asks for another part meanwhile waits for that, and has its error.
func (l *listens) tell(what string, now time.Time, keep func() error) error {
	_, err, _ := l.telling.Do(what, func() (any, error) {
		if l.known(what, now) {
			return nil, nil //nolint:nilnil // there is no value
		}
		if err := keep(); err != nil {
			return nil, err
		}
		l.remember(what, now)
		return nil, nil //nolint:nilnil // there is no value
	})
	return err
}

func (l *listens) known(what string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.since[what]
	return ok && now.Sub(at) < listenTime
}

func (l *listens) remember(what string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.since) >= maxListens || l.since == nil {
		l.since = map[string]time.Time{}
	}
	l.since[what] = now
}
