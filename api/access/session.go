package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"
)

const (
	cookieName = "trackerbell"
	// secureCookieName is for https: browsers keep such a name only for this very
	// host (RFC 6265bis, 4.1.3.2).
	secureCookieName = "__Host-trackerbell"
	// sessionTime is how long a login lasts.
	sessionTime = 12 * time.Hour
	nonceBytes  = 16
	stampBytes  = 8
)

// keys are the secrets made of the tokens; nil for one that is not set.
type keys struct {
	open             bool
	operator, viewer *key
	anyone           string // CSRF token where nobody signs in
}

type key struct {
	token  [sha256.Size]byte // makes tokens of all lengths comparable in constant time
	secret []byte            // signs sessions
}

func newKeys(token, viewerToken string) keys {
	return keys{open: token == "" && viewerToken == "", operator: newKey(token), viewer: newKey(viewerToken), anyone: rand.Text()}
}

func newKey(token string) *key {
	if token == "" {
		return nil
	}
	return &key{token: sha256.Sum256([]byte(token)), secret: mac([]byte(token), "trackerbell console session")}
}

// role is that of a token.
func (k *keys) role(token string) Role {
	sum := sha256.Sum256([]byte(token))
	role := Stranger
	for _, known := range []struct {
		key  *key
		role Role
	}{{k.viewer, Viewer}, {k.operator, Operator}} {
		if known.key != nil && subtle.ConstantTimeCompare(sum[:], known.key.token[:]) == 1 {
			role = known.role
		}
	}
	return role
}

func (k *keys) of(role Role) *key {
	switch role {
	case Operator:
		return k.operator
	case Viewer:
		return k.viewer
	}
	return nil
}

// issue makes the cookie of a new session: the role, when it ends, and a nonce,
// signed.
func (k *keys) issue(role Role, now time.Time) string {
	var body [1 + stampBytes + nonceBytes]byte
	body[0] = byte(role)
	binary.BigEndian.PutUint64(body[1:], uint64(now.Add(sessionTime).Unix()))
	_, _ = rand.Read(body[1+stampBytes:]) // never fails (crypto/rand)
	payload := encode(body[:])
	return payload + "." + encode(mac(k.of(role).secret, "session "+payload))
}

// session reads a cookie that issue made.
func (k *keys) session(cookie string, now time.Time) (Visitor, bool) {
	payload, sum, _ := strings.Cut(cookie, ".")
	body, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || len(body) != 1+stampBytes+nonceBytes {
		return Visitor{}, false
	}
	role := Role(body[0])
	signer := k.of(role)
	if signer == nil || !equal(sum, encode(mac(signer.secret, "session "+payload))) {
		return Visitor{}, false
	}
	if end := binary.BigEndian.Uint64(body[1:]); uint64(now.Unix()) >= end {
		return Visitor{}, false
	}
	return Visitor{Role: role, CSRF: encode(mac(signer.secret, "csrf "+payload))}, true
}

// Start gives the cookie of a new session of a role that SignIn gave.
func (g *Guard) Start(r *http.Request, role Role) *http.Cookie {
	c := g.cookie(r, g.keys.issue(role, g.now())) //nolint:gosec // the attributes are set there
	c.MaxAge = int(sessionTime / time.Second)
	return c
}

// End gives the cookie that makes a browser forget its session.
func (g *Guard) End(r *http.Request) *http.Cookie {
	c := g.cookie(r, "") //nolint:gosec // the same
	c.MaxAge = -1
	return c
}

func (g *Guard) cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{Name: cookieOf(r), Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode} //nolint:gosec // Secure is taken back below for this machine alone
	if PlainLoopback(r) {
		c.Secure = false
	}
	return c
}

// cookieOf is the name of the cookie that a request's session is in. The plain
// one, which another service of the host can set, counts only on this machine.
func cookieOf(r *http.Request) string {
	if PlainLoopback(r) {
		return cookieName
	}
	return secureCookieName
}

// Encrypted tells whether the browser came by https, to us or to a proxy that
// says so.
func Encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// PlainLoopback tells whether a browser on this machine, or at the end of a
// forwarded port, came without https. Everywhere else a session needs https: a
// browser sends its cookie back by no other way.
func PlainLoopback(r *http.Request) bool { return !Encrypted(r) && LoopbackHost(r.Host) }

func mac(secret []byte, text string) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
