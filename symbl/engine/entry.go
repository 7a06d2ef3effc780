package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"
)

// The keys of the bucket, and the first part of those that there are many of.
const (
	keyCredentials   = "credentials"
	keySecret        = "secret"
	keyToken         = "token"
	keyTrackers      = "trackers"
	keyIdempotency   = "idempotency."
	keyInput         = "input."
	keyConversation  = "conversation."
	keyListing       = "listing."
	keyJob           = "job."
	changeTimeout    = 20 * time.Second // for a change that others are faster than
	firstChangeAgain = 2 * time.Millisecond
	maxChangeAgain   = 200 * time.Millisecond
)

// errUnchanged ends a change that changes nothing.
var errUnchanged = errors.New("entry is as it should be")

// lastToken is what stands after the last dot of a key.
func lastToken(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// kind is the part of a key that may stand in an error.
func kind(key string) string {
	kind, _, _ := strings.Cut(key, ".")
	return kind
}

// load reads an entry. It gives errNotFound, or errUnreadable with the version.
func load[T any](ctx context.Context, s *store, key string) (value T, v version, err error) {
	data, v, err := s.read(ctx, key)
	if err != nil {
		return value, v, err
	}
	if err := unpack(data, &value); err != nil {
		return value, v, fmt.Errorf("decode %s: %w: %w", kind(key), errUnreadable, err)
	}
	return value, v, nil
}

// scan gives each entry whose key matches one of the patterns, in the order of
// their last change. None of them may be large. One that cannot be decoded is left
// out: it must not keep the others back.
func scan[T any](ctx context.Context, s *store, keys []string, each func(key string, value T)) error {
	return s.scan(ctx, keys, func(key string, data []byte) error {
		var value T
		if err := unpack(data, &value); err != nil {
			s.log.Warn("engine leaves out an entry that it cannot decode", zap.String("key", key), zap.Error(err))
			return nil
		}
		each(key, value)
		return nil
	})
}

// ensure creates an entry unless there is one, and gives the one that stands.
func ensure[T any](ctx context.Context, s *store, key string, value T) (T, error) {
	_, err := s.create(ctx, key, value)
	if errors.Is(err, errExists) {
		value, _, err = load[T](ctx, s, key)
	}
	return value, err
}

// change applies fn to an entry until no other change comes in between, and
// gives what then stands. An error of fn ends it. fn may run more than once.
func change[T any](ctx context.Context, s *store, key string, fn func(*T) error) (T, error) {
	return untilSettled(ctx, func() (T, error) {
		value, v, err := load[T](ctx, s, key)
		if err != nil {
			return value, err
		}
		if err := fn(&value); err != nil {
			return value, err
		}
		_, err = s.update(ctx, key, value, v)
		return value, err
	})
}

// untilSettled repeats what ends in errConflict.
func untilSettled[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = firstChangeAgain, maxChangeAgain
	return backoff.Retry(ctx, func() (T, error) {
		value, err := fn()
		if err != nil && !errors.Is(err, errConflict) {
			err = backoff.Permanent(err)
		}
		return value, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(changeTimeout))
}

// encode is the JSON of a value, without the escapes that only HTML needs.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
