package access

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/internal/failures"
)

// maxFailures is how many wrong tokens an address may send at once; then it is
// one a second. Whoever shares the address of somebody who guesses, behind a
// proxy, waits with them; sessions go on.
const maxFailures = 60

// Role is what a request may do.
type Role int

// The roles, each of which may do what those before it may.
const (
	Stranger Role = iota
	Viewer        // reads, with phone numbers masked
	Operator
)

// String names the role as the audit log does.
func (r Role) String() string {
	switch r {
	case Operator:
		return "operator"
	case Viewer:
		return "viewer"
	}
	return "stranger"
}

// Refusal is why a request is not let in. Status is 401, 403 or 429.
type Refusal struct { //nolint:errname // an answer that is also an error, as in api.Problem
	Status int
	Detail string        // for the client; may be empty
	Retry  time.Duration // of a 429: how long to wait
}

// Error gives the status in words and the detail.
func (r *Refusal) Error() string { return http.StatusText(r.Status) + ": " + r.Detail }

// Visitor is who sent a request.
type Visitor struct {
	Role Role
	CSRF string // what a form must carry; empty where the request carries a token, which no other site's page can
}

// Guard lets requests in. Without any token it is open, which is only for a
// loopback listener: then it refuses what a web page in a browser on this
// machine could send. It is safe for concurrent use.
type Guard struct {
	keys     keys
	origin   *http.CrossOriginProtection
	failures *failures.Limit
	now      func() time.Time
}

// New makes a guard of admin.token and admin.viewerToken, either of which may
// be empty.
func New(token, viewerToken string) *Guard {
	return &Guard{
		keys: newKeys(token, viewerToken), origin: http.NewCrossOriginProtection(),
		failures: failures.New(1, maxFailures), now: time.Now,
	}
}

// Open tells that no token is needed.
func (g *Guard) Open() bool { return g.keys.open }

// Admit lets in who has a token (Authorization: Bearer), or anybody where none
// is needed. Its error is a *Refusal.
func (g *Guard) Admit(r *http.Request) (Visitor, error) {
	if g.keys.open {
		return Visitor{Role: Operator, CSRF: g.keys.anyone}, g.local(r)
	}
	token, ok := bearer(r)
	if !ok || token == "" {
		return Visitor{}, &Refusal{Status: http.StatusUnauthorized}
	}
	role, err := g.SignIn(r, token)
	return Visitor{Role: role}, err
}

// AdmitBrowser is Admit that also takes the cookie of a session. A header of
// another scheme is for a proxy before us, and says nothing here.
func (g *Guard) AdmitBrowser(r *http.Request) (Visitor, error) {
	if _, ok := bearer(r); ok || g.keys.open {
		return g.Admit(r)
	}
	cookie, err := r.Cookie(cookieOf(r))
	if err != nil {
		return Visitor{}, &Refusal{Status: http.StatusUnauthorized}
	}
	v, ok := g.keys.session(cookie.Value, g.now())
	if !ok {
		return Visitor{}, &Refusal{Status: http.StatusUnauthorized}
	}
	return v, nil
}

// bearer is the token of a request's header (RFC 6750, 2.1); false where it has
// none of that scheme.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// SignIn is the role of a token. Who was wrong too often from one address waits.
func (g *Guard) SignIn(r *http.Request, token string) (Role, error) {
	if wait := g.failures.Wait(r.RemoteAddr); wait > 0 {
		return Stranger, &Refusal{http.StatusTooManyRequests, "too many wrong tokens came from this address; wait a moment", wait}
	}
	role := g.keys.role(token)
	if role == Stranger {
		g.failures.Failed(r.RemoteAddr)
		return role, &Refusal{Status: http.StatusUnauthorized}
	}
	return role, nil
}

// Change refuses a request to change something that a page of another site
// may have sent: by what the browser says of its origin, and by the token that
// a form carries. It is for who was admitted as v.
func (g *Guard) Change(r *http.Request, v Visitor, csrf string) error {
	if err := g.origin.Check(r); err != nil {
		return &Refusal{Status: http.StatusForbidden, Detail: "this request came from another site"}
	}
	if v.CSRF != "" && !equal(csrf, v.CSRF) {
		return &Refusal{Status: http.StatusForbidden, Detail: "this page is too old: go back, load it again and repeat what you did"}
	}
	return nil
}

// local refuses a page that reaches this listener under a name of its own (DNS
// rebinding), and changes that another site's page asks for.
func (g *Guard) local(r *http.Request) error {
	if !LoopbackHost(r.Host) {
		return &Refusal{Status: http.StatusForbidden, Detail: "without admin.token this listener answers only under a loopback name or address"}
	}
	if err := g.origin.Check(r); err != nil {
		return &Refusal{Status: http.StatusForbidden, Detail: "this request came from another site"}
	}
	return nil
}

// Address is where a request came from, without the port.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// LoopbackHost judges a Host header, with or without a port.
func LoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// Forwarded is the client's address as the proxy before us claims, or whoever
// says to be one; empty when it says nothing that is an address.
func Forwarded(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
	addr, err := netip.ParseAddr(strings.TrimSpace(first))
	if err != nil {
		return ""
	}
	return addr.String()
}
