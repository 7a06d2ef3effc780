package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/crash"
	"github.com/trackerbell/trackerbell/internal/objects"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// scanBatch is how many messages are read at a time while a call is looked for.
const scanBatch = 500

// Forgotten is what was deleted of a call.
type Forgotten struct {
	Messages int      `json:"messages"`           // at destinations
	Events   int      `json:"events"`             // in the streams
	Left     []string `json:"left"`               // what could not be deleted, and why
	UnderWay bool     `json:"underWay,omitempty"` // it takes longer than the caller waits, and goes on by itself
}

// forgetPrefix is that of the calls that are being forgotten, in the bucket
// TRACKERBELL.
const forgetPrefix = "forget."

// forgetAgain is how long after a call was forgotten its events are looked for
// once more: what was under way then has ended.
const forgetAgain = 2 * time.Minute

// expireEvery is how often it is looked for what its retention ends.
const expireEvery = time.Hour

// expireFailures is after how many failures the rest waits for the next time.
const expireFailures = 20

// Forget deletes a call for good: its messages where the destination can do that,
// its conversations at the backend, its events, transcripts and matches, and what
// the ledger knows. ErrNotFound if the ledger does not know it.
//
// First of all the ledger's entry is marked. From then on the call does not exist
// for any stage, so that what is under way cannot bring it back. The mark stays,
// without anything of the call, as long as the ledger keeps entries: its provider
// may send it again. What an error, a crash or the end of ctx leaves undone is done
// by tidy.
func (s *Service) Forget(ctx context.Context, key string) (Forgotten, error) {
	set, err := s.streams()
	if err != nil {
		return Forgotten{}, err
	}
	e, err := s.Entry(ctx, key)
	if errors.Is(err, ErrNotFound) && halfForgotten(ctx, set, key) {
		return s.eraseNow(ctx, set, key)
	}
	if err == nil && e.Digest != nil { // no call: it would take others' alerts with it
		err = ErrNotFound
	}
	if err != nil {
		return Forgotten{}, err
	}
	now := s.now().UTC()
	if _, err := set.state.PutString(ctx, forgetPrefix+key, now.Format(time.RFC3339)); err != nil {
		return Forgotten{}, fmt.Errorf("%w: note what to forget: %w", ErrUnavailable, err)
	}
	crash.At("forgetting is asked for")
	_, err = set.ledger.change(ctx, key, func(e *Entry) error {
		if e.Forgotten.IsZero() {
			e.Forgotten = now
		}
		return nil
	})
	if err != nil {
		return Forgotten{}, err
	}
	crash.At("forgetting has begun")
	return s.eraseNow(ctx, set, key)
}

// halfForgotten tells whether a call is marked and not yet erased.
func halfForgotten(ctx context.Context, set *streamSet, key string) bool {
	e, err := set.ledger.read(ctx, key)
	return err == nil && !e.Forgotten.IsZero() && e.Source != ""
}

// eraseNow is erase, which tidy takes over when ctx ends before.
func (s *Service) eraseNow(ctx context.Context, set *streamSet, key string) (Forgotten, error) {
	f, err := s.erase(ctx, set, key)
	if err != nil && ctx.Err() != nil {
		s.forgetDue.Store(true)
		s.tidySoon()
		f.UnderWay, err = true, nil
	}
	return f, err
}

// erase deletes all that there is of a call that is marked. It may be repeated.
func (s *Service) erase(ctx context.Context, set *streamSet, key string) (Forgotten, error) {
	f := Forgotten{Left: []string{}}
	e, err := set.ledger.read(ctx, key)
	if err != nil {
		return f, err
	}
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
	blobs, err := blobsByKey(ctx, set)
	if err != nil {
		return f, err
	}
	if err := s.eraseCall(ctx, set, e, blobs); err != nil {
		return f, err
	}
	if err := s.dropUnknown(ctx, e, &f); err != nil {
		return f, err
	}
	_, err = set.ledger.change(ctx, key, func(e *Entry) error {
		mark := Entry{Key: key, Forgotten: e.Forgotten, revision: e.revision}
		if s.now().Sub(e.Forgotten) < e.lastLook() {
			mark.keepUnknown(e)
		}
		*e = mark
		return nil
	})
	if err != nil {
		return f, err
	}
	s.dep.Log.Info("forgotten", zap.String("recording", key), zap.String("source", sourceOf(key)), zap.Int("messages", f.Messages), zap.Int("events", f.Events))
	return f, nil
}

// forgetOn goes on with what was to be forgotten: each call once more when what
// was under way has ended, and again until that succeeds.
func (s *Service) forgetOn(ctx context.Context, set *streamSet) error {
	keys, err := set.state.ListKeysFiltered(ctx, forgetPrefix+">")
	if err != nil {
		return fmt.Errorf("list what to forget: %w", err)
	}
	var errs []error
	for name := range keys.Keys() {
		errs = append(errs, s.forgetMore(ctx, set, name))
	}
	return errors.Join(errs...)
}

func (s *Service) forgetMore(ctx context.Context, set *streamSet, name string) error {
	switch _, err := set.state.Get(ctx, name); {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return nil // another replica was faster
	case err != nil:
		return fmt.Errorf("read what to forget: %w", err)
	}
	key := strings.TrimPrefix(name, forgetPrefix)
	e, err := set.ledger.read(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return set.dropState(ctx, name)
	case err != nil:
		return err
	case e.Forgotten.IsZero(): // killed before the mark
		_, err := s.Forget(ctx, key)
		return err
	}
	f, err := s.erase(ctx, set, key)
	if err != nil {
		return err
	}
	if len(f.Left) > 0 {
		s.dep.Log.Warn("of a forgotten call something could not be deleted", zap.String("recording", key), zap.Strings("left", f.Left))
	}
	if s.now().Sub(e.Forgotten) < e.lastLook() {
		return nil
	}
	return set.dropState(ctx, name)
}

