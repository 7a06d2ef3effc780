package events

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/trackerbell/trackerbell/internal/crash"
)

const (
	publishTimeout = 5 * time.Second
	// largeTimeout is for reading a transcript or matches of many megabytes.
	largeTimeout = time.Minute
	// envelopeBytes is room for an event's envelope and headers.
	envelopeBytes = 4 << 10
)

// ErrMayBeStored says of a recording that was not accepted that it may be stored
// all the same: the store did not answer in time.
var ErrMayBeStored = errors.New("it may be stored")

// Accept stores a recording durably and tells whether it was known before.
// When it returns nil, the recording's alerts will come. Key must be set. An
// error wraps ErrUnavailable, with ErrMayBeStored or without, or ErrTooLarge. A
// caller that goes away does not end it.
func (s *Service) Accept(ctx context.Context, rec Recording) (duplicate bool, err error) {
	set, err := s.streams()
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	if !set.ledger.excludes(rec.Key) {
		if _, err := set.ledger.read(ctx, rec.Key); err == nil { // what is forgotten stays so
			return true, nil
		} else if !errors.Is(err, ErrNotFound) {
			return false, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	ack, err := s.publishReady(ctx, set, rec)
	if err != nil {
		return false, err
	}
	crash.At("ready is stored")
	return ack.Duplicate, nil
}

// publishReady publishes the recording's first event, a large transcript by
// reference.
func (s *Service) publishReady(ctx context.Context, set *streamSet, rec Recording) (*jetstream.PubAck, error) {
	if len(rec.Transcript) > 0 {
		ref, err := storeLarge(ctx, set.blobs, "transcript/"+rec.Key, rec.Transcript, anyName)
		if err != nil {
			return nil, fmt.Errorf("%w: store transcript: %w", ErrUnavailable, err)
		}
		if ref != "" {
			rec.TranscriptRef, rec.Transcript = ref, nil
			ack, err := s.publishEvent(ctx, set, rec)
			dropUnused(ctx, set, ref, ack, err)
			return ack, err
		}
	}
	return s.publishEvent(ctx, set, rec)
}

// publishEvent publishes the recording's first event as it is.
func (s *Service) publishEvent(ctx context.Context, set *streamSet, rec Recording) (*jetstream.PubAck, error) {
	msg, err := newEvent(ctx, subjectReady+rec.Source, TypeReady, msgID("ready", rec.Key, 0), rec.Key, 0, s.now(), rec)
	if err != nil {
		return nil, err
	}
	if int64(len(msg.Data)+envelopeBytes) > s.dep.Conn.MaxPayload() && s.dep.Conn.MaxPayload() > 0 {
		return nil, ErrTooLarge
	}
	size := int64(len(msg.Data) + envelopeBytes)
	if !s.full.admit(ctx, set.recordings, size, s.now()) {
		s.tidySoon()
		return nil, fmt.Errorf("%w: the stream is over %d %% full", ErrUnavailable, fullPercent)
	}
	defer s.full.published(size)
	ack, err := set.js.PublishMsg(ctx, msg)
	if errors.Is(err, nats.ErrMaxPayload) {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%w: publish: %w: %w", ErrUnavailable, ErrMayBeStored, err)
	}
	return ack, nil
}

// storeLarge puts a value that is too large for an event into the object
// store, and returns its name there, which begins with the given one and ends as
// end says; "" when it may travel inside. What has its name already is left as it
// is: what replaces an object takes its bytes from those who read it.
func storeLarge[T any](ctx context.Context, blobs jetstream.ObjectStore, name string, v T, end func(raw []byte) string) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	if len(raw) <= inlineBytes {
		return "", nil
	}
	name += "/" + end(raw)
	switch _, err := blobs.GetInfo(ctx, name); {
	case err == nil:
		return name, nil
	case !errors.Is(err, jetstream.ErrObjectNotFound):
		return "", fmt.Errorf("look for %s: %w", name, err)
	}
	if _, err := blobs.PutBytes(ctx, name, raw); err != nil {
		return "", fmt.Errorf("put %d bytes: %w", len(raw), err)
	}
	return name, nil
}

// anyName is a name like no other, for what dropUnused deletes though its event was
// not sent: another's might have the same bytes.
func anyName([]byte) string { return rand.Text() }

// nameOf is the same for the same bytes, so that a publish which is tried again
// and again leaves one object.
func nameOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// dropUnused deletes what storeLarge has just put, if its event was certainly not
// sent, or is known with a value of its own. It says nothing when it fails: what is
// left goes when it is old.
func dropUnused(ctx context.Context, set *streamSet, name string, ack *jetstream.PubAck, err error) {
	switch {
	case err == nil && !ack.Duplicate:
		return
	case err == nil:
		stored, err := readMsg(ctx, set.recordings, ack.Sequence)
		if err != nil || bytes.Contains(stored.Data, []byte(name)) {
			return
		}
	case errors.Is(err, ErrMayBeStored):
		return
	}
	_ = set.blobs.Delete(ctx, name)
}

// loadLarge reads what storeLarge put. That it is gone is permanent.
func loadLarge[T any](ctx context.Context, blobs jetstream.ObjectStore, name string) (T, error) {
	var v T
	ctx, cancel := context.WithTimeout(ctx, largeTimeout) // NATS' own is five seconds, for all of it
	defer cancel()
	raw, err := blobs.GetBytes(ctx, name)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return v, dead(ReasonMedia, errors.New("its transcript or its matches are no longer kept"))
	}
	if err != nil {
		return v, fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, fmt.Errorf("decode %s: %w", name, err)
	}
	return v, nil
}
