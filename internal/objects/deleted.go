package objects

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// SweepDeleted removes what a store keeps of objects that were deleted before a
// time: their descriptions, which it never removes by itself, with their names. stream
// is that of the bucket. It tells how many it removed, also when it fails; what
// one call leaves is removed by the next.
func SweepDeleted(ctx context.Context, stream jetstream.Stream, store jetstream.ObjectStore, bucket string, before time.Time) (removed int, err error) {
	list, err := store.List(ctx, jetstream.ListObjectsShowDeleted())
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("list objects: %w", err)
	}
	for _, o := range list {
		if !o.Deleted || !o.ModTime.Before(before) {
			continue
		}
		// By its sequence: it may have been put anew since it was listed.
		raw, err := stream.GetLastMsgForSubject(ctx, "$O."+bucket+".M."+base64.URLEncoding.EncodeToString([]byte(o.Name)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return removed, fmt.Errorf("read description: %w", err)
		}
		var now jetstream.ObjectInfo
		if json.Unmarshal(raw.Data, &now) != nil || !now.Deleted {
			continue
		}
		if err := stream.DeleteMsg(ctx, raw.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return removed, fmt.Errorf("delete description: %w", err)
		}
		removed++
	}
	return removed, nil
}
