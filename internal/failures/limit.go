package failures

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxAddresses is how many addresses are remembered one by one.
const maxAddresses = 4096

// Limit counts failures by network address. Its methods are safe for
// concurrent use; of attempts made at the same time more than its burst may
// pass before the first of them has failed.
type Limit struct {
	perSecond rate.Limit
	burst     int
	now       func() time.Time

	mu    sync.Mutex
	known map[netip.Prefix]*rate.Limiter
	rest  *rate.Limiter // shared by the addresses that there is no room for
}

// New makes a Limit that lets an address fail burst times at once, and then
// perSecond times a second.
func New(perSecond float64, burst int) *Limit {
	l := &Limit{perSecond: rate.Limit(perSecond), burst: burst, now: time.Now, known: map[netip.Prefix]*rate.Limiter{}}
	l.rest = l.limiter()
	return l
}

func (l *Limit) limiter() *rate.Limiter { return rate.NewLimiter(l.perSecond, l.burst) }

// Wait is how long the client at a remote address (http.Request.RemoteAddr)
// must wait before it may try again; 0 when it may try now.
func (l *Limit) Wait(remote string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := l.of(Network(remote)).TokensAt(l.now())
	if left >= 1 {
		return 0
	}
	return time.Duration((1 - left) / float64(l.perSecond) * float64(time.Second))
}

// Failed counts a failure of the client at a remote address.
func (l *Limit) Failed(remote string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := Network(remote)
	if l.known[at] == nil && l.room() {
		l.known[at] = l.limiter()
	}
	l.of(at).AllowN(l.now(), 1)
}

func (l *Limit) of(at netip.Prefix) *rate.Limiter {
	if known := l.known[at]; known != nil {
		return known
	}
	if len(l.known) < maxAddresses {
		return l.limiter() // an address that never failed
	}
	return l.rest
}

// room makes room for another address by forgetting those whose failures no
// longer count.
func (l *Limit) room() bool {
	if len(l.known) < maxAddresses {
		return true
	}
	now := l.now()
	if l.rest.TokensAt(now) < float64(l.burst) {
		return false // it was full a moment ago; a search for each failure would cost too much
	}
	for at, limiter := range l.known {
		if limiter.TokensAt(now) >= float64(l.burst) {
			delete(l.known, at)
		}
	}
	return len(l.known) < maxAddresses
}

// Network is what one client at a remote address can be held to: an IPv4 address, or the /64 that
// an IPv6 client chooses its addresses from. What is no address is one client.
func Network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits).Masked()
}
