package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/kvwatch"
	"github.com/trackerbell/trackerbell/internal/objects"
)

// What a caller of the store decides by.
var (
	errNotFound = errors.New("no such entry")
	errExists   = errors.New("entry exists")
	errConflict = errors.New("entry was changed by another")
	// The entry is there, and its value is lost: it can only be removed.
	errUnreadable = errors.New("entry cannot be read")
)

const (
	maxInline    = 256 << 10        // larger values go to the object store
	storeTimeout = 30 * time.Second // of one operation, blob included
	blobOf       = "value of "      // and the key, describe a blob
	blobReads    = 3                // a blob goes when its entry is replaced: read the entry again
)

// store keeps JSON values in a bucket, the large ones by reference in an
// object store. An entry changes only by compare-and-set.
type store struct {
	kv     jetstream.KeyValue
	blobs  jetstream.ObjectStore
	inline int // bytes

	entries jetstream.Stream // of kv
	objects jetstream.Stream // of blobs
	log     *zap.Logger
}

// version is the state of an entry that a change is based on.
type version struct {
	revision uint64 // 0: there is none
	blob     string // that holds the value, if it is large
}

// read gives the packed value of an entry, errNotFound, or errUnreadable where the
// object that holds it is gone.
func (s *store) read(ctx context.Context, key string) ([]byte, version, error) {
	return s.readNewer(ctx, key, 0)
}

// readNewer is read that gives no value where the entry still has the revision
// that the caller knows.
func (s *store) readNewer(ctx context.Context, key string, known uint64) ([]byte, version, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	var (
		v   version
		err error
	)
	for range blobReads {
		var entry jetstream.KeyValueEntry
		entry, err = s.kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil, version{}, errNotFound
		} else if err != nil {
			return nil, version{}, fmt.Errorf("read %s: %w", kind(key), err)
		}
		v = version{revision: entry.Revision(), blob: reference(entry.Value())}
		switch {
		case v.revision == known:
			return nil, v, nil
		case v.blob == "":
			return entry.Value(), v, nil
		}
		var data []byte
		if data, err = s.blobs.GetBytes(ctx, v.blob); err == nil {
			return data, v, nil
		}
	}
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		err = fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return nil, v, fmt.Errorf("read %s from the object store: %w", kind(key), err)
}

// scan gives the packed value of each entry whose key matches a pattern.
func (s *store) scan(ctx context.Context, keys []string, each func(key string, data []byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	what := kind(keys[0]) // the watch changes the keys
	watch, err := s.kv.WatchFiltered(ctx, keys, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("scan %s: %w", what, err)
	}
	err = kvwatch.Initial(ctx, watch, func(entry jetstream.KeyValueEntry) (bool, error) {
		return true, each(entry.Key(), entry.Value())
	})
	if err != nil {
		return fmt.Errorf("scan %s: %w", what, err)
	}
	return nil
}

// write packs a value and hands what the entry shall hold to put. It takes
// care of the blobs, the one that the entry held before included.
func (s *store) write(ctx context.Context, key string, value any, before version, put func(ctx context.Context, data []byte) (uint64, error)) (version, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	data, err := pack(value)
	if err != nil {
		return version{}, fmt.Errorf("encode %s: %w", kind(key), err)
	}
	var after version
	if len(data) > s.inline {
		after.blob = nuid.Next()
		meta := jetstream.ObjectMeta{Name: after.blob, Description: blobOf + key}
		if _, err := s.blobs.Put(ctx, meta, bytes.NewReader(data)); err != nil {
			return version{}, fmt.Errorf("write %s to the object store: %w", kind(key), err)
		}
		data = refer(after.blob)
	}
	after.revision, err = put(ctx, data)
	if err != nil {
		// The outcome is open unless another was first: keep the blob.
		if errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			s.discard(ctx, after.blob)
		}
		return version{}, err
	}
	s.discard(ctx, before.blob)
	return after, nil
}

// discard removes a blob that no entry refers to any more, even if what is
// being done is called off. The write that made it needless has succeeded: if
// the blob cannot be removed, that is left to the sweep.
func (s *store) discard(ctx context.Context, blob string) {
	if err := s.drop(context.WithoutCancel(ctx), blob); err != nil {
		s.log.Warn("engine leaves an object that nothing refers to for its next sweep", zap.Error(err))
	}
}

// drop removes a blob, which may be gone already.
func (s *store) drop(ctx context.Context, blob string) error {
	if blob == "" {
		return nil
	}
	return s.dropObject(ctx, blob)
}

// create writes a new entry. It gives errExists if there is one.
func (s *store) create(ctx context.Context, key string, value any) (version, error) {
	v, err := s.write(ctx, key, value, version{}, func(ctx context.Context, data []byte) (uint64, error) {
		return s.kv.Create(ctx, key, data)
	})
	if errors.Is(err, jetstream.ErrKeyExists) {
		return version{}, errExists
	} else if err != nil {
		return version{}, fmt.Errorf("create %s: %w", kind(key), err)
	}
	return v, nil
}

// update replaces an entry. It gives errConflict if it is not as before.
func (s *store) update(ctx context.Context, key string, value any, before version) (version, error) {
	v, err := s.write(ctx, key, value, before, func(ctx context.Context, data []byte) (uint64, error) {
		return s.kv.Update(ctx, key, data, before.revision)
	})
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return version{}, errConflict
	} else if err != nil {
		return version{}, fmt.Errorf("update %s: %w", kind(key), err)
	}
	return v, nil
}

// remove deletes an entry, or gives errNotFound.
func (s *store) remove(ctx context.Context, key string) error {
	for {
		entry, err := s.kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return errNotFound
		} else if err != nil {
			return fmt.Errorf("read %s: %w", kind(key), err)
		}
		err = s.removeAt(ctx, key, version{revision: entry.Revision(), blob: reference(entry.Value())})
		if !errors.Is(err, errConflict) {
			return err
		}
	}
}

// removeAt deletes an entry. It gives errConflict if it is not as before.
func (s *store) removeAt(ctx context.Context, key string, before version) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := s.kv.Delete(ctx, key, jetstream.LastRevision(before.revision))
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return errConflict
	} else if err != nil {
		return fmt.Errorf("delete %s: %w", kind(key), err)
	}
	return s.drop(ctx, before.blob)
}

// dropOf removes the blobs of entries that were removed: those that a worker
// left behind when it was stopped between two writes, or is just writing.
func (s *store) dropOf(ctx context.Context, keys []string) error {
	list, err := objects.List(ctx, s.blobs)
	if err != nil {
		return err
	}
	for _, o := range list {
		if key, ours := strings.CutPrefix(o.Description, blobOf); ours && slices.Contains(keys, key) {
			if err := s.dropObject(ctx, o.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
