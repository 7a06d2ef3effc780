package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/trackerbell/trackerbell/internal/objects"
)

const (
	// A purge makes the server forget which redeliveries are due, so that they
	// come an ackWait late; hence not too often, nor for nothing.
	tidyEvery    = 10 * time.Minute
	tidyEveryMin = 250 * time.Millisecond // with a very short nats.maxAge
	tidyGap      = 2 * time.Second        // between two, however crowded it is
	// crowdedPercent is how full RECORDINGS may be of finished work; above it,
	// what ends is deleted at once, and the oldest down to roomyPercent; above
	// fullPercent, all of it: the oldest may wait for the room.
	crowdedPercent = 75
	roomyPercent   = 50
)

// keepTidy deletes finished work until ctx ends. The server's own age limit is
// not used, because it drops what is not finished as well. Every replica runs
// it; doing it twice does no harm.
func (s *Service) keepTidy(ctx context.Context) {
	every := max(min(tidyEvery, s.opt.Limits.MaxAge/100), tidyEveryMin)
	var last time.Time
	for ctx.Err() == nil {
		work := s.tidyStreams // is all that makes room
		if now := s.now(); now.Sub(last) >= every || s.forgetDue.Swap(false) {
			work, last = s.tidy, now
		}
		if err := work(ctx); err != nil && ctx.Err() == nil {
			s.dep.Log.Debug("the store is not tidied; trying on", zap.Error(err))
		}
		_ = pause(ctx, min(tidyGap, every)) // its only error is the end of ctx
		select {
		case <-ctx.Done():
		case <-s.nudge:
		case <-time.After(every):
		}
	}
}

// tidySoon has the store tidied now.
func (s *Service) tidySoon() {
	select {
	case s.nudge <- struct{}{}:
	default: // it is going to be
	}
}

func (s *Service) tidy(ctx context.Context) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	return errors.Join(
		s.tidyStreams(ctx),
		s.tidyBlobs(ctx, set),
		s.expireSometimes(ctx),
		s.dropCallers(ctx, set, ""),
		s.forgetOn(ctx, set),
	)
}

func (s *Service) tidyStreams(ctx context.Context) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	return errors.Join(
		s.tidyStream(ctx, set.recordings, s.opt.Limits.MaxBytes, []string{StepSubmit, StepAwait, StepRoute}),
		s.tidyStream(ctx, set.alerts, 0, append(s.notifyConsumers(), digestConsumer)),
	)
}

func (s *Service) notifyConsumers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.dests))
	for slug := range s.dests {
		names = append(names, notifyConsumer+slug)
	}
	return names
}

// tidyStream deletes of a stream what is older than nats.maxAge, or stands in
// the way of new work, and has been acknowledged by the one consumer whose
// subject it has. limit is in bytes, 0 for none.
func (s *Service) tidyStream(ctx context.Context, stream jetstream.Stream, limit int64, consumers []string) error {
	info, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("ask stream: %w", err)
	}
	state := info.State
	age := s.opt.Limits.MaxAge
	if over(crowdedPercent, state, limit) {
		age = 0
	}
	before := s.now().Add(-age)
	if state.Msgs == 0 || !state.FirstTime.Before(before) {
		return nil
	}
	end, err := firstSince(ctx, stream, before, state)
	if err != nil {
		return err
	}
	if age == 0 && !over(fullPercent, state, limit) {
		end = min(end, enough(state, limit))
	}
	var errs []error // what one consumer keeps, the others do not
	for _, name := range consumers {
		errs = append(errs, purge(ctx, stream, name, state.FirstSeq, end))
	}
	s.full.forget()
	return errors.Join(errs...)
}

// over tells whether a stream is more than so full.
func over(percent uint64, state jetstream.StreamState, limit int64) bool {
	return limit > 0 && state.Bytes > uint64(limit)/100*percent
}

// enough is the sequence below which about as much lies as there is too much.
func enough(state jetstream.StreamState, limit int64) uint64 {
	surplus := state.Bytes - uint64(limit)/100*roomyPercent
	return state.FirstSeq + surplus/max(state.Bytes/state.Msgs, 1) + 1
}

