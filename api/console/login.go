package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

type loginPage struct {
	frame
	Next  string // the page to go to
	Error string
	Plain bool // there is no https, so that no browser would keep the session
}

// loginForm is GET /login?next=.
func (s *Console) loginForm(c echo.Context) error {
	return secure(func(c echo.Context) error {
		if s.Guard.Open() {
			return seeOther(c, "/", "")
		}
		return s.showLogin(c, http.StatusOK, c.QueryParam("next"), "")
	})(c)
}

func (s *Console) showLogin(c echo.Context, status int, next, problem string) error {
	return s.render(c, status, "login", loginPage{
		frame: frame{Title: "Sign in"}, Next: localPath(next), Error: problem,
		Plain: !access.Encrypted(c.Request()) && !access.PlainLoopback(c.Request()),
	})
}

// login is POST /login: it takes a token, and begins a new session.
func (s *Console) login(c echo.Context) error {
	return secure(func(c echo.Context) error {
		r := c.Request()
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		if err := s.Guard.Change(r, access.Visitor{}, ""); err != nil {
			return s.turnAway(c, err)
		}
		next := localPath(c.FormValue("next"))
		role, err := s.Guard.SignIn(r, strings.TrimSpace(c.FormValue("token")))
		if refusal, ok := errors.AsType[*access.Refusal](err); ok {
			if refusal.Retry > 0 {
				c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(1+int(refusal.Retry.Seconds())))
			}
			text := refusal.Detail
			if text == "" {
				text = "This is neither admin.token nor admin.viewerToken."
			}
			return s.showLogin(c, refusal.Status, next, text)
		}
		visitor := access.Visitor{Role: role}
		if err := s.audit(c, visitor, events.DeedLogin, "", ""); err != nil {
			return s.fail(c, access.Visitor{}, err)
		}
		c.SetCookie(s.Guard.Start(r, role))
		return seeOther(c, next, "")
	})(c)
}

// logout ends the session in this browser.
func (s *Console) logout(c echo.Context, _ access.Visitor) error {
	c.SetCookie(s.Guard.End(c.Request()))
	return seeOther(c, "/login", "")
}

// localPath is a path of ours; "/" for whatever else.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, "/log") {
		return "/"
	}
	return next
}
