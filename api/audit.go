package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

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

const (
	managementPath = "/v1/manage/"
	clientRole     = "client"
)

// auditedClient is the middleware that keeps which trackers a client of the engine's
// own API changed, as our commands do. The engine alone knows its tokens, so it is
// kept when it is done; what cannot be kept is logged.
func auditedClient(store Store, log *zap.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			err := next(c)
			if err != nil || r.Method == http.MethodGet || r.Method == http.MethodHead || !strings.HasPrefix(r.URL.Path, managementPath) || c.Response().Status >= http.StatusBadRequest {
				return err
			}
			kept := store.Audit(context.WithoutCancel(r.Context()), events.Deed{
				Role: clientRole, Address: access.Address(r), Forwarded: access.Forwarded(r),
				Action: events.DeedTracker, Object: strings.TrimPrefix(r.URL.Path, managementPath), Detail: r.Method + " by the engine's API",
			})
			if kept != nil {
				log.Error("the audit log lacks a change of trackers", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(kept))
			}
			return nil
		}
	}
}
