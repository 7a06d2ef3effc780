package events

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// storedMsg is a message as a stream holds it.
type storedMsg struct {
	seq     uint64
	subject string
	data    []byte
}

// readSome reads up to n messages of a stream from a sequence on, of one
// subject, or of all with an empty one, in their order.
func readSome(ctx context.Context, stream jetstream.Stream, begin uint64, n int, subject string) ([]storedMsg, error) {
	cfg := jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: begin, InactiveThreshold: 10 * time.Second,
	}
	if subject != "" {
		cfg.FilterSubjects = []string{subject}
	}
	cons, err := stream.OrderedConsumer(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("%w: read stream: %w", ErrUnavailable, err)
	}
	batch, err := cons.FetchNoWait(n)
	if err != nil {
		return nil, fmt.Errorf("%w: read stream: %w", ErrUnavailable, err)
	}
	defer func() {
		if info := cons.CachedInfo(); info != nil {
			_ = stream.DeleteConsumer(ctx, info.Name) // else the server drops it after a while
		}
	}()
	var found []storedMsg
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return nil, fmt.Errorf("%w: read stream: %w", ErrUnavailable, err)
		}
		found = append(found, storedMsg{meta.Sequence.Stream, msg.Subject(), msg.Data()})
	}
	if err := batch.Error(); err != nil {
		return nil, fmt.Errorf("%w: read stream: %w", ErrUnavailable, err)
	}
	return found, nil
}
