package access

import "time"

// SetNow sets the clock.
func (g *Guard) SetNow(now func() time.Time) { g.now = now }
