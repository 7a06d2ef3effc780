package events

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// fullPercent is where new recordings are refused: the rest is left to the
	// stages, or a full stream could never drain.
	fullPercent = 90
	fullFor     = time.Second           // how long a reading of the fill level holds
	fullSoon    = 50 * time.Millisecond // the same when the stream is over half full
)

// fullness knows how full the recordings stream is: a reading, what was
// published here since, and what is being published. A limit of 0 is none.
type fullness struct {
	limit int64

	mu       sync.Mutex
	at       time.Time // of the reading
	bytes    int64
	since    int64
	inFlight int64
}

// admit tells whether a message of about so many bytes may be published. If
// so, published must be called afterwards.
func (f *fullness) admit(ctx context.Context, stream jetstream.Stream, size int64, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read(ctx, stream, now)
	if f.limit > 0 && f.bytes+f.since+f.inFlight+size > f.limit/100*fullPercent {
		f.at = time.Time{} // there may be room again
		f.read(ctx, stream, now)
		if f.bytes+f.inFlight+size > f.limit/100*fullPercent {
			return false
		}
	}
	f.inFlight += size
	return true
}

// published notes that a publish has ended, however it did.
func (f *fullness) published(size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inFlight -= size
	f.since += size
}

// crowded tells whether the stream is so full that finished work must not
// stay.
func (f *fullness) crowded(ctx context.Context, stream jetstream.Stream, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read(ctx, stream, now)
	return f.limit > 0 && f.bytes+f.since > f.limit/100*crowdedPercent
}

// forget has the level read anew.
func (f *fullness) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = time.Time{}
}

// read takes a new reading where the last one is too old. The publish itself
// tells of an outage.
func (f *fullness) read(ctx context.Context, stream jetstream.Stream, now time.Time) {
	age := fullFor
	if f.bytes > f.limit/2 {
		age = fullSoon
	}
	if f.limit <= 0 || now.Sub(f.at) < age {
		return
	}
	if info, err := stream.Info(ctx); err == nil {
		f.bytes, f.since, f.at = int64(info.State.Bytes), 0, now
	}
}