// firstSince is the sequence of the first message that was stored at or after
// t; behind the last one when there is none.
func firstSince(ctx context.Context, stream jetstream.Stream, t time.Time, state jetstream.StreamState) (uint64, error) {
	begin, end := state.FirstSeq, state.LastSeq+1
	for begin < end {
		middle := begin + (end-begin)/2
		msg, err := nextOf(ctx, stream, middle, ">")
		if err != nil {
			return 0, err
		}
		if msg == nil || !msg.Time.Before(t) {
			end = middle
		} else {
			begin = msg.Sequence + 1
		}
	}
	return begin, nil
}

// purge deletes what a consumer of ours has acknowledged, from begin to below
// end.
func purge(ctx context.Context, stream jetstream.Stream, consumer string, begin, end uint64) error {
	cons, err := stream.Consumer(ctx, consumer)
	if err != nil {
		return fmt.Errorf("ask consumer %s: %w", consumer, err)
	}
	info := cons.CachedInfo() // just now read
	for _, subject := range slices.Concat(info.Config.FilterSubjects, []string{info.Config.FilterSubject}) {
		if subject == "" {
			continue
		}
		// The ack floor is the last message of the consumer's own subjects.
		open, err := nextOf(ctx, stream, info.AckFloor.Stream+1, subject)
		if err != nil {
			return err
		}
		below := end
		if open != nil {
			below = min(end, open.Sequence)
		}
		oldest, err := nextOf(ctx, stream, begin, subject)
		if err != nil {
			return err
		}
		if oldest == nil || oldest.Sequence >= below {
			continue
		}
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(below)); err != nil {
			return fmt.Errorf("delete finished work: %w", err)
		}
	}
	return nil
}

// nextOf is the first message of a subject from seq on, nil if there is none.
func nextOf(ctx context.Context, stream jetstream.Stream, seq uint64, subject string) (*jetstream.RawStreamMsg, error) {
	msg, err := stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil //nolint:nilnil // that there is none is an answer
	case err != nil:
		return nil, fmt.Errorf("read message from %d on: %w", seq, err)
	}
	return msg, nil
}

// tidyBlobs deletes the transcripts and matches of recordings that are done,
// or that the ledger no longer knows, when they are older than nats.maxAge, and
// what is left of uploads whose process was killed.
func (s *Service) tidyBlobs(ctx context.Context, set *streamSet) error {
	list, err := objects.List(ctx, set.blobs)
	if err != nil {
		return err
	}
	noted := false
	for _, o := range list {
		old := s.now().Sub(o.ModTime) >= s.opt.Limits.MaxAge
		upload := strings.HasPrefix(o.Name, spoolPrefix) && s.now().Sub(o.ModTime) >= abandonedAge
		if !old && !upload {
			continue
		}
		e, err := set.ledger.Get(ctx, blobKey(o.Name))
		if errors.Is(err, ErrNotFound) && !noted {
			// It may belong to a recording that waits for its submit.
			if err := s.noteAll(ctx, set); err != nil {
				return err
			}
			noted = true
			e, err = set.ledger.Get(ctx, blobKey(o.Name))
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil && (!old || e.State() != StageDone) {
			continue
		}
		if err := set.blobs.Delete(ctx, o.Name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return fmt.Errorf("delete blob: %w", err)
		}
	}
	before := s.now().Add(-halfAge)
	_, err = objects.SweepHalves(ctx, set.chunks, set.blobs, BucketBlobs, before)
	_, errDeleted := objects.SweepDeleted(ctx, set.chunks, set.blobs, BucketBlobs, before)
	return errors.Join(err, errDeleted)
}

// blobKey is the recording's key in a blob's name: "<what>/<key>" with or
// without more behind another slash, which no key holds.
func blobKey(name string) string {
	_, rest, _ := strings.Cut(name, "/")
	key, _, _ := strings.Cut(rest, "/")
	return key
}

// discard deletes a message of RECORDINGS that is finished while the stream is
// crowded: one that waits before it must not keep the room of all behind it.
func (s *Service) discard(ctx context.Context, seq uint64) {
	set, err := s.streams()
	if err != nil || !s.full.crowded(ctx, set.recordings, s.now()) {
		return
	}
	_ = set.recordings.DeleteMsg(ctx, seq) // else it stays until its age says so
}
