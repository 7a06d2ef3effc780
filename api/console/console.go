package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

// pageTimeout is how long a page may take; searching has its own, shorter limit.
const pageTimeout = 10 * time.Second

// Deps are what the console works with.
type Deps struct {
	Store Store
	Guard *access.Guard
	Stop  <-chan struct{} // closed when the server is to end: streams of events end then
	Log   *zap.Logger

	Trackers Trackers
	Setup    func() string // the configuration without its secrets, as YAML
	Checks   func(context.Context) []Dependency
	Version  string
	Remote   bool // what was said is far away, so that a search sees only the sentences in which a tracker was found
}

// Console are the pages.
type Console struct {
	Deps
	now     func() time.Time
	pages   pages
	files   files
	listens listens
	said    said
	counts  counts
	saving  turn // of who changes trackers: what is compared is what is written over

	replaying turn // of who replays a call
}

// New reads the templates, which are part of the program; its errors are
// mistakes in them.
func New(deps Deps) (*Console, error) {
	c := &Console{Deps: deps, now: time.Now, counts: counts{turn: newTurn()}, saving: newTurn(), replaying: newTurn()}
	var err error
	if c.files, err = newFiles(); err != nil {
		return nil, err
	}
	c.pages, err = newPages(c.files)
	return c, err
}

// handler answers a request of a visitor who may make it.
type handler func(c echo.Context, v access.Visitor) error

// Add adds the pages to the admin listener.
func (s *Console) Add(e *echo.Echo) {
	e.GET("/static/:name", s.files.serve)
	e.GET("/login", s.loginForm)
	e.POST("/login", s.login)
	for _, r := range []struct {
		method, path string
		need         access.Role
		handle       handler
	}{
		{http.MethodGet, "/", access.Viewer, s.recordings},
		{http.MethodGet, "/recordings", access.Viewer, s.recordings},
		{http.MethodGet, "/recordings/:key", access.Viewer, s.recording},
		{http.MethodPost, "/recordings/:key/replay", access.Operator, s.replayRecording},
		{http.MethodPost, "/recordings/:key/forget", access.Operator, s.forget},
		{http.MethodGet, "/recordings/:key/events", access.Operator, s.rawEvents},
		{http.MethodGet, "/dead", access.Viewer, s.deadLetters},
		{http.MethodPost, "/dead", access.Operator, s.changeDead},
		{http.MethodGet, "/trackers", access.Viewer, s.trackers},
		{http.MethodGet, "/trackers/edit", access.Operator, s.editTracker},
		{http.MethodPost, "/trackers/preview", access.Operator, s.previewTracker},
		{http.MethodPost, "/trackers/save", access.Operator, s.saveTracker},
		{http.MethodPost, "/trackers/delete", access.Operator, s.deleteTracker},
		{http.MethodGet, "/trackers/export", access.Operator, s.exportTrackers},
		{http.MethodPost, importPath, access.Operator, s.importTrackers},
		{http.MethodGet, "/insights", access.Viewer, s.insights},
		{http.MethodGet, "/insights.csv", access.Viewer, s.insightsCSV},
		{http.MethodGet, "/system", access.Viewer, s.system},
		{http.MethodPost, "/system/silences", access.Operator, s.addSilence},
		{http.MethodPost, "/system/silences/drop", access.Operator, s.dropSilence},
		{http.MethodPost, "/logout", access.Viewer, s.logout},
	} {
		e.Add(r.method, r.path, s.answer(r.need, pageTimeout, r.handle), secure)
	}
	// These last.
	e.Match([]string{http.MethodGet, http.MethodHead}, "/recordings/:key/media", s.answer(access.Operator, 0, s.Media), secure)
	e.GET("/live", s.answer(access.Viewer, 0, s.live), secure)
}

// secure lets the pages use nothing but what comes from here, and be kept or
// framed by nobody.
func secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"media-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set(echo.HeaderCacheControl, "no-store")
		h.Set(echo.HeaderReferrerPolicy, "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		return next(c)
	}
}

