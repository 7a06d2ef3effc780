package safehttp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxURLBytes  = 16 << 10
	maxHostBytes = 255
)

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func follow(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	if err != nil || len(location) > maxURLBytes {
		return nil, &Error{Kind: Refused, Target: target(from), Reason: "redirects to something that is no URL", Err: err}
	}
	return to, check(to)
}

// sameOrigin compares scheme, host and port; a port that is left out is the
// scheme's own.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && Port(a) == Port(b)
}

// Port is the port of the URL, or that of its scheme.
func Port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func parse(rawURL string) (*url.URL, error) {
	if len(rawURL) > maxURLBytes {
		return nil, refused("", "the URL is too long")
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, &Error{Kind: Refused, Reason: "not a URL", Err: errors.Unwrap(err)}
	}
	return u, check(u)
}

func check(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refused("", "the URL is neither http nor https")
	case u.Hostname() == "":
		return refused("", "the URL names no host")
	case u.User != nil:
		return refused(target(u), "the URL holds credentials")
	}
	return nil
}

// target is what an error may say of u: the scheme and at most 255 printable
// characters of the host (the zone of an address can hold any byte).
func target(u *url.URL) string {
	host := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, u.Host)
	return u.Scheme + "://" + host[:min(len(host), maxHostBytes)]
}
