package events

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Watch calls changed with the key of each recording whose entry changes, by
// whatever replica, until ctx ends. It returns an error when it cannot go on.
func (s *Service) Watch(ctx context.Context, changed func(key string)) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	watcher, err := set.ledger.kv.WatchAll(ctx, jetstream.UpdatesOnly())
	if err != nil {
		return fmt.Errorf("%w: watch the ledger: %w", ErrUnavailable, err)
	}
	defer stopWatch(watcher)
	for {
		select {
		case <-ctx.Done():
			return nil
		case v, ok := <-watcher.Updates():
			if !ok {
				return ErrUnavailable
			}
			if v != nil { // nil marks the end of what was there before
				changed(v.Key())
			}
		}
	}
}

// stopWatch ends a watch. What is on its way to it is read, or it would keep a
// goroutine for ever.
func stopWatch(w jetstream.KeyWatcher) {
	_ = w.Stop() // the connection may be gone, and the subscription with it
	for range w.Updates() {
		continue // until it is closed: then nothing more can come
	}
}
