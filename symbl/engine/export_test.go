package engine

import (
	"context"
	"time"
)

// Hasty makes an engine of the configuration try again at once.
func Hasty(c Config) Config {
	c.timing = timing{
		ackWait:  2 * time.Second,
		drain:    100 * time.Millisecond,
		retry:    5 * time.Millisecond,
		retryMax: 20 * time.Millisecond,

		callbackMax: 20 * time.Millisecond,
		patience:    2 * time.Second,
		transcribe:  time.Second,
		away:        time.Minute,
	}
	return c
}

// SetNow replaces the engine's clock.
func (e *Engine) SetNow(now func() time.Time) { e.now = now }

// Fingerprint, Pack and Unpack are for tests of the storage.
type Packer struct{ packer packer }

// Pack encodes a value as an entry holds it.
func (p *Packer) Pack(value any) ([]byte, error) { return p.packer.pack(value) }

// Unpack decodes what an entry holds.
func (p *Packer) Unpack(data []byte, value any) error { return p.packer.unpack(data, value) }

// Sentences joins segments.
var Sentences = sentences

// Sweep removes the objects that nothing refers to.
func (e *Engine) Sweep(ctx context.Context) (int, error) { return e.sweep(ctx) }
