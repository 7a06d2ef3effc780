package events

import (
	"sync"
	"time"
)

// gateTrips is how many failures in a row, with no success between them, say
// that the upstream is down rather than one message bad.
const gateTrips = 5

// gate stops a stage from pulling while its upstream is down, so that the
// messages that wait do not burn their attempts. A zero gate is open.
type gate struct {
	mu       sync.Mutex
	failures int // in a row
	until    time.Time
	lastOK   time.Time
}

// ok notes a success: the upstream works.
func (g *gate) ok(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failures, g.until, g.lastOK = 0, time.Time{}, now
}

// failed notes a failure, and closes the gate for a while when there were many
// in a row. What was under way when the gate closed fails with it, and does not
// close it for longer.
func (g *gate) failed(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until.After(now) {
		return
	}
	g.failures++
	if over := g.failures - gateTrips; over >= 0 {
		g.until = now.Add(min(time.Second<<min(over, 10), firstHourMax))
	}
}

// hold closes the gate for d.
func (g *gate) hold(d time.Duration, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := now.Add(d); t.After(g.until) {
		g.until = t
	}
}

// state is how long the gate stays closed, and whether the next pull is only a
// probe.
func (g *gate) state(now time.Time) (closed time.Duration, probe bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.until.Sub(now), g.failures >= gateTrips
}

// okSince tells whether anything succeeded after t.
func (g *gate) okSince(t time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lastOK.After(t)
}
