package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// expireAge is how long a job and its Idempotency-Key are known after their last
	// change: as long as a call's conversation is kept where nothing else is said.
	expireAge = 89 * 24 * time.Hour
	// expireMost is how many entries of a stream are looked at in one sweep.
	expireMost = 5000
	walkBatch  = 100 // of these are read together

	bucketTopic = "$KV." + bucketName + "." // and the key
	objectTopic = "$O." + blobsName + ".M." // and the encoded name
	walkIdle    = time.Minute               // after which the server forgets who walked
	kvOperation = "KV-Operation"            // a header of what deletes an entry
)

// expire forgets what is too old to matter: jobs that ended, their keys, and the
// marks that stay of what was deleted. It does part of the work, and goes on with
// it the next time.
func (e *Engine) expire(ctx context.Context) error {
	now := e.now()
	marks := walk{stream: e.store.entries, topics: []string{bucketTopic + keyInput + "*"}, before: now.Add(-sweepAge), bare: true}
	if _, err := marks.run(ctx, 0, e.expireEntry); err != nil {
		return err
	}
	old := walk{stream: e.store.entries, before: now.Add(-expireAge), bare: true, topics: []string{
		bucketTopic + keyJob + "*", bucketTopic + keyIdempotency + "*", bucketTopic + keyConversation + "*", bucketTopic + keyListing + ">",
	}}
	var err error
	if e.expired.entries, err = old.run(ctx, e.expired.entries, e.expireEntry); err != nil {
		return err
	}
	blobs := walk{stream: e.store.objects, topics: []string{objectTopic + "*"}, before: now.Add(-sweepAge)}
	e.expired.objects, err = blobs.run(ctx, e.expired.objects, e.expireObject)
	return err
}

// walk looks at the messages of a stream that were stored before a time.
type walk struct {
	stream jetstream.Stream
	topics []string
	before time.Time
	bare   bool // their data is not needed
}

// run hands over the oldest messages from a sequence on. It gives the sequence to go
// on from, 0 if that was all.
func (w walk) run(
	ctx context.Context, from uint64, each func(ctx context.Context, msg jetstream.Msg, seq uint64) error,
) (uint64, error) {
	cfg := jetstream.ConsumerConfig{
		FilterSubjects: w.topics, HeadersOnly: w.bare,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: walkIdle,
	}
	if from > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, from
	}
	consumer, err := w.stream.CreateConsumer(ctx, cfg)
	if err != nil {
		return from, fmt.Errorf("look for old entries: %w", err)
	}
	for range expireMost / walkBatch {
		batch, err := consumer.FetchNoWait(walkBatch)
		if err != nil {
			return from, fmt.Errorf("look for old entries: %w", err)
		}
		seen := 0
		for msg := range batch.Messages() {
			meta, err := msg.Metadata()
			switch {
			case err != nil:
				return from, fmt.Errorf("look for old entries: %w", err)
			case !meta.Timestamp.Before(w.before):
				return 0, nil
			}
			seen++
			from = meta.Sequence.Stream + 1 // also if it fails: it must not keep the others
			if err := each(ctx, msg, meta.Sequence.Stream); err != nil {
				return from, err
			}
		}
		if err := batch.Error(); err != nil {
			return from, fmt.Errorf("look for old entries: %w", err)
		}
		if seen < walkBatch {
			return 0, nil
		}
	}
	return from, nil
}

// purge removes a message for good, and leaves what came after it on its topic.
func purge(ctx context.Context, stream jetstream.Stream, topic string, seq uint64) error {
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject(topic), jetstream.WithPurgeSequence(seq+1)); err != nil {
		return fmt.Errorf("remove an old entry: %w", err)
	}
	return nil
}

// expireEntry removes an old entry of the bucket that nobody needs.
func (e *Engine) expireEntry(ctx context.Context, msg jetstream.Msg, seq uint64) (err error) {
	key := strings.TrimPrefix(msg.Subject(), bucketTopic)
	needless := msg.Headers().Get(kvOperation) != "" // the mark of a deletion
	switch {
	case needless:
	case strings.HasPrefix(key, keyJob):
		needless, err = e.needlessJob(ctx, lastToken(key), seq)
	case strings.HasPrefix(key, keyIdempotency):
		needless, err = e.needlessTicket(ctx, key)
	}
	if err != nil || !needless {
		return err
	}
	return purge(ctx, e.store.entries, msg.Subject(), seq)
}

// expireObject removes the mark of an object that was removed.
func (e *Engine) expireObject(ctx context.Context, msg jetstream.Msg, seq uint64) error {
	var object struct {
		Deleted bool `json:"deleted"`
	}
	if err := json.Unmarshal(msg.Data(), &object); err != nil || !object.Deleted {
		return nil //nolint:nilerr // what cannot be read is no mark of ours
	}
	return purge(ctx, e.store.objects, msg.Subject(), seq)
}

// needlessJob tells whether an old job has ended, or never will because there is
// nothing that it could work on. Any other waits in the queue, or its submission
// broke off before it got there: it is put there.
func (e *Engine) needlessJob(ctx context.Context, id string, seq uint64) (bool, error) {
	j, v, err := load[job](ctx, e.store, keyJob+id)
	switch {
	case errors.Is(err, errNotFound):
		return false, nil
	case err != nil, v.revision != seq:
		return false, err
	case j.ended():
		return true, nil
	}
	_, err = e.store.kv.Get(ctx, keyInput+id)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return true, nil
	} else if err != nil {
		return false, fmt.Errorf("read %s: %w", kind(keyInput), err)
	}
	if _, err := e.store.update(ctx, keyJob+id, j, v); err != nil { // not again for as long
		return false, ignore(err, errConflict)
	}
	return false, e.enqueue(ctx, j)
}

// needlessTicket tells whether there is no job for an old Idempotency-Key.
func (e *Engine) needlessTicket(ctx context.Context, key string) (bool, error) {
	t, _, err := load[ticket](ctx, e.store, key)
	if err != nil {
		return false, ignore(err, errNotFound)
	}
	_, err = e.store.kv.Get(ctx, keyJob+t.JobID)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return true, nil
	} else if err != nil {
		return false, fmt.Errorf("read %s: %w", kind(keyJob), err)
	}
	return false, nil
}

// ignore gives an error unless it is the one that is expected.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
