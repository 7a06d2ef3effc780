package api

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
)

// guard lets requests to the admin API in, by their token.
type guard struct{ *access.Guard }

// role is what the request's token says it may do.
func (g guard) role(r *http.Request) access.Role {
	v, err := g.Admit(r)
	if err != nil {
		return access.Stranger
	}
	return v.Role
}

// viewers is the middleware for what everybody with a token may read.
func (g guard) viewers(next echo.HandlerFunc) echo.HandlerFunc {
	return g.atLeast(access.Viewer, next)
}

// operators is the middleware for what changes something or shows a secret.
func (g guard) operators(next echo.HandlerFunc) echo.HandlerFunc {
	return g.atLeast(access.Operator, next)
}

// tooManyFailures is the answer to an address that failed too often, whatever
// it sends.
func tooManyFailures(c echo.Context, wait time.Duration) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, seconds(wait))
	return problem(http.StatusTooManyRequests, "", "too many requests from this address did not say who they are")
}

// seconds is a wait as Retry-After has it.
func seconds(wait time.Duration) string { return strconv.Itoa(int(math.Ceil(wait.Seconds()))) }

func (g guard) atLeast(need access.Role, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		visitor, err := g.Admit(c.Request())
		if err != nil {
			return err
		}
		if visitor.Role < need {
			return problem(http.StatusForbidden, "", "the viewer token may only read")
		}
		return next(c)
	}
}
