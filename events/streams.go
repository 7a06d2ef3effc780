package events

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/internal/objects"
)

// The streams, buckets and subjects, as docs/architecture.md lists them.
const (
	StreamRecordings = "RECORDINGS"
	StreamAlerts     = "ALERTS"
	StreamDead       = "DEAD"
	StreamAudit      = "AUDIT"
	BucketLedger     = "LEDGER"
	BucketState      = "TRACKERBELL"
	BucketBlobs      = "BLOBS"

	subjectReady     = "recordings.ready."
	subjectSubmitted = "recordings.submitted."
	subjectWake      = "recordings.wake."
	subjectProcessed = "recordings.processed."
	subjectAlerts    = "alerts."
	subjectDead      = "dead."
	subjectAudit     = "audit."
)

const (
	// dedupeWindow is how long the streams know a Nats-Msg-Id. Providers retry
	// for hours; beyond it the ledger knows the recording.
	dedupeWindow = 2 * time.Hour
	// ackWait is how long a killed process holds its messages.
	ackWait = 12 * time.Second
	// maxAckPending is far above what may wait: a message whose redelivery is
	// delayed counts towards it.
	maxAckPending = 200_000
	// ledgerAge is how long the ledger remembers a recording after its last
	// change.
	ledgerAge = 90 * 24 * time.Hour
	// inlineBytes is the largest transcript or list of matches that travels
	// inside an event.
	inlineBytes = 256 << 10
)

// Limits are the bounds of the streams.
type Limits struct {
	Replicas int           // of each stream and bucket
	MaxAge   time.Duration // of finished work
	MaxBytes int64         // of RECORDINGS; new recordings are refused from 90 %
}

// streamSet is everything the service keeps on JetStream.
type streamSet struct {
	js         jetstream.JetStream
	recordings jetstream.Stream
	alerts     jetstream.Stream
	dead       jetstream.Stream
	audit      jetstream.Stream
	ledger     *Ledger
	state      jetstream.KeyValue
	blobs      jetstream.ObjectStore
	notes      jetstream.Stream // below state
	chunks     jetstream.Stream // below blobs
}

// openStreams creates what is missing and updates what differs.
func openStreams(ctx context.Context, js jetstream.JetStream, lim Limits) (*streamSet, error) {
	s := &streamSet{js: js}
	var err error
	if s.recordings, err = ensureStream(ctx, js, StreamRecordings, "recordings.>", lim, lim.MaxBytes); err != nil {
		return nil, err
	}
	if s.alerts, err = ensureStream(ctx, js, StreamAlerts, "alerts.>", lim, -1); err != nil {
		return nil, err
	}
	if s.dead, err = ensureStream(ctx, js, StreamDead, "dead.>", lim, -1); err != nil {
		return nil, err
	}
	if s.audit, err = ensureAudit(ctx, js, lim); err != nil {
		return nil, err
	}
	if s.state, err = ensureBucket(ctx, js, BucketState, lim, 0); err != nil {
		return nil, err
	}
	if s.notes, err = js.Stream(ctx, "KV_"+BucketState); err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", BucketState, err)
	}
	ledger, err := ensureBucket(ctx, js, BucketLedger, lim, max(ledgerAge, lim.MaxAge))
	if err != nil {
		return nil, err
	}
	if s.ledger, err = newLedger(ctx, js, ledger); err != nil {
		return nil, err
	}
	if s.blobs, s.chunks, err = ensureBlobs(ctx, js, BucketBlobs, lim); err != nil {
		return nil, err
	}
	return s, nil
}

// ensureStream is a stream without an age limit: the server would drop what is
// not finished as well. tidy.go deletes what is; a dead letter stays until
// somebody replays or drops it.
func ensureStream(ctx context.Context, js jetstream.JetStream, name, subject string, lim Limits, maxBytes int64) (jetstream.Stream, error) {
	return ensure(ctx, js, lim, jetstream.StreamConfig{
		Name: name, Subjects: []string{subject}, MaxBytes: maxBytes, Duplicates: dedupeWindow,
	})
}

// ensureBucket is a key-value bucket like any other, but for what ensure does.
func ensureBucket(ctx context.Context, js jetstream.JetStream, name string, lim Limits, age time.Duration) (jetstream.KeyValue, error) {
	_, err := ensure(ctx, js, lim, jetstream.StreamConfig{
		Name: "KV_" + name, Subjects: []string{"$KV." + name + ".>"}, MaxMsgsPerSubject: 1, MaxAge: age,
		AllowRollup: true, DenyDelete: true,
	})
	if err != nil {
		return nil, err
	}
	kv, err := js.KeyValue(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	return kv, nil
}

// ensureBlobs is an object store like any other, but for what ensure does, and
// the stream below it.
func ensureBlobs(ctx context.Context, js jetstream.JetStream, name string, lim Limits) (jetstream.ObjectStore, jetstream.Stream, error) {
	chunks, err := ensure(ctx, js, lim, jetstream.StreamConfig{
		Name: "OBJ_" + name, Description: "large transcripts and matches",
		Subjects: []string{objects.Chunks(name) + ">", "$O." + name + ".M.>"}, AllowRollup: true,
	})
	if err != nil {
		return nil, nil, err
	}
	blobs, err := js.ObjectStore(ctx, name)
	if err != nil {
		return nil, nil, fmt.Errorf("open object store %s: %w", name, err)
	}
	return blobs, chunks, nil
}

// ensure creates or updates a stream. In a cluster it has no direct reads: they
// may be answered by a server that lags, and a stage that does not find what
// the stage before it has written takes its message for a stale one.
func ensure(ctx context.Context, js jetstream.JetStream, lim Limits, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	cfg.Storage, cfg.Discard, cfg.Replicas = jetstream.FileStorage, jetstream.DiscardNew, lim.Replicas
	cfg.AllowDirect = lim.Replicas <= 1
	stream, err := js.CreateOrUpdateStream(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", cfg.Name, err)
	}
	return stream, nil
}

// ensureConsumer is a durable pull consumer that redelivers for ever: polls,
// waits and crashes are deliveries, and failures are counted in the ledger.
func ensureConsumer(ctx context.Context, stream jetstream.Stream, name string, pending int, subjects ...string) (jetstream.Consumer, error) {
	cons, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, FilterSubjects: subjects, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: ackWait, MaxDeliver: -1, MaxAckPending: pending,
	})
	if err != nil {
		return nil, fmt.Errorf("open consumer %s: %w", name, err)
	}
	return cons, nil
}
