package engine_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

var errDied = errors.New("the process died")

// dying is a JetStream whose writes end at some point, as those of a process
// that is killed do.
type dying struct {
	jetstream.JetStream

	armed  atomic.Bool
	left   atomic.Int64 // writes that still succeed
	late   bool         // the write that dies arrives, and only its outcome is lost
	only   string       // prefix of the keys that count; the rest succeeds
	writes atomic.Int64 // that were tried since it was armed

	// Called before each read and each write of a key, if they are set.
	reading, writing func(key string)
}

// dieAfter lets a number of writes succeed from now on.
func (d *dying) dieAfter(writes int) {
	d.left.Store(int64(writes))
	d.writes.Store(0)
	d.armed.Store(true)
}

// write does a write of a key unless the process has died.
func (d *dying) write(key string, do func() error) error {
	if d.writing != nil {
		d.writing(key)
	}
	if !d.armed.Load() || !strings.HasPrefix(key, d.only) {
		return do()
	}
	d.writes.Add(1)
	switch left := d.left.Add(-1); {
	case left >= 0:
		return do()
	case left == -1 && d.late:
		return errors.Join(errDied, do())
	}
	return errDied
}

func (d *dying) KeyValue(ctx context.Context, bucket string) (jetstream.KeyValue, error) {
	kv, err := d.JetStream.KeyValue(ctx, bucket)
	return &dyingBucket{KeyValue: kv, d: d}, err
}

func (d *dying) Publish(ctx context.Context, subject string, data []byte, opts ...jetstream.PublishOpt) (ack *jetstream.PubAck, err error) {
	err = d.write(subject, func() error {
		ack, err = d.JetStream.Publish(ctx, subject, data, opts...)
		return err
	})
	return ack, err
}

type dyingBucket struct {
	jetstream.KeyValue
	d *dying
}

func (b *dyingBucket) Get(ctx context.Context, key string) (jetstream.KeyValueEntry, error) {
	if b.d.reading != nil {
		b.d.reading(key)
	}
	return b.KeyValue.Get(ctx, key)
}

func (b *dyingBucket) Create(ctx context.Context, key string, value []byte, opts ...jetstream.KVCreateOpt) (revision uint64, err error) {
	err = b.d.write(key, func() error {
		revision, err = b.KeyValue.Create(ctx, key, value, opts...)
		return err
	})
	return revision, err
}

func (b *dyingBucket) Update(ctx context.Context, key string, value []byte, before uint64) (revision uint64, err error) {
	err = b.d.write(key, func() error {
		revision, err = b.KeyValue.Update(ctx, key, value, before)
		return err
	})
	return revision, err
}

func (b *dyingBucket) Delete(ctx context.Context, key string, opts ...jetstream.KVDeleteOpt) error {
	return b.d.write(key, func() error { return b.KeyValue.Delete(ctx, key, opts...) })
}

func (d *dying) ObjectStore(ctx context.Context, bucket string) (jetstream.ObjectStore, error) {
	objects, err := d.JetStream.ObjectStore(ctx, bucket)
	return &dyingObjects{ObjectStore: objects, d: d}, err
}

type dyingObjects struct {
	jetstream.ObjectStore
	d *dying
}

func (o *dyingObjects) Put(ctx context.Context, meta jetstream.ObjectMeta, r io.Reader) (info *jetstream.ObjectInfo, err error) {
	err = o.d.write(meta.Name, func() error {
		info, err = o.ObjectStore.Put(ctx, meta, r)
		return err
	})
	return info, err
}

func (o *dyingObjects) Delete(ctx context.Context, name string) error {
	return o.d.write(name, func() error { return o.ObjectStore.Delete(ctx, name) })
}

// mortal gives a JetStream whose writes can be made to end.
func mortal(tb testing.TB, js jetstream.JetStream, late bool) *dying {
	tb.Helper()
	return &dying{JetStream: js, late: late}
}

// queued is how many jobs are not done.
func queued(tb testing.TB, js jetstream.JetStream) uint64 {
	tb.Helper()
	stream, err := js.Stream(tb.Context(), "ENGINE_JOBS")
	require.NoError(tb, err)
	info, err := stream.Info(tb.Context())
	require.NoError(tb, err)
	return info.State.Msgs
}
