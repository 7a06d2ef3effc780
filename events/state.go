package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// readState reads a value of the bucket TRACKERBELL; the zero one when there is
// none.
func readState[T any](ctx context.Context, kv jetstream.KeyValue, key string) (T, error) {
	value, _, err := stateAt[T](ctx, kv, key)
	return value, err
}

func stateAt[T any](ctx context.Context, kv jetstream.KeyValue, key string) (value T, revision uint64, err error) {
	v, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return value, 0, nil
	}
	if err != nil {
		return value, 0, fmt.Errorf("%w: read state: %w", ErrUnavailable, err)
	}
	if err := json.Unmarshal(v.Value(), &value); err != nil {
		return value, 0, fmt.Errorf("decode state: %w", err)
	}
	return value, v.Revision(), nil
}

// dropState deletes a key without the mark that a bucket keeps of what it deleted:
// its name may say whose it was. Nobody watches for it.
func (s *streamSet) dropState(ctx context.Context, key string) error {
	if err := s.notes.Purge(ctx, jetstream.WithPurgeSubject("$KV."+BucketState+"."+key)); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// mutateState changes a value by compare-and-set, as Ledger.Mutate does an entry.
func mutateState[T any](ctx context.Context, kv jetstream.KeyValue, key string, fn func(*T) error) error {
	for try := range mutateTries {
		value, revision, err := stateAt[T](ctx, kv, key)
		if err != nil {
			return err
		}
		if err := fn(&value); err != nil {
			if errors.Is(err, errUnchanged) {
				return nil
			}
			return err
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode state: %w", err)
		}
		if revision == 0 {
			_, err = kv.Create(ctx, key, raw)
		} else {
			_, err = kv.Update(ctx, key, raw, revision)
		}
		if err == nil {
			return nil
		}
		if !conflict(err) {
			return fmt.Errorf("write state: %w", err)
		}
		if err := pause(ctx, time.Duration(try)*time.Millisecond+jitter(2*time.Millisecond)); err != nil {
			return err
		}
	}
	return fmt.Errorf("write state: %s kept changing", key)
}
