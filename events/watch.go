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
	defer func() { _ = watcher.Stop() }() // the connection may be gone, and the subscription with it
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
