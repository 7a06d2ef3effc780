package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// roomWait is how often a publish is tried for which there is no room, and
	// roomTries how many times. It is not handed back meanwhile: the purge that
	// makes room would have it come again an ackWait late.
	roomWait  = 500 * time.Millisecond
	roomTries = 10
	// storeFailed is JetStream's error code for a stream that takes no message,
	// as a rule because it is full.
	storeFailed jetstream.ErrorCode = 10077
)

// publishMsg publishes what ends a step, and has room made for it where the
// stream is full. That there is none in the end is no failure of the recording:
// the error has the step done again, and wraps ErrUnavailable.
func (s *Service) publishMsg(ctx context.Context, js jetstream.JetStream, msg *nats.Msg) (*jetstream.PubAck, error) {
	for try := 1; ; try++ {
		ack, err := js.PublishMsg(ctx, msg)
		var api *jetstream.APIError
		if !errors.As(err, &api) || api.ErrorCode != storeFailed {
			return ack, err
		}
		s.full.forget()
		s.tidySoon()
		if try == roomTries || pause(ctx, roomWait) != nil {
			return nil, &waitError{after: jitter(roomWait), err: fmt.Errorf("%w: %w", ErrUnavailable, err)}
		}
	}
}
