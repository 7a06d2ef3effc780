package events

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

const (
	// knownEvery is how often what is new in the ledger is read.
	knownEvery = time.Minute
	// knownFor is how long it is trusted that what was read is all but the newest:
	// what came in to another process meanwhile is a duplicate to the stream, which
	// knows it for dedupeWindow.
	knownFor = dedupeWindow / 2
	// A long ledger is read in steps with a pause between them: a service that was
	// just started has more urgent things to do.
	knownStep  = 200
	knownPause = 10 * time.Millisecond
	// maxKnown is about 20 MB of keys; with more of them, each is looked for.
	maxKnown = 1_000_000
)

// errTooMany says that every recording is looked for from now on.
var errTooMany = errors.New("the ledger had more keys since the start than are remembered")

// known tells which keys the ledger may hold, so that a webhook's recording is
// looked for there only if it can be found. It holds their hashes: two keys with
// the same one cost a look for nothing.
type known struct {
	mu     sync.RWMutex
	seed   maphash.Seed
	keys   map[uint64]struct{}
	upTo   uint64    // revision of the ledger, up to which it is read
	asOf   time.Time // when the last reading began; zero before the first has ended
	links  uint64    // how often the connection had been made anew by then
	most   int       // keys it holds; see maxKnown
	capped bool      // there are more
}

func newKnown() *known {
	return &known{seed: maphash.MakeSeed(), keys: map[uint64]struct{}{}, most: maxKnown}
}

// excludes tells that the ledger does not hold the key, but for what another process
// gave it since the last reading.
//
// links is how often the connection to NATS was made anew: a server that was started
// anew has forgotten the ids of what is no longer in the stream.
func (k *known) excludes(key string, links uint64) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if links != k.links {
		return false
	}
	// A machine that sleeps stops one of the two clocks.
	if k.asOf.IsZero() || k.capped || time.Since(k.asOf) > knownFor || time.Now().Round(0).Sub(k.asOf.Round(0)) > knownFor {
		return false
	}
	_, found := k.keys[maphash.String(k.seed, key)]
	return !found
}

// add notes a key that the ledger holds, or may be about to; revision is 0 where it
// was not read.
func (k *known) add(key string, revision uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.upTo = max(k.upTo, revision)
	if k.capped = k.capped || len(k.keys) >= k.most; k.capped {
		k.keys = nil
		return
	}
	k.keys[maphash.String(k.seed, key)] = struct{}{}
}

// read tells up to which revision the ledger is read, and whether it holds too many
// keys.
func (k *known) read() (upTo uint64, capped bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.upTo, k.capped
}

func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.upTo, k.asOf = map[uint64]struct{}{}, 0, time.Time{}
}

// keepKnown reads what is new in the ledger until ctx ends.
func (s *Service) keepKnown(ctx context.Context) {
	for ctx.Err() == nil {
		if set, err := s.streams(); err == nil {
			err := set.ledger.learn(ctx)
			switch {
			case errors.Is(err, errTooMany):
				s.dep.Log.Info("each webhook's recording is looked for in the ledger", zap.Error(err))
				return
			case err != nil && ctx.Err() == nil:
				s.dep.Log.Debug("the ledger's keys are not read; trying on", zap.Error(err))
			}
		}
		_ = pause(ctx, knownEvery) // its only error is the end of ctx
	}
}

// learn reads the keys that the ledger was given since the last time.
func (l *Ledger) learn(ctx context.Context) error {
	upTo, capped := l.known.read()
	if capped {
		return errTooMany
	}
	begin, links := time.Now(), l.links()
	info, err := l.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("%w: read ledger: %w", ErrUnavailable, err)
	}
	if info.State.LastSeq < upTo { // it was made anew
		l.known.forget()
		upTo = 0
	}
	if info.State.LastSeq > upTo {
		if err := l.learnAfter(ctx, upTo); err != nil {
			return err
		}
	}
	l.known.mu.Lock()
	defer l.known.mu.Unlock()
	l.known.asOf, l.known.links = begin, links
	return nil
}

// excludes is known.excludes.
func (l *Ledger) excludes(key string) bool { return l.known.excludes(key, l.links()) }

func (l *Ledger) links() uint64 { return l.conn.Stats().Reconnects }

func (l *Ledger) learnAfter(ctx context.Context, revision uint64) error {
	n := 0
	return l.walk(ctx, func(v jetstream.KeyValueEntry) (bool, error) {
		if n++; n%knownStep == 0 {
			_ = pause(ctx, knownPause) // its only error is the end of ctx, which ends the walk
		}
		l.known.add(v.Key(), v.Revision())
		if _, capped := l.known.read(); capped {
			return false, errTooMany
		}
		return true, nil
	}, jetstream.MetaOnly(), jetstream.ResumeFromRevision(revision+1))
}
