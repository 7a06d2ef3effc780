package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

const (
	sweepEvery = time.Hour
	sweepAge   = time.Hour // of an object; a younger one may still get its entry
)

// sweeper removes, now and then, the objects that no entry refers to: what a
// process that was killed between two writes left behind. They hold text, and
// nobody else would ever find them.
func (e *Engine) sweeper(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := e.store.sweep(ctx, e.now().Add(-sweepAge)); err != nil && ctx.Err() == nil {
			e.log.Warn("engine cannot sweep its object store", zap.Error(err))
		} else if n > 0 {
			e.log.Info("engine removed objects that nothing refers to", zap.Int("objects", n))
		}
		pause(ctx, sweepEvery)
	}
}

// sweep removes the objects from before a time whose entry refers to another
// one, or is gone. It gives how many.
func (s *store) sweep(ctx context.Context, before time.Time) (int, error) {
	objects, err := s.blobs.List(ctx)
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("list objects: %w", err)
	}
	removed := 0
	for _, o := range objects {
		key, ours := strings.CutPrefix(o.Description, blobOf)
		if !ours || !o.ModTime.Before(before) {
			continue
		}
		entry, err := s.kv.Get(ctx, key)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
		case err != nil:
			return removed, fmt.Errorf("read %s: %w", kind(key), err)
		case reference(entry.Value()) == o.Name:
			continue
		}
		if err := s.blobs.Delete(ctx, o.Name); err != nil {
			return removed, fmt.Errorf("delete object: %w", err)
		}
		removed++
	}
	return removed, nil
}
