package events

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

const (
	// partBytes is how much is under way to JetStream at a time: a part is stored
	// before the next one is read, or a slow disk would be overrun.
	partBytes = 16 << 20
	// chunkBytes is the size of one message of a part.
	chunkBytes     = 512 << 10
	discardTimeout = 10 * time.Second
	// spoolPrefix begins the names of the parts.
	spoolPrefix = "media/"
	// abandonedAge is when no upload can be under way any more: it may take two
	// hours, and a part is given up when no byte comes for half a minute.
	abandonedAge = 3 * time.Hour
	halfAge      = 10 * time.Minute
)

// Spooled is media that was sent to us as bytes and waits in BLOBS, in parts.
type Spooled struct {
	Name  string `json:"name"` // of the parts, without their numbers
	Parts int    `json:"parts"`
	Bytes int64  `json:"bytes"`
}

func (s Spooled) part(n int) string { return fmt.Sprintf("%s/%d", s.Name, n) }

// Spool stores what r gives, for the recording of key, durably and with flat
// memory. The recording may then be accepted with it, or it must be discarded.
// Errors of r are returned as they are, those of the store wrap ErrUnavailable;
// after either nothing is kept.
func (s *Service) Spool(ctx context.Context, key string, r io.Reader) (Spooled, error) {
	set, err := s.streams()
	if err != nil {
		return Spooled{}, err
	}
	chunk := int64(chunkBytes)
	if limit := s.dep.Conn.MaxPayload() - envelopeBytes; limit > 0 {
		chunk = min(chunk, limit)
	}
	sp := Spooled{Name: spoolPrefix + key + "/" + nuid.Next()}
	from := &feed{r: bufio.NewReaderSize(r, int(chunk))}
	for !from.ended() {
		part := &io.LimitedReader{R: from, N: partBytes}
		meta := jetstream.ObjectMeta{Name: sp.part(sp.Parts), Opts: &jetstream.ObjectMetaOptions{ChunkSize: uint32(chunk)}}
		_, err := set.blobs.Put(ctx, meta, part)
		sp.Parts++
		sp.Bytes += partBytes - part.N
		if err != nil || from.err != nil {
			s.Discard(ctx, sp)
			if from.err != nil {
				return Spooled{}, from.err
			}
			return Spooled{}, fmt.Errorf("%w: spool media: %w", ErrUnavailable, err)
		}
	}
	return sp, nil
}

// feed gives whole buffers, and keeps the error of its reader apart from that
// of the store.
type feed struct {
	r   *bufio.Reader
	err error // other than io.EOF
}

// ended tells whether there is nothing more to read.
func (f *feed) ended() bool {
	_, err := f.r.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
		return false
	}
	return err != nil
}

// Read fills p as far as it can: a short read would become a short message.
func (f *feed) Read(p []byte) (int, error) {
	n, err := io.ReadFull(f.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// Discard deletes spooled media. What cannot be deleted now is tidied away when
// it is old.
func (s *Service) Discard(ctx context.Context, sp Spooled) {
	set, err := s.streams()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	for n := range sp.Parts {
		_ = set.blobs.Delete(ctx, sp.part(n))
	}
}

// Known tells whether the ledger has a recording, as Accept does.
func (s *Service) Known(ctx context.Context, key string) (bool, error) {
	set, err := s.streams()
	if err != nil {
		return false, err
	}
	_, err = set.ledger.read(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return true, nil
}

// spooled reads the parts one after the other.
type spooled struct {
	ctx   context.Context //nolint:containedctx // a reader has no other place for that of its caller
	blobs jetstream.ObjectStore
	sp    Spooled
	next  int
	now   io.ReadCloser // nil between two parts
}

// Read reads on; a part that is missing is an error that no retry mends.
func (r *spooled) Read(p []byte) (int, error) {
	for {
		if r.now == nil {
			if r.next == r.sp.Parts {
				return 0, io.EOF
			}
			part, err := r.blobs.Get(r.ctx, r.sp.part(r.next))
			if errors.Is(err, jetstream.ErrObjectNotFound) {
				return 0, dead(ReasonMedia, errors.New("the recording's bytes are no longer kept"))
			}
			if err != nil {
				return 0, fmt.Errorf("read spooled media: %w", err)
			}
			r.now = part
			r.next++
		}
		n, err := r.now.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		_ = r.Close() // it was read to its end
		if n > 0 {
			return n, nil
		}
	}
}

// Close gives back the part that is being read.
func (r *spooled) Close() error {
	if r.now == nil {
		return nil
	}
	part := r.now
	r.now = nil
	return part.Close()
}

// openMedia gives the media of a recording and its size, -1 where it is unknown.
func (s *Service) openMedia(ctx context.Context, rec Recording, at Media) (io.ReadCloser, int64, error) {
	if rec.Spooled == nil {
		resp, err := s.fetch(ctx, at, "")
		if err != nil {
			return nil, 0, err
		}
		return resp.Body, resp.ContentLength, nil
	}
	set, err := s.streams()
	if err != nil {
		return nil, 0, err
	}
	return &spooled{ctx: ctx, blobs: set.blobs, sp: *rec.Spooled}, rec.Spooled.Bytes, nil
}

// probeSpooled is probe for media that is here.
func (s *Service) probeSpooled(ctx context.Context, rec Recording) (media, error) {
	body, _, err := s.openMedia(ctx, rec, Media{})
	if err != nil {
		return media{}, err
	}
	defer func() { _ = body.Close() }() // only read from
	head := make([]byte, safehttp.SniffBytes)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return media{}, err
	}
	found, err := judge(head[:n], "")
	found.Private = true
	return found, err
}
