package engine

import "time"

// Hasty makes an engine of the configuration try again at once.
func Hasty(c Config) Config {
	c.timing = timing{
		ackWait:  2 * time.Second,
		drain:    100 * time.Millisecond,
		retry:    5 * time.Millisecond,
		retryMax: 20 * time.Millisecond,

		callbackMax: 20 * time.Millisecond,
		patience:    2 * time.Second,
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
