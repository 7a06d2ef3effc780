package safehttp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

const dialTimeout = 10 * time.Second

// guard dials. A host that is allowed by name may be at any address and port;
// every other connection is judged by the address that DNS gave.
type guard struct {
	names    map[string]bool
	prefixes []netip.Prefix
	public   *ssrf.Guardian
	free     net.Dialer
	checked  net.Dialer
}

func newGuard(allow []string) (*guard, error) {
	g := &guard{names: map[string]bool{}, public: ssrf.New()}
	for _, entry := range allow {
		if err := g.allow(entry); err != nil {
			return nil, err
		}
	}
	g.free = net.Dialer{Timeout: dialTimeout}
	g.checked = net.Dialer{Timeout: dialTimeout, Control: g.control}
	return g, nil
}

func (g *guard) allow(entry string) error {
	bare := strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]")
	if addr, err := netip.ParseAddr(bare); err == nil {
		addr = addr.WithZone("").Unmap()
		g.prefixes = append(g.prefixes, netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		g.prefixes = append(g.prefixes, prefix.Masked())
		return nil
	}
	name := canonical(entry)
	if name == "" || strings.ContainsFunc(name, notInName) {
		return fmt.Errorf("%q is not a host name, an address or a CIDR", entry)
	}
	g.names[name] = true
	return nil
}

// notInName tells the characters that no host name holds, so that URLs, ports
// and wildcards are not silently taken for names that never match.
func notInName(r rune) bool {
	return strings.ContainsRune(":/*?#@[]% \t\r\n", r)
}

func canonical(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// dial binds the permission of a name to the name that is dialled: the
// transport keeps its connections by host and port, so no other name can
// reuse one.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("split address: %w", err)
	}
	if elsewhere := reroute(address); elsewhere != "" {
		return g.free.DialContext(ctx, network, elsewhere)
	}
	if g.names[canonical(host)] {
		return g.free.DialContext(ctx, network, address)
	}
	return g.checked.DialContext(ctx, network, address)
}

// control runs after DNS and before connect, for every address of a name.
func (g *guard) control(network, address string, conn syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err == nil {
		ip := to.Addr().WithZone("").Unmap()
		for _, p := range g.prefixes {
			if p.Contains(ip) {
				return nil
			}
		}
	}
	return g.public.Safe(network, address, conn)
}