// answer admits a visitor, and turns errors into pages. A limit of 0 is none.
func (s *Console) answer(need access.Role, limit time.Duration, handle handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		visitor, err := s.Guard.AdmitBrowser(c.Request())
		if err != nil {
			return s.turnAway(c, err)
		}
		if visitor.Role < need {
			return s.fail(c, visitor, &failure{http.StatusForbidden, "The viewer token may only read, and hears no recordings. Sign in with the operator's token for this."})
		}
		if limit > 0 {
			ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
		}
		if c.Request().Method == http.MethodPost {
			if err := readForm(c); err != nil {
				return s.fail(c, visitor, err)
			}
			if err := s.Guard.Change(c.Request(), visitor, c.FormValue("csrf")); err != nil {
				return s.turnAway(c, err)
			}
		}
		if err := handle(c, visitor); err != nil {
			return s.fail(c, visitor, err)
		}
		return nil
	}
}

// failure is an error with its status and what to tell.
type failure struct {
	status int
	text   string
}

// Error gives the text.
func (f *failure) Error() string { return f.text }

// judge says what to answer to an error; known is false where nobody foresaw it.
func judge(err error) (f *failure, known bool) {
	var partial *PartialError
	switch {
	case errors.As(err, &partial):
		f, known = judge(partial.Err)
		return &failure{f.status, f.text + " " + asSentence(partial.Told())}, known
	case errors.As(err, &f):
		return f, true
	case errors.Is(err, ErrAccount):
		return &failure{http.StatusBadGateway, err.Error()}, true
	case errors.Is(err, events.ErrNotFound):
		return &failure{http.StatusNotFound, "There is nothing under this address: it was never there, or it was deleted."}, true
	case errors.Is(err, events.ErrGone):
		return &failure{http.StatusGone, "Its event is no longer kept (nats.maxAge), so this cannot be done any more."}, true
	case errors.Is(err, events.ErrUnreadable):
		return &failure{http.StatusConflict, asSentence(events.ErrUnreadable.Error())}, true
	case errors.Is(err, events.ErrLost):
		return &failure{http.StatusConflict, asSentence(events.ErrLost.Error())}, true
	case errors.Is(err, events.ErrNoMedia):
		return &failure{http.StatusNotFound, "This call came as text, or its recording cannot be had any more."}, true
	case errors.Is(err, events.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &failure{http.StatusServiceUnavailable, "The store does not answer now. Try again in a moment."}, true
	}
	return &failure{http.StatusInternalServerError, "This is a fault of the service, and not of what you did: its log says what."}, false
}

// audit keeps what a visitor is about to do. What cannot be kept is not done.
func (s *Console) audit(c echo.Context, v access.Visitor, action, object, detail string) error {
	return s.Store.Audit(c.Request().Context(), s.deed(c, v, action, object, detail))
}

func (*Console) deed(c echo.Context, v access.Visitor, action, object, detail string) events.Deed {
	return events.Deed{
		Role: v.Role.String(), Address: access.Address(c.Request()), Forwarded: access.Forwarded(c.Request()),
		Action: action, Object: object, Detail: detail,
	}
}

// keyOf is the recording's key in the path.
func keyOf(c echo.Context) string {
	key, err := url.PathUnescape(c.Param("key"))
	if err != nil {
		return c.Param("key") // which no key is
	}
	return key
}

// cursorOf reads ?cursor=.
func cursorOf(c echo.Context) (uint64, error) {
	return readCursor(c.QueryParam("cursor"))
}

func readCursor(raw string) (uint64, error) {
	if raw == "" {
		return 0, nil
	}
	cursor, err := strconv.ParseUint(raw, 10, 64)
	if err != nil {
		return 0, &failure{http.StatusBadRequest, "cursor is not one that a page gave."}
	}
	return cursor, nil
}

// recordingPath is the address of a recording's page.
func recordingPath(key string) string { return "/recordings/" + url.PathEscape(key) }

// seeOther sends a browser on after a change; done is the key of a notice.
func seeOther(c echo.Context, path, done string) error {
	if done != "" {
		path = fmt.Sprintf("%s?done=%s", path, done)
	}
	return c.Redirect(http.StatusSeeOther, path)
}
