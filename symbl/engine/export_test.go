package engine

import (
	"cmp"
	"context"
	"time"
)

// CallBackAgain sets the longest wait between two tries of a callback.
func CallBackAgain(c Config, after time.Duration) Config {
	c.timing.callbackMax = after
	return c
}

// MaxConversation sets how large a conversation may become.
func MaxConversation(c Config, bytes int) Config {
	c.maxConversation = bytes
	return c
}

// Hasty makes an engine of the configuration try again at once.
func Hasty(c Config) Config {
	c.timing = timing{
		ackWait:  2 * time.Second,
		drain:    100 * time.Millisecond,
		retry:    5 * time.Millisecond,
		retryMax: 20 * time.Millisecond,

		callbackMax: cmp.Or(c.timing.callbackMax, 20*time.Millisecond),
		patience:    time.Minute,
		transcribe:  time.Second,
		away:        time.Minute,
		present:     20 * time.Millisecond,
		unheard:     time.Minute,
	}
	return c
}

// SetNow replaces the engine's clock.
func (e *Engine) SetNow(now func() time.Time) { e.now = now }

// Pack encodes a value as an entry holds it.
func Pack(value any) ([]byte, error) { return pack(value) }

// Unpack decodes what an entry holds.
func Unpack(data []byte, value any) error { return unpack(data, value) }

// Sentences joins segments.
var Sentences = sentences

// Sweep removes the objects that nothing refers to.
func (e *Engine) Sweep(ctx context.Context) (int, error) { return e.sweep(ctx) }
