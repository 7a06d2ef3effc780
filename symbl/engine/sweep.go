package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/objects"
)

const (
	sweepEvery = 10 * time.Minute
	sweepAge   = 10 * storeTimeout // of an object; a younger one may still get its entry

	sweepUploadAge = 6 * time.Hour // since the last part of a recording came
)

// sweeper removes, at the start and now and then, what a process that was killed
// between two writes left behind: objects that no entry refers to, and what a
// job that was never written would have worked on. They hold text, and nobody
// else would ever find them. Then it forgets what is old.
func (e *Engine) sweeper(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := e.sweep(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("engine cannot sweep its object store", zap.Error(err))
		} else if n > 0 {
			e.log.Info("engine removed what nothing refers to", zap.Int("objects", n))
		}
		pause(ctx, sweepEvery)
	}
}

// sweep gives how much it removed.
func (e *Engine) sweep(ctx context.Context) (removed int, err error) {
	before := e.now().Add(-sweepAge)
	for _, step := range []func() (int, error){
		func() (int, error) { return e.sweepInputs(ctx, before) },
		func() (int, error) { return e.store.sweep(ctx, before) },
		func() (int, error) { return e.store.sweepUploads(ctx, e.now().Add(-sweepUploadAge)) },
		func() (int, error) {
			return objects.SweepHalves(ctx, e.store.objects, e.store.blobs, blobsName, before)
		},
		func() (int, error) { return 0, e.expire(ctx) },
	} {
		n, err := step()
		if removed += n; err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// sweepInputs removes the inputs from before a time that have no job: their
// submission was broken off, and nobody was told of it.
func (e *Engine) sweepInputs(ctx context.Context, before time.Time) (removed int, err error) {
	var jobs []string
	err = e.store.scan(ctx, []string{keyInput + "*"}, func(key string, _ []byte) error {
		jobs = append(jobs, lastToken(key))
		return nil
	})
	for _, id := range jobs {
		if err != nil {
			return removed, err
		}
		var dropped bool
		if dropped, err = e.dropAbandoned(ctx, id, before); dropped {
			removed++
		}
	}
	return removed, err
}

// dropAbandoned removes an input if it is from before a time and has no job. It
// stays if it is touched meanwhile: then its submission is being repeated.
func (e *Engine) dropAbandoned(ctx context.Context, jobID string, before time.Time) (bool, error) {
	entry, err := e.store.kv.Get(ctx, keyInput+jobID)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read %s: %w", kind(keyInput), err)
	case !entry.Created().Before(before):
		return false, nil
	}
	j, _, err := load[job](ctx, e.store, keyJob+jobID)
	if err != nil && !errors.Is(err, errNotFound) {
		return false, err
	} else if err == nil && !j.ended() {
		return false, nil
	}
	in, v, err := load[inputMedia](ctx, e.store, keyInput+jobID)
	if errors.Is(err, errUnreadable) {
		in, err = inputMedia{}, nil
	}
	if err != nil || v.revision != entry.Revision() {
		return false, ignore(err, errNotFound)
	}
	if err := e.store.removeAt(ctx, keyInput+jobID, v); err != nil {
		return false, ignore(err, errConflict)
	}
	return true, e.dropMedia(ctx, in.Media)
}

// sweep removes the objects from before a time whose entry refers to another
// one, or is gone. It gives how many.
func (s *store) sweep(ctx context.Context, before time.Time) (int, error) {
	list, err := objects.List(ctx, s.blobs)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, o := range list {
		key, ours := strings.CutPrefix(o.Description, blobOf)
		if !ours {
			continue
		}
		needed, err := s.needed(ctx, key, o, before)
		if err != nil {
			return removed, err
		} else if needed {
			continue
		}
		if err := s.dropObject(ctx, o.Name); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// needed tells whether an object is what an entry refers to, or may become so.
func (s *store) needed(ctx context.Context, key string, o *jetstream.ObjectInfo, before time.Time) (bool, error) {
	entry, err := s.kv.Get(ctx, key)
	switch {
	case err == nil && reference(entry.Value()) == o.Name:
		return true, nil
	case err != nil && !errors.Is(err, jetstream.ErrKeyNotFound):
		return true, fmt.Errorf("read %s: %w", kind(key), err)
	}
	return !o.ModTime.Before(before), nil
}

// sweepUploads removes the recordings that no job refers to: their upload, or
// the process that took it, ended too soon. It gives how many parts they had.
func (s *store) sweepUploads(ctx context.Context, before time.Time) (int, error) {
	list, err := objects.List(ctx, s.blobs)
	if err != nil {
		return 0, err
	}
	parts := map[string][]string{} // of the recordings that nothing was added to
	fresh := map[string]bool{}
	for _, o := range list {
		if name, ours := strings.CutPrefix(o.Description, partOf); ours {
			parts[name] = append(parts[name], o.Name)
			fresh[name] = fresh[name] || !o.ModTime.Before(before)
		}
	}
	maps.DeleteFunc(parts, func(name string, _ []string) bool { return fresh[name] })
	if len(parts) == 0 {
		return 0, nil
	}
	err = s.scan(ctx, []string{keyInput + "*"}, func(key string, _ []byte) error {
		in, _, err := load[input](ctx, s, key)
		if err == nil && in.Media != nil {
			delete(parts, in.Media.Object)
		}
		if errors.Is(err, errNotFound) || errors.Is(err, errUnreadable) { // its job has ended since, or cannot run
			return nil
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, names := range parts {
		for _, name := range names {
			if err := s.dropObject(ctx, name); err != nil {
				return removed, err
			}
			removed++
		}
	}
	return removed, nil
}
