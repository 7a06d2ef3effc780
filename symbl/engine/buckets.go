package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/internal/objects"
)

// What the engine keeps on JetStream.
const (
	bucketName = "ENGINE"
	blobsName  = "ENGINE_BLOBS"
	queueName  = "ENGINE_JOBS"

	// Recordings have a topic and a consumer of their own: one takes minutes
	// or hours, and text, which takes milliseconds, must not wait for it.
	textTopic   = "engine.jobs.text"
	mediaTopic  = "engine.jobs.media"
	queueTopics = "engine.jobs.*"

	callbackTopic = "engine.callbacks." // and the job's id

	onlyConsumer = "engine" // see openQueue

	// A publisher repeats a work message while its outcome is open. Whoever repeats a
	// submission may do so later: a worker finds that out.
	duplicateWindow = 2 * time.Minute
	// What waits for its next attempt counts as pending. A receiver of callbacks
	// that is down must not use that up for all.
	maxAckPending = 100_000
)

// openStore makes the bucket and the object store and binds to them. Both are
// ordinary ones but for AllowDirect: direct reads may be answered by a replica
// that lags, and who was told of a job must find it at once on any engine.
func openStore(ctx context.Context, js jetstream.JetStream, cfg Config) (*store, error) {
	streams := []jetstream.StreamConfig{{
		Name:              "KV_" + bucketName,
		Description:       "trackerbell engine: trackers, conversations, jobs",
		Subjects:          []string{"$KV." + bucketName + ".>"},
		MaxMsgsPerSubject: 1,
		DenyDelete:        true,
	}, {
		Name:        "OBJ_" + blobsName,
		Description: "trackerbell engine: values too large for the bucket",
		Subjects:    []string{objects.Chunks(blobsName) + ">", "$O." + blobsName + ".M.>"},
	}}
	for _, stream := range streams {
		stream.Replicas = cfg.Replicas
		stream.Storage = jetstream.FileStorage
		stream.Discard = jetstream.DiscardNew
		stream.AllowRollup = true
		if _, err := makeStream(ctx, js, stream); err != nil {
			return nil, err
		}
	}
	kv, err := js.KeyValue(ctx, bucketName)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bucketName, err)
	}
	entries, err := js.Stream(ctx, "KV_"+bucketName)
	if err != nil {
		return nil, fmt.Errorf("open stream of %s: %w", bucketName, err)
	}
	blobs, err := js.ObjectStore(ctx, blobsName)
	if err != nil {
		return nil, fmt.Errorf("open object store %s: %w", blobsName, err)
	}
	below, err := js.Stream(ctx, "OBJ_"+blobsName)
	if err != nil {
		return nil, fmt.Errorf("open stream of %s: %w", blobsName, err)
	}
	return &store{
		kv: kv, blobs: blobs, entries: entries, objects: below, log: cfg.Logger,
		inline: int(min(maxInline, js.Conn().MaxPayload()/2)),
	}, nil
}

// makeStream makes a stream, or brings it up to date. One that is as it should be is
// left alone: the server races with itself when it updates a stream while another
// engine makes a consumer of it.
func makeStream(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := js.CreateStream(ctx, cfg)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // by one that is otherwise
		stream, err = js.UpdateStream(ctx, cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("make stream %s: %w", cfg.Name, err)
	}
	return stream, nil
}

// openQueue makes the work queue.
func openQueue(ctx context.Context, js jetstream.JetStream, cfg Config) (jetstream.Stream, error) {
	queue, err := makeStream(ctx, js, jetstream.StreamConfig{
		Name:        queueName,
		Description: "trackerbell engine: jobs to do, callbacks to send",
		Subjects:    []string{queueTopics, callbackTopic + "*"},
		Retention:   jetstream.WorkQueuePolicy,
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardNew,
		Duplicates:  duplicateWindow,
		Replicas:    cfg.Replicas,
	})
	if err != nil {
		return nil, err
	}
	// An earlier version had one consumer for all jobs, and a work queue refuses
	// others beside it.
	err = js.DeleteConsumer(ctx, queueName, onlyConsumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, fmt.Errorf("delete consumer %s: %w", onlyConsumer, err)
	}
	return queue, nil
}

// openWorkers makes the consumer of a topic.
func openWorkers(ctx context.Context, js jetstream.JetStream, cfg Config, name, topic string) (jetstream.Consumer, error) {
	consumer, err := js.CreateOrUpdateConsumer(ctx, queueName, jetstream.ConsumerConfig{
		Durable:       name,
		FilterSubject: topic,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       cfg.timing.ackWait,
		MaxDeliver:    -1,
		MaxAckPending: maxAckPending,
	})
	if err != nil {
		return nil, fmt.Errorf("make consumer of %s: %w", topic, err)
	}
	return consumer, nil
}
