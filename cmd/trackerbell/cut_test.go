package main

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cable is how the connections of a cutter fare.
type cable int

const (
	whole    cable = iota
	cut            // connections break, new ones at once
	held           // nothing arrives either way, and nobody is told; what was sent arrives when it is whole again
	oneWay         // requests arrive, answers do not
	sluggish       // each piece is a while under way
)

// sluggishness is how long a piece is under way at most on a sluggish cable.
const sluggishness = 200 * time.Millisecond

// cutter is a TCP proxy on a loopback port whose cable can be cut.
type cutter struct {
	addr string // of the proxy
	to   string

	mu      sync.Mutex
	cable   cable
	changed chan struct{} // closed when the cable changes
	conns   map[net.Conn]struct{}
	closed  bool
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{addr: l.Addr().String(), to: to, changed: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	var serving sync.WaitGroup
	serving.Go(func() { c.serve(l, &serving) })
	t.Cleanup(func() {
		_ = l.Close()
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		c.set(cut)
		serving.Wait()
	})
	return c
}

// set changes the cable, for the connections there are too.
func (c *cutter) set(to cable) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cable = to
	close(c.changed)
	c.changed = make(chan struct{})
	if to == cut {
		for conn := range c.conns {
			_ = conn.Close()
		}
	}
}

func (c *cutter) state() (cable, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cable, c.changed
}

func (c *cutter) serve(l net.Listener, serving *sync.WaitGroup) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.to)
		if err != nil || !c.keep(near, far) {
			_ = near.Close()
			if err == nil {
				_ = far.Close()
			}
			continue
		}
		serving.Go(func() { c.carry(far, near, false) })
		serving.Go(func() { c.carry(near, far, true) })
	}
}

// keep remembers a pair of connections, unless they are to break.
func (c *cutter) keep(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.cable == cut {
		return false
	}
	for _, conn := range conns {
		c.conns[conn] = struct{}{}
	}
	return true
}

// carry brings what from sends to its receiver until one of them ends.
func (c *cutter) carry(to, from net.Conn, answers bool) {
	defer func() {
		c.mu.Lock()
		delete(c.conns, to)
		delete(c.conns, from)
		c.mu.Unlock()
		_ = to.Close()
		_ = from.Close()
	}()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && (!c.pass(answers) || !write(to, piece[:n])) {
			return
		}
		if err != nil {
			return
		}
	}
}

// pass waits until a piece may go on; false when it never may.
func (c *cutter) pass(answer bool) bool {
	for {
		state, changed := c.state()
		switch {
		case state == cut:
			return false
		case state == held, state == oneWay && answer:
			<-changed
		case state == sluggish:
			select {
			case <-changed:
			case <-time.After(sluggishness):
			}
			return true
		default:
			return true
		}
	}
}

func write(w io.Writer, piece []byte) bool {
	_, err := w.Write(piece)
	return err == nil
}
