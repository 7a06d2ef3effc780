package symbl

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const (
	maxMessageRunes = 300
	minSecretBytes  = 4 // hiding shorter ones would eat the text around them
)

var (
	anyURL   = regexp.MustCompile(`[^\s"'<>]*://[^\s"'<>]*`)
	anyQuery = regexp.MustCompile(`\?[^\s"'<>?]*=[^\s"'<>]*`)
)

// mask is what must not be read in an error: servers like to quote what they
// refuse.
type mask []string

// with adds the URLs that a request carries, whole and without their host.
func (m mask) with(urls ...string) mask {
	out := append(mask(nil), m...)
	for _, raw := range urls {
		out = append(out, raw)
		if u, err := url.Parse(raw); err == nil && len(u.Path) > 1 {
			out = append(out, u.RequestURI(), u.Path)
		}
	}
	return out
}

// hide makes foreign text fit for an error: no secrets, no URLs, no query
// strings, one line, 300 characters.
func (m mask) hide(text string) string {
	for _, secret := range m {
		if len(secret) >= minSecretBytes {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	text = anyURL.ReplaceAllString(text, "[url]")
	text = anyQuery.ReplaceAllString(text, "?[redacted]")
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), blank), " ")
	if runes := []rune(text); len(runes) > maxMessageRunes {
		text = string(runes[:maxMessageRunes]) + "…"
	}
	return text
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
