package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNotFound says that the ledger or the dead letters know nothing of an id.
var ErrNotFound = errors.New("not found")

// ledgerSubject is, with the key, the subject of an entry.
const ledgerSubject = "$KV." + BucketLedger + "."

// errUnchanged makes Mutate write nothing.
var errUnchanged = errors.New("unchanged")

const (
	mutateTries = 20
	// maxWindow is about how many entries are read at a time.
	maxWindow = 8192
)

// Ledger is one entry per recording in a key-value bucket. It changes only by
// compare-and-set, so that a process that was paused cannot overwrite what
// another one wrote meanwhile.
type Ledger struct {
	conn   *nats.Conn
	kv     jetstream.KeyValue
	stream jetstream.Stream
	recent recent
	known  *known
}

func newLedger(ctx context.Context, js jetstream.JetStream, kv jetstream.KeyValue) (*Ledger, error) {
	stream, err := js.Stream(ctx, "KV_"+kv.Bucket())
	if err != nil {
		return nil, fmt.Errorf("open the ledger's stream: %w", err)
	}
	recent, err := newRecent()
	if err != nil {
		return nil, fmt.Errorf("remember entries: %w", err)
	}
	return &Ledger{conn: js.Conn(), kv: kv, stream: stream, recent: recent, known: newKnown()}, nil
}

// errForgotten says that a call is to be forgotten: whatever a stage was about to
// do for it is not to be done. For all others there is no such call.
var errForgotten = fmt.Errorf("the recording is forgotten: %w", ErrNotFound)

// ErrLost says that the ledger has no entry of a recording though a job was
// submitted for it: a part of the ledger is damaged. Nobody knows any more what
// was done, so nothing is done again.
var ErrLost = errors.New("the ledger has lost the recording: drop the dead letter, wait two hours from the start on, then run a backfill or send the webhook again")

// Get reads the entry of a key; ErrNotFound when there is none, or its call is
// forgotten.
func (l *Ledger) Get(ctx context.Context, key string) (Entry, error) {
	e, err := l.read(ctx, key)
	if err == nil && !e.Forgotten.IsZero() {
		return Entry{}, ErrNotFound
	}
	return e, err
}

// read is Get that sees what is forgotten, too.
func (l *Ledger) read(ctx context.Context, key string) (Entry, error) {
	if len(key) > maxKeyBytes {
		return Entry{}, ErrNotFound
	}
	v, err := l.kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrInvalidKey):
		return Entry{}, ErrNotFound
	case err != nil:
		return Entry{}, fmt.Errorf("%w: read ledger: %w", ErrUnavailable, err)
	}
	e, err := decodeEntry(v.Value(), v.Revision())
	e.Key = key // an entry of what is forgotten does not say it
	return e, err
}

func decodeEntry(raw []byte, revision uint64) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return Entry{}, fmt.Errorf("decode ledger entry: %w", err)
	}
	e.revision = revision
	return e, nil
}

// unreadable stands in a list for an entry that was spoilt, or written by a later
// version.
func unreadable(key string, revision uint64, why error) Entry {
	return Entry{Key: key, Source: sourceOf(key), Stage: StageDead, Error: clip(why), revision: revision}
}

// Recent is the entry of a key as this process last knew it, when it is as the
// caller needs it, else as it is stored; ErrNotFound when there is none. The
// caller must change it by Mutate, whose fn checks again, before it relies on it.
func (l *Ledger) Recent(ctx context.Context, key string, needed func(*Entry) bool) (Entry, error) {
	if e, ok := l.recent.get(key); ok && e.Forgotten.IsZero() && needed(&e) {
		return e, nil
	}
	e, err := l.Get(ctx, key)
	if err == nil {
		l.recent.put(e)
	}
	return e, err
}

// Mutate changes the entry of a key by compare-and-set and returns it as
// stored. fn sees the current entry (a zero Entry with only the key when there
// is none), and may run several times. An error of fn aborts, without a write,
// and is returned; errUnchanged aborts without an error. What is forgotten is not
// changed: errForgotten.
func (l *Ledger) Mutate(ctx context.Context, key string, fn func(*Entry) error) (Entry, error) {
	return l.change(ctx, key, func(e *Entry) error {
		if !e.Forgotten.IsZero() {
			return errForgotten
		}
		return fn(e)
	})
}

