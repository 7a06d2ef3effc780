package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// scanBatch is how many messages are read at a time while a call is looked for.
const scanBatch = 500

// Forgotten is what was deleted of a call.
type Forgotten struct {
	Messages int      `json:"messages"` // at destinations
	Events   int      `json:"events"`   // in the streams
	Left     []string `json:"left"`     // what could not be deleted, and why
}

// Forget deletes a call for good: its messages where the destination can do
// that, its conversations at the backend, its events, transcripts and matches,
// and at last its entry, so that an error can be followed by another try.
// ErrNotFound if the ledger does not know it.
func (s *Service) Forget(ctx context.Context, key string) (Forgotten, error) {
	set, err := s.streams()
	if err != nil {
		return Forgotten{}, err
	}
	e, err := set.ledger.Get(ctx, key)
	if err != nil {
		return Forgotten{}, err
	}
	f := Forgotten{Left: []string{}}
	for _, stream := range []jetstream.Stream{set.recordings, set.alerts, set.dead} {
		n, err := eraseEvents(ctx, stream, key)
		f.Events += n
		if err != nil {
			return f, err
		}
	}
	if err := s.untell(ctx, e, &f); err != nil {
		return f, err
	}
	if err := s.takeBack(ctx, e, &f); err != nil {
		return f, err
	}
	if err := s.dropCallers(ctx, set, key); err != nil {
		return f, err
	}
	if err := s.eraseCall(ctx, set, e); err != nil {
		return f, err
	}
	s.dep.Log.Info("forgotten", zap.String("recording", key), zap.String("source", e.Source), zap.Int("messages", f.Messages), zap.Int("events", f.Events))
	return f, nil
}

// eraseCall deletes what is kept of a call outside of the streams, and its
// entry.
func (s *Service) eraseCall(ctx context.Context, set *streamSet, e Entry) error {
	for _, id := range append(slices.Clone(e.Conversations), e.ConversationID) {
		if id == "" {
			continue
		}
		err := s.symbl.DeleteConversation(ctx, id)
		var failed *symbl.Error
		if err != nil && (!errors.As(err, &failed) || failed.Class != symbl.NotFound) {
			return fmt.Errorf("delete conversation: %w", err)
		}
	}
	objects, err := set.blobs.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return fmt.Errorf("list blobs: %w", err)
	}
	for _, o := range objects {
		if blobKey(o.Name) != e.Key {
			continue
		}
		if err := set.blobs.Delete(ctx, o.Name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return fmt.Errorf("delete blob: %w", err)
		}
	}
	if err := set.ledger.kv.Purge(ctx, e.Key); err != nil {
		return fmt.Errorf("delete the ledger's entry: %w", err)
	}
	return nil
}

// takeBack deletes the messages of a call at their destinations.
func (s *Service) takeBack(ctx context.Context, e Entry, f *Forgotten) error {
	for _, a := range slices.Concat(e.Alerts, e.Earlier) {
		editor, ok := s.aims().Notifiers.For(a.Destination).(notify.Editor)
		for _, p := range append([]Post{a.Post}, a.Replies...) {
			switch {
			case p.PostedAt.IsZero():
				continue
			case !ok || p.TS == "":
				f.Left = append(f.Left, a.Destination+": this destination cannot take a message back")
				continue
			}
			if err := f.done(a.Destination, editor.Remove(ctx, notify.Receipt{Channel: p.Channel, TS: p.TS})); err != nil {
				return err
			}
		}
	}
	return nil
}

// done counts a message that was taken back or changed. One that cannot be is
// left.
func (f *Forgotten) done(destination string, err error) error {
	var failed *notify.Error
	switch {
	case errors.As(err, &failed) && failed.Outcome == notify.Permanent:
		f.Left = append(f.Left, destination+": "+failed.Reason)
	case err != nil:
		return fmt.Errorf("take the message in %s back: %w", destination, err)
	default:
		f.Messages++
	}
	return nil
}

// eraseEvents deletes the events of a call from a stream, over which it has to
// read: subjects name sources, not calls.
func eraseEvents(ctx context.Context, stream jetstream.Stream, key string) (n int, err error) {
	cons, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{InactiveThreshold: 10 * time.Second})
	if err != nil {
		return 0, fmt.Errorf("read stream: %w", err)
	}
	var found []uint64
	for more := true; more; {
		batch, err := cons.FetchNoWait(scanBatch)
		if err != nil {
			return 0, fmt.Errorf("read stream: %w", err)
		}
		more = false
		for msg := range batch.Messages() {
			more = true
			var ev struct {
				Subject string `json:"subject"`
			}
			meta, err := msg.Metadata()
			if err != nil {
				return 0, fmt.Errorf("read stream: %w", err)
			}
			if json.Unmarshal(msg.Data(), &ev) == nil && ev.Subject == key {
				found = append(found, meta.Sequence.Stream)
			}
		}
		if err := batch.Error(); err != nil {
			return 0, fmt.Errorf("read stream: %w", err)
		}
	}
	for _, seq := range found {
		if err := stream.SecureDeleteMsg(ctx, seq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, fmt.Errorf("delete event: %w", err)
		}
		n++
	}
	return n, nil
}

// expire deletes the conversations and the entries of finished calls that are
// older than their source's retention. Their events go with nats.maxAge, and
// their messages stay.
func (s *Service) expire(ctx context.Context) error {
	limited := func(o SourceOptions) bool { return o.Retention > 0 }
	if !slices.ContainsFunc(s.sources(), limited) {
		return nil
	}
	set, err := s.streams()
	if err != nil {
		return err
	}
	for cursor := uint64(0); ; {
		page, err := set.ledger.List(ctx, cursor, scanBatch)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			age := s.aims().Sources[e.Source].Retention
			if age <= 0 || s.now().Sub(e.ReceivedAt) < age || e.State() != StageDone {
				continue
			}
			if err := s.eraseCall(ctx, set, e); err != nil {
				return err
			}
		}
		if cursor = page.Next; cursor == 0 {
			return nil
		}
	}
}

func (s *Service) sources() []SourceOptions {
	list := make([]SourceOptions, 0, len(s.aims().Sources))
	for _, o := range s.aims().Sources {
		list = append(list, o)
	}
	return list
}
