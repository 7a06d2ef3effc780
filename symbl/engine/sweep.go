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
)

const (
	sweepEvery = time.Hour
	sweepAge   = time.Hour // of an object; a younger one may still get its entry

	sweepUploadAge = 6 * time.Hour // since the last part of a recording came
)

// sweeper removes, now and then, the objects that no entry refers to: what a
// process that was killed between two writes left behind. They hold text, and
// nobody else would ever find them.
func (e *Engine) sweeper(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := e.sweep(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("engine cannot sweep its object store", zap.Error(err))
		} else if n > 0 {
			e.log.Info("engine removed objects that nothing refers to", zap.Int("objects", n))
		}
		pause(ctx, sweepEvery)
	}
}

func (e *Engine) sweep(ctx context.Context) (int, error) {
	values, err := e.store.sweep(ctx, e.now().Add(-sweepAge))
	if err != nil {
		return values, err
	}
	parts, err := e.store.sweepUploads(ctx, e.now().Add(-sweepUploadAge))
	if err != nil {
		return values + parts, err
	}
	halves, err := e.store.sweepHalves(ctx, e.now().Add(-sweepAge))
	return values + parts + halves, err
}

// sweepHalves removes what was written of objects whose writer was killed: an
// object is listed only when all of it is there.
func (s *store) sweepHalves(ctx context.Context, before time.Time) (int, error) {
	// The objects are listed last, so that each that is whole by now is among them.
	info, err := s.objects.Info(ctx, jetstream.WithSubjectFilter(chunkTopic+">"))
	if err != nil {
		return 0, fmt.Errorf("list chunks: %w", err)
	}
	list, err := s.blobs.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return 0, fmt.Errorf("list objects: %w", err)
	}
	for _, o := range list {
		delete(info.State.Subjects, chunkTopic+o.NUID)
	}
	removed := 0
	for subject := range info.State.Subjects {
		last, err := s.objects.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) { // its object was removed since
			continue
		} else if err != nil {
			return removed, fmt.Errorf("read chunk: %w", err)
		}
		if !last.Time.Before(before) {
			continue
		}
		if err := s.objects.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return removed, fmt.Errorf("remove chunks: %w", err)
		}
		removed++
	}
	return removed, nil
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

// sweepUploads removes the recordings that no job refers to: their upload, or
// the process that took it, ended too soon. It gives how many parts they had.
func (s *store) sweepUploads(ctx context.Context, before time.Time) (int, error) {
	objects, err := s.blobs.List(ctx)
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("list objects: %w", err)
	}
	parts := map[string][]string{} // of the recordings that nothing was added to
	fresh := map[string]bool{}
	for _, o := range objects {
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
		if errors.Is(err, errNotFound) { // its job has ended since
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
