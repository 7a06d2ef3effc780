package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/internal/failures"
)

// role is what a request to the admin API may do.
type role int

const (
	stranger role = iota
	viewer        // reads, with phone numbers masked
	operator
)

// adminFailures is how often an address may send a wrong token at once; then it
// is once a second. Whoever shares the address of somebody who guesses, behind
// a proxy, waits with them.
const adminFailures = 60

// guard lets requests to the admin API in. Without any token it is open, which
// is only for a loopback listener: then it refuses what a web page in a browser
// on this machine could send.
type guard struct {
	open     bool
	operator *[sha256.Size]byte // of the token; nil when there is none
	viewer   *[sha256.Size]byte
	origin   *http.CrossOriginProtection
	failures *failures.Limit
}

func newGuard(token, viewerToken string) *guard {
	return &guard{
		open: token == "" && viewerToken == "", operator: digest(token), viewer: digest(viewerToken),
		origin: http.NewCrossOriginProtection(), failures: failures.New(1, adminFailures),
	}
}

// digest makes tokens of all lengths comparable in constant time.
func digest(token string) *[sha256.Size]byte {
	if token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	return &sum
}

// role is what the request's token says it may do.
func (g *guard) role(r *http.Request) role {
	if g.open {
		return operator
	}
	scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return stranger
	}
	sum := digest(strings.TrimSpace(token))
	switch {
	case same(sum, g.operator):
		return operator
	case same(sum, g.viewer):
		return viewer
	default:
		return stranger
	}
}

func same(a, b *[sha256.Size]byte) bool {
	return a != nil && b != nil && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// viewers is the middleware for what everybody with a token may read.
func (g *guard) viewers(next echo.HandlerFunc) echo.HandlerFunc { return g.atLeast(viewer, next) }

// operators is the middleware for what changes something or shows a secret.
func (g *guard) operators(next echo.HandlerFunc) echo.HandlerFunc { return g.atLeast(operator, next) }

func (g *guard) atLeast(need role, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if g.open {
			if err := g.local(c.Request()); err != nil {
				return err
			}
			return next(c)
		}
		remote := c.Request().RemoteAddr
		if wait := g.failures.Wait(remote); wait > 0 {
			return tooManyFailures(c, wait)
		}
		switch have := g.role(c.Request()); {
		case have == stranger:
			g.failures.Failed(remote)
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="trackerbell"`)
			return problem(http.StatusUnauthorized, "", "")
		case have < need:
			return problem(http.StatusForbidden, "", "the viewer token may only read")
		}
		return next(c)
	}
}

// tooManyFailures is the answer to an address that failed too often, whatever
// it sends.
func tooManyFailures(c echo.Context, wait time.Duration) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return problem(http.StatusTooManyRequests, "", "too many requests from this address did not say who they are")
}

// local refuses a page that reaches this listener under a name of its own (DNS
// rebinding), and changes that another site's page asks for.
func (g *guard) local(r *http.Request) error {
	if !loopbackHost(r.Host) {
		return problem(http.StatusForbidden, "", "without admin.token this listener answers only under a loopback name or address")
	}
	if err := g.origin.Check(r); err != nil {
		return problem(http.StatusForbidden, "", "this request came from another site")
	}
	return nil
}

// loopbackHost judges a Host header, with or without a port.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
