package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/api/access"
)

//go:embed templates/*.html
var templates embed.FS

// pages are the templates by the name of their file, each with the layout
// around it.
type pages map[string]*template.Template

func newPages(f files) (pages, error) {
	base, err := template.New("layout.html").Funcs(words(f)).ParseFS(templates, "templates/layout.html", "templates/part_*.html")
	if err != nil {
		return nil, fmt.Errorf("read the console's templates: %w", err)
	}
	list, err := templates.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("read the console's templates: %w", err)
	}
	all := pages{}
	for _, entry := range list {
		name := entry.Name()
		if name == "layout.html" || strings.HasPrefix(name, "part_") {
			continue
		}
		page, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("read the console's templates: %w", err)
		}
		if all[strings.TrimSuffix(name, ".html")], err = page.ParseFS(templates, "templates/"+name); err != nil {
			return nil, fmt.Errorf("read the console's templates: %w", err)
		}
	}
	return all, nil
}

// frame is what every page shows around its own part.
type frame struct {
	Title    string
	Section  string // of the navigation: the path of its first page
	Visitor  access.Visitor
	SignedIn bool // there is a session to end
	Notice   string
	Trouble  bool // the notice is that not all went well
	Dead     int  // open dead letters
}

// Operator tells whether actions are shown.
func (f frame) Operator() bool { return f.Visitor.Role >= access.Operator }

func (f frame) section() string { return f.Section }

// frameTime is how long a page waits for what stands in its frame.
const frameTime = time.Second

// newFrame is the frame of a page; Dead stays 0 where the store does not tell.
func (s *Console) newFrame(c echo.Context, v access.Visitor, section, title string) frame {
	ctx, cancel := context.WithTimeout(c.Request().Context(), frameTime)
	defer cancel()
	dead, err := s.Store.DeadCount(ctx)
	if err != nil {
		dead = 0
	}
	done := c.QueryParam("done")
	return frame{
		Title: title, Section: section, Visitor: v, SignedIn: v.Role > access.Stranger && !s.Guard.Open(),
		Notice: notice(done), Trouble: strings.HasSuffix(done, "-failed"), Dead: dead,
	}
}

// notice is what is told after a change.
func notice(done string) string {
	switch done {
	case "replayed":
		return "It is tried again. This page follows what becomes of it."
	case "dropped":
		return "The dead letters are dropped."
	case "dead-replayed":
		return "The dead letters are tried again."
	case "dead-more":
		return "There are more than one request takes: those below and older ones are left. Go on with them."
	case "dead-more-failed":
		return "Not all of them could be, and the log of the service says why: those that failed are at the top of the first page. There are more than one request takes: those below and older ones are left."
	case "dead-failed":
		return "Not all of them could be: those are still here. What cannot be read can only be dropped; of the others, the log of the service says why."
	case "dead-left":
		return "There was no time for all of them: those that are still here were not reached, or could not be. Choose them again."
	case "tracker-saved":
		return "The tracker is saved, and looked for from the next call on."
	case "tracker-deleted":
		return "The tracker is deleted."
	case "imported":
		return "The trackers are imported."
	case "silenced":
		return "The silence holds from now on."
	case "unsilenced":
		return "The silence is ended."
	case "forgotten":
		return "The call is forgotten."
	case "forgetting":
		return "The call is being forgotten. That takes longer than a page waits, and goes on by itself; what could not be deleted will be in the log of the service."
	}
	return ""
}

// render answers with a page. data is the page's own struct, with its frame.
func (s *Console) render(c echo.Context, status int, name string, data any) error {
	page, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %s", name)
	}
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		return fmt.Errorf("make page %s: %w", name, err)
	}
	return c.HTMLBlob(status, body.Bytes())
}

type errorPage struct {
	frame
	Text  string
	Again bool   // what was asked for may be had in a moment
	Back  string // the page of a form that was refused
	Login string // where to sign in again, and go back from there
}

// headline says what an error's status means to who knows no statuses.
func headline(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "This cannot be done as it is"
	case http.StatusForbidden:
		return "Not allowed"
	case http.StatusNotFound:
		return "Not found"
	case http.StatusConflict:
		return "Not done"
	case http.StatusGone:
		return "No longer kept"
	case http.StatusRequestEntityTooLarge:
		return "Too large"
	case http.StatusServiceUnavailable:
		return "Not available now"
	case http.StatusInternalServerError:
		return "Something went wrong"
	}
	return http.StatusText(status)
}

// fail answers an error with a page, or where it came too late only logs it.
func (s *Console) fail(c echo.Context, v access.Visitor, err error) error {
	f, known := judge(err)
	if !known {
		s.Log.Error("page failed", zap.String("route", c.Path()), zap.Error(err))
		f.text += " Tell whoever runs it that this was at " + moment(s.now()) + "."
	}
	if c.Response().Committed {
		return nil
	}
	again := f.status == http.StatusServiceUnavailable && c.Request().Method == http.MethodGet
	if f.status == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, "5")
	}
	page := errorPage{frame: s.newFrame(c, v, "", headline(f.status)), Text: f.text, Again: again}
	switch path := c.Request().URL.Path; {
	case c.Request().Method != http.MethodPost:
	case f.status == http.StatusConflict && c.Param("key") != "":
		page.Back = recordingPath(keyOf(c))
	case !strings.HasPrefix(path, "/recordings/"):
		page.Back = sectionOf(c.Request())
	}
	return s.render(c, f.status, "error", page)
}

// turnAway answers who is not let in. A program gets the refusal itself; a
// browser that may have a session gets the form to sign in.
func (s *Console) turnAway(c echo.Context, err error) error {
	refusal, ok := errors.AsType[*access.Refusal](err)
	if !ok {
		return err
	}
	switch {
	case !strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "text/html"):
		return refusal
	case refusal.Status == http.StatusUnauthorized && c.Request().Method == http.MethodGet:
		if c.Request().Header.Get("Sec-Fetch-Site") == "cross-site" {
			// A link in another page, such as Slack's: the cookie only comes with
			// what our own page asks for.
			return s.render(c, refusal.Status, "again", frame{Title: "One moment"})
		}
		return s.showLogin(c, refusal.Status, c.Request().URL.RequestURI(), "")
	case refusal.Status == http.StatusUnauthorized && refusal.Detail == "":
		return s.render(c, refusal.Status, "error", errorPage{
			frame: frame{Title: "You are no longer signed in"}, Login: "/login?" + url.Values{"next": {cameFrom(c.Request())}}.Encode(),
			Text: "A session lasts twelve hours, and ends with its token. Nothing was changed: sign in, and do it again. What you typed is still on the page before this one.",
		})
	}
	return s.render(c, refusal.Status, "error", errorPage{frame: frame{Title: headline(refusal.Status)}, Text: refusal.Detail})
}
