package safehttp

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"

	"code.dny.dev/ssrf"
)

// Reach is what requests found out about the addresses that answered them.
type Reach struct {
	public  *ssrf.Guardian
	private atomic.Bool
}

// NoteReach gives a context that has requests note where they are answered
// from.
func NoteReach(ctx context.Context) (context.Context, *Reach) {
	r := &Reach{public: ssrf.New(ssrf.WithAnyPort())}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			r.note(info.Conn.RemoteAddr().Network(), info.Conn.RemoteAddr().String())
		},
	}), r
}

func (r *Reach) note(network, address string) {
	if network == "tcp" {
		network = "tcp4"
		if address[0] == '[' {
			network = "tcp6"
		}
	}
	if r.public.Safe(network, address, nil) != nil {
		r.private.Store(true)
	}
}

// Private tells whether a request was answered from an address that is not
// public: nobody outside of this network gets there.
func (r *Reach) Private() bool { return r.private.Load() }