// dropConversation deletes a conversation at the backend; one that is gone is no
// error.
func (s *Service) dropConversation(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	err := s.symbl.DeleteConversation(ctx, id)
	var failed *symbl.Error
	if err != nil && (!errors.As(err, &failed) || failed.Class != symbl.NotFound) {
		return fmt.Errorf("delete conversation: %w", err)
	}
	return nil
}

// withdraw takes back a message that was posted while its call was forgotten.
func (s *Service) withdraw(ctx context.Context, destination string, at notify.Receipt) error {
	editor, ok := s.aims().Notifiers.For(destination).(notify.Editor)
	if !ok || at.TS == "" {
		return nil
	}
	if err := editor.Remove(ctx, at); err != nil {
		return fmt.Errorf("take the message in %s back: %w", destination, err)
	}
	return nil
}

// eraseCall deletes what is kept of a call outside of the streams and the ledger.
func (s *Service) eraseCall(ctx context.Context, set *streamSet, e Entry, blobs map[string][]string) error {
	for _, id := range append(slices.Clone(e.Conversations), e.ConversationID) {
		if err := s.dropConversation(ctx, id); err != nil {
			return err
		}
	}
	for _, name := range blobs[e.Key] {
		if err := set.blobs.Delete(ctx, name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return fmt.Errorf("delete blob: %w", err)
		}
	}
	return nil
}

// blobsByKey names the blobs of each recording.
func blobsByKey(ctx context.Context, set *streamSet) (map[string][]string, error) {
	list, err := objects.List(ctx, set.blobs)
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, o := range list {
		names[blobKey(o.Name)] = append(names[blobKey(o.Name)], o.Name)
	}
	return names, nil
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
		if err := unlessGone(ctx, stream, seq, stream.SecureDeleteMsg(ctx, seq)); err != nil { // tidied meanwhile
			return n, fmt.Errorf("delete event: %w", err)
		}
		n++
	}
	return n, nil
}

// expire deletes the conversations and the entries of finished calls that are
// older than their source's retention, but for a mark. Their events go with nats.maxAge, and
// their messages stay.
func (s *Service) expire(ctx context.Context) error {
	limited := func(o SourceOptions) bool { return o.Retention > 0 }
	if !s.opt.Idempotent && !slices.ContainsFunc(s.sources(), limited) {
		return nil
	}
	set, err := s.streams()
	if err != nil {
		return err
	}
	var failed []error // what one call's conversation refuses keeps no other
	defer func() {
		if len(failed) > 0 && ctx.Err() == nil {
			s.dep.Log.Warn("calls are kept for longer than their retention; trying on", zap.Int("failures", len(failed)), zap.Error(failed[0]))
		}
	}()
	var blobs map[string][]string // read once something goes
	for cursor := uint64(0); ; {
		page, err := set.ledger.List(ctx, cursor, scanBatch)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			age := s.retention(e.Source)
			if age <= 0 || s.now().Sub(e.ReceivedAt) < age || e.State() != StageDone {
				continue
			}
			if blobs == nil {
				if blobs, err = blobsByKey(ctx, set); err != nil {
					return err
				}
			}
			err := s.expireCall(ctx, set, e, blobs)
			if err == nil {
				continue
			}
			if failed = append(failed, err); len(failed) >= expireFailures && !refused(err) {
				return nil // the backend is away
			}
		}
		if cursor = page.Next; cursor == 0 {
			return nil
		}
	}
}

func (s *Service) expireCall(ctx context.Context, set *streamSet, e Entry, blobs map[string][]string) error {
	if err := s.eraseCall(ctx, set, e, blobs); err != nil {
		return fmt.Errorf("%s: %w", e.Key, err)
	}
	return s.leaveMark(ctx, set, e)
}

// refused tells whether the backend answers, and will not do it.
func refused(err error) bool {
	failed, ok := errors.AsType[*symbl.Error](err)
	return ok && failed.Class == symbl.Permanent
}

// retention is how long a finished call of a source is kept; 0: as long as the
// backend and the ledger do. What the engine in this process has, nobody else
// deletes: it goes before the entry that knows of it.
func (s *Service) retention(source string) time.Duration {
	age := s.aims().Sources[source].Retention
	if age == 0 && s.opt.Idempotent {
		return ledgerAge - 24*time.Hour
	}
	return age
}

// expireSometimes is expire, at most once in expireEvery: it walks the ledger.
func (s *Service) expireSometimes(ctx context.Context) error {
	if now := s.now(); now.Sub(s.expired) >= expireEvery {
		s.expired = now
		return s.expire(ctx)
	}
	return nil
}

// leaveMark leaves of a finished call's entry what a forgotten one has: its events
// are there for longer, and its webhook may come again.
func (s *Service) leaveMark(ctx context.Context, set *streamSet, done Entry) error {
	_, err := set.ledger.change(ctx, done.Key, func(e *Entry) error {
		if e.revision != done.revision {
			return errUnchanged // it was started anew just now
		}
		*e = Entry{Key: e.Key, Forgotten: s.now().UTC(), revision: e.revision}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete the ledger's entry: %w", err)
	}
	return nil
}

func (s *Service) sources() []SourceOptions {
	list := make([]SourceOptions, 0, len(s.aims().Sources))
	for _, o := range s.aims().Sources {
		list = append(list, o)
	}
	return list
}
