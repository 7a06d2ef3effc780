package api

import (
	"cmp"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

// named is what a request without a path of its own is about: that of a silence.
func named(c echo.Context) string {
	return strings.Join(strings.Fields(strings.Join([]string{c.QueryParam("destination"), c.QueryParam("tracker"), c.QueryParam("source")}, " ")), " ")
}

// audited is the middleware that keeps what a request is about to do; without
// an action it keeps nothing. What cannot be kept is not done.
func audited(store Store, g guard, action string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if action == "" {
			return next
		}
		return func(c echo.Context) error {
			key, err := pathParam(c, "key")
			if err != nil {
				return err
			}
			err = store.Audit(c.Request().Context(), events.Deed{
				Role: g.role(c.Request()).String(), Address: access.Address(c.Request()), Forwarded: access.Forwarded(c.Request()),
				Action: action, Object: cmp.Or(key, c.Param("id"), c.Param("name"), named(c)), Detail: c.Request().Method + " " + c.Path(),
			})
			if err != nil {
				return err
			}
			return next(c)
		}
	}
}
