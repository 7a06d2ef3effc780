package events

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/internal/kvwatch"
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
	defer kvwatch.Stop(watcher)
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

// walk hands over the entries of the ledger that opts choose, until each wants no
// more.
func (l *Ledger) walk(ctx context.Context, each func(jetstream.KeyValueEntry) (on bool, err error), opts ...jetstream.WatchOpt) error {
	watcher, err := l.kv.WatchAll(ctx, opts...)
	if err != nil {
		return fmt.Errorf("%w: read the ledger: %w", ErrUnavailable, err)
	}
	err = kvwatch.Initial(ctx, watcher, each)
	switch {
	case errors.Is(err, kvwatch.ErrEnded):
		return fmt.Errorf("%w: read the ledger: %w", ErrUnavailable, err)
	case err != nil:
		return fmt.Errorf("read the ledger: %w", err)
	}
	return nil
}