// change is Mutate that changes what is forgotten, too.
func (l *Ledger) change(ctx context.Context, key string, fn func(*Entry) error) (Entry, error) {
	if e, ok := l.recent.get(key); ok && fn(&e) == nil {
		e, err := l.write(ctx, e)
		if err == nil || !conflict(err) {
			return e, err
		}
	}
	for try := range mutateTries {
		e, err := l.read(ctx, key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Entry{}, err
		}
		e.Key = key
		switch err := fn(&e); {
		case errors.Is(err, errUnchanged):
			return e, nil
		case err != nil:
			return e, err
		}
		e, err = l.write(ctx, e)
		if err == nil || !conflict(err) {
			return e, err
		}
		// A follower may answer reads a moment behind the leader.
		if err := pause(ctx, time.Duration(try)*time.Millisecond+jitter(2*time.Millisecond)); err != nil {
			return Entry{}, err
		}
	}
	return Entry{}, fmt.Errorf("write ledger: %s kept changing", key)
}

// write stores an entry and remembers it.
func (l *Ledger) write(ctx context.Context, e Entry) (Entry, error) {
	stored, err := l.put(ctx, e)
	if err != nil {
		l.recent.forget(e.Key)
		return Entry{}, fmt.Errorf("write ledger: %w", err)
	}
	l.recent.put(stored)
	return stored, nil
}

func (l *Ledger) put(ctx context.Context, e Entry) (Entry, error) {
	stored := e
	if !e.Forgotten.IsZero() {
		stored.Key = "" // it names the call
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return Entry{}, fmt.Errorf("encode ledger entry: %w", err)
	}
	if e.revision == 0 {
		l.known.add(e.Key, 0)
		e.revision, err = l.kv.Create(ctx, e.Key, raw)
	} else {
		e.revision, err = l.kv.Update(ctx, e.Key, raw, e.revision)
	}
	return e, err
}

// conflict tells whether a write failed because another one came first.
func conflict(err error) bool {
	if errors.Is(err, jetstream.ErrKeyExists) {
		return true
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// Page is one page of the ledger.
type Page struct {
	Entries []Entry
	Next    uint64 // where the next page begins; 0 at the end
}

// List reads up to limit entries, last changed first, from cursor on (0: from
// the newest). It walks the bucket's stream and holds no index.
func (l *Ledger) List(ctx context.Context, cursor uint64, limit int) (Page, error) {
	return l.find(ctx, cursor, limit, func(*Entry) (bool, bool) { return true, true })
}

// find is List of the entries that keep says yes to, for as long as it wants to
// be asked on.
func (l *Ledger) find(ctx context.Context, cursor uint64, limit int, keep func(*Entry) (yes, on bool)) (Page, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return Page{}, fmt.Errorf("%w: read ledger: %w", ErrUnavailable, err)
	}
	first, end := max(info.State.FirstSeq, 1), info.State.LastSeq+1 // end is exclusive
	if cursor > 0 && cursor < end {
		end = cursor
	}
	var page Page
	// Only the last change of a key is kept, so a window holds fewer entries
	// than sequences: where it holds few, the next one is larger.
	for window := uint64(4 * limit); end > first; {
		begin := first
		if end-first > window {
			begin = end - window
		}
		found, err := l.between(ctx, begin, end)
		if err != nil {
			return Page{}, err
		}
		for _, e := range slices.Backward(found) {
			yes, on := keep(&e)
			switch {
			case yes && len(page.Entries) == limit:
				page.Next = page.Entries[limit-1].revision
				return page, nil
			case yes:
				page.Entries = append(page.Entries, e)
			}
			if !on {
				page.Next = e.revision
				return page, nil
			}
		}
		if end = begin; len(found) < maxWindow/4 {
			window *= 2
		}
	}
	return page, nil
}

// between reads the entries whose last change lies in [begin, end).
func (l *Ledger) between(ctx context.Context, begin, end uint64) ([]Entry, error) {
	msgs, err := readSome(ctx, l.stream, begin, int(end-begin), "")
	if err != nil {
		return nil, err
	}
	var found []Entry
	for _, msg := range msgs {
		if msg.seq >= end {
			break
		}
		if len(msg.data) == 0 { // a deletion
			continue
		}
		e, err := decodeEntry(msg.data, msg.seq)
		if err != nil { // it keeps back no other
			e = unreadable(strings.TrimPrefix(msg.subject, ledgerSubject), msg.seq, err)
		}
		if e.Digest == nil && e.Forgotten.IsZero() { // which are no recordings
			found = append(found, e)
		}
	}
	return found, nil
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
