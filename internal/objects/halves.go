package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Chunks is the subject of an object's chunks: Chunks(bucket) and its NUID.
func Chunks(bucket string) string { return "$O." + bucket + ".C." }

// List gives the objects of a store, none being no error.
func List(ctx context.Context, store jetstream.ObjectStore) ([]*jetstream.ObjectInfo, error) {
	list, err := store.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	return list, nil
}

// SweepHalves removes the chunks that belong to no object and were last added
// to before a time: an object is listed only when all of it is there, and what
// a killed writer wrote of one never is. stream is the one below the bucket's
// store. It gives of how many objects.
func SweepHalves(ctx context.Context, stream jetstream.Stream, store jetstream.ObjectStore, bucket string, before time.Time) (removed int, err error) {
	// The objects are listed last, so that each that is whole by now is among them.
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(Chunks(bucket)+">"))
	if err != nil {
		return 0, fmt.Errorf("list chunks: %w", err)
	}
	list, err := List(ctx, store)
	if err != nil {
		return 0, err
	}
	for _, o := range list {
		delete(info.State.Subjects, Chunks(bucket)+o.NUID)
	}
	for subject := range info.State.Subjects {
		last, err := stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) { // its object was removed since
			continue
		} else if err != nil {
			return removed, fmt.Errorf("read chunk: %w", err)
		}
		if !last.Time.Before(before) {
			continue
		}
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return removed, fmt.Errorf("remove chunks: %w", err)
		}
		removed++
	}
	return removed, nil
}
