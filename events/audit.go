package events

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// auditAge is how long it is known who did what.
const auditAge = 400 * 24 * time.Hour

// What people do that the audit log keeps.
const (
	DeedListen   = "listen"   // a recording's media was streamed
	DeedReplay   = "replay"   // of a recording or a dead letter
	DeedForget   = "forget"   // of a recording
	DeedDrop     = "drop"     // of a dead letter
	DeedSilence  = "silence"  // added or ended
	DeedTracker  = "tracker"  // created, changed or deleted
	DeedLogin    = "login"    // to the console
	DeedBackfill = "backfill" // of a source
	DeedRead     = "read"     // the raw events of a recording, which hold numbers
	DeedEngine   = "engine"   // the embedded engine's credentials were read, as commands about trackers do
	DeedLogLevel = "logLevel" // the log's level was changed
)

// Deed is something that somebody did by the console or the admin API. It is
// the data of an audit.> event. Tokens name no people, so it is the role and
// the address that stand for them.
type Deed struct {
	ID        uint64    `json:"id"` // its sequence in AUDIT; filled when it is read
	At        time.Time `json:"at"`
	Role      string    `json:"role"`                // viewer | operator | client, of the engine's API
	Address   string    `json:"address"`             // of the client, or of the proxy before it
	Forwarded string    `json:"forwarded,omitempty"` // the client as X-Forwarded-For claims
	Action    string    `json:"action"`              // one of the Deed… constants
	Object    string    `json:"object"`              // key of the recording, id of the dead letter, name of the tracker
	Detail    string    `json:"detail,omitempty"`
}

// DeedPage is one page of the audit log, newest first.
type DeedPage struct {
	Deeds []Deed
	Next  uint64 // where the next page begins; 0 at the end
}

// ensureAudit is the stream of the audit log. Nothing in it is unfinished, so
// the server may drop what is old.
func ensureAudit(ctx context.Context, js jetstream.JetStream, lim Limits) (jetstream.Stream, error) {
	return ensure(ctx, js, lim, jetstream.StreamConfig{
		Name: StreamAudit, Subjects: []string{subjectAudit + ">"}, MaxAge: auditAge, DenyDelete: true,
	})
}

// Audit keeps a deed. At is filled in where it is zero.
func (s *Service) Audit(ctx context.Context, d Deed) error {
	set, err := s.streams()
	if err != nil {
		return err
	}
	if d.At.IsZero() {
		d.At = s.now().UTC()
	}
	object := d.Object
	if object == "" {
		object = d.Action // an event has a subject
	}
	msg, err := newEvent(ctx, subjectAudit+d.Action, TypeAudit, "audit/"+nuid.Next(), object, 0, d.At, d)
	if err != nil {
		return err
	}
	if _, err := set.js.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("%w: keep the audit log: %w", ErrUnavailable, err)
	}
	return nil
}

// Deeds reads up to limit deeds, newest first, from cursor on (0: from the
// newest).
func (s *Service) Deeds(ctx context.Context, cursor uint64, limit int) (DeedPage, error) {
	set, err := s.streams()
	if err != nil {
		return DeedPage{}, err
	}
	deeds, next, err := backward(ctx, set.audit, cursor, limit, func(ctx context.Context, seq uint64) (Deed, error) {
		raw, err := readMsg(ctx, set.audit, seq)
		if err != nil {
			return Deed{}, err
		}
		return decodeDeed(raw), nil
	})
	if err != nil {
		return DeedPage{}, fmt.Errorf("read the audit log: %w", err)
	}
	return DeedPage{Deeds: deeds, Next: next}, nil
}

// decodeDeed reads a message of AUDIT. Of one that cannot be read it gives what is
// known: it must not hide all others.
func decodeDeed(raw *jetstream.RawStreamMsg) Deed {
	_, d, err := decodeAs[Deed](raw.Data, TypeAudit)
	if err != nil {
		d = Deed{At: raw.Time.UTC(), Action: strings.TrimPrefix(raw.Subject, subjectAudit), Detail: "it cannot be read: " + clip(err)}
	}
	d.ID = raw.Sequence
	return d
}
