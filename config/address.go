package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Loopback tells whether the admin listener is bound to a loopback address, so
// that only this machine reaches it. A listener on all addresses is not.
func (a Admin) Loopback() bool {
	host, _, err := net.SplitHostPort(a.Addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || (err == nil && ip.Unmap().IsLoopback())
}

func (l *loader) address(key, addr string) {
	host, port, err := net.SplitHostPort(addr)
	number, portErr := strconv.ParseUint(port, 10, 16)
	ok := err == nil && portErr == nil && (host == "" || isHost(host))
	l.check(ok && strconv.FormatUint(number, 10) == port, key, "must be host:port, such as 127.0.0.1:8080 or :8080")
}

// webURL checks an optional URL and takes the slashes off its end.
func (l *loader) webURL(key string, text *string) {
	if *text == "" {
		return
	}
	fault := webURLFault(*text)
	l.check(fault == "", key, "%s", fault)
	*text = strings.TrimRight(*text, "/")
}

// webURLFault tells what keeps text from being the base of web addresses; empty
// when nothing does.
func webURLFault(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || !isHost(u.Hostname()):
		return "must be an absolute http or https URL, such as https://calls.example.com"
	case u.User != nil:
		return "must not hold a user or password"
	case strings.ContainsAny(text, "?#"):
		return "must not have a query or fragment"
	}
	return ""
}

// natsURL checks an optional, comma separated list of servers. Its message does
// not repeat them: they may hold a password.
func (l *loader) natsURL(key, text string) {
	if text == "" {
		return
	}
	for server := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(server))
		if err == nil && isHost(u.Hostname()) {
			switch u.Scheme {
			case "nats", "tls", "ws", "wss":
				continue
			}
		}
		l.check(false, key, "must be URLs with the scheme nats, tls, ws or wss, such as nats://127.0.0.1:4222, separated by commas")
	}
}

// isHostRule tells whether text names hosts: one by name or address, or a CIDR.
func isHostRule(text string) bool {
	_, err := netip.ParsePrefix(text)
	return err == nil || isHost(text)
}

var (
	hostName   = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)
	lastNumber = regexp.MustCompile(`(^|\.)[0-9]+\.?$`)
)

// isHost tells whether text is an address or a host name. A name that ends in a
// number is a mistyped address.
func isHost(text string) bool {
	const longestName = 254
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return len(text) <= longestName && hostName.MatchString(text) && !lastNumber.MatchString(text)
}
