package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// listenTimeout bounds one reading of spooled media: a player may be paused.
const listenTimeout = 2 * time.Hour

// oneRange is a Range header that asks for one part (RFC 9110, 14.1.2): from a
// byte on, from one to another, or the last ones.
var oneRange = regexp.MustCompile(`^bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))$`)

// noRange is the Content-Range of an answer 416: how many bytes there are.
var noRange = regexp.MustCompile(`^bytes \*/[0-9]{1,19}$`)

// Sound is a recording's media, or a part of it, as it comes from where it is
// kept. The caller closes Body.
type Sound struct {
	Body   io.ReadCloser
	Status int    // 200, 206 or 416
	Type   string // media type
	Length int64  // bytes of Body; -1 when unknown
	Range  string // Content-Range of a part, or of an answer 416; empty: not known
}

// Listen opens a recording's media with the credentials of its source.
// byteRange is a Range header; what is none, or asks for several parts, gets
// the whole. The media is neither stored nor held in memory. ErrNotFound if
// the ledger does not know the recording, ErrGone if its event has left the
// stream, ErrNoMedia if it came as text or its media cannot be had any more.
func (s *Service) Listen(ctx context.Context, key, byteRange string) (*Sound, error) {
	set, err := s.streams()
	if err != nil {
		return nil, err
	}
	e, err := set.ledger.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	ev, err := readEvent(ctx, set.recordings, e.ReadySeq)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	rec, err := dataOf[Recording](ev, TypeReady)
	switch {
	case err != nil:
		return nil, err
	case rec.isText():
		return nil, ErrNoMedia
	}
	byteRange = validRange(byteRange)
	if rec.Spooled != nil {
		return s.listenSpooled(ctx, set, rec, byteRange)
	}
	return s.listenAfar(ctx, rec, byteRange)
}

// listenAfar gets the media from its provider, under a fresh address where the
// last one has expired.
func (s *Service) listenAfar(ctx context.Context, rec Recording, byteRange string) (*Sound, error) {
	for _, renew := range []bool{false, true} {
		at, err := s.dep.Media.Media(ctx, rec, renew)
		if err != nil {
			return nil, fmt.Errorf("locate the recording: %w", err)
		}
		if len(at.Transcript) > 0 {
			return nil, ErrNoMedia
		}
		resp, err := s.fetch(ctx, at, byteRange) //nolint:bodyclose // the caller closes it, as part of the Sound
		var status *StatusError
		switch {
		case errors.As(err, &status) && status.expired() && at.Renewable && !renew:
			continue
		case errors.As(err, &status) && status.Status == http.StatusRequestedRangeNotSatisfiable:
			// Who asks is told how long it is (RFC 9110, 14.4), where the provider tells us.
			return &Sound{Body: http.NoBody, Status: status.Status, Range: status.Range}, nil
		case err != nil:
			return nil, err
		}
		sound := &Sound{
			Body: capped{safehttp.Cap(resp.Body, s.opt.MaxMedia), resp.Body}, Status: resp.StatusCode,
			Type: soundType(resp.Header.Get("Content-Type")), Length: resp.ContentLength,
		}
		if resp.StatusCode == http.StatusPartialContent {
			sound.Range = resp.Header.Get("Content-Range")
		}
		return sound, nil
	}
	return nil, ErrNoMedia
}

// capped reads no more than it may, and closes what it reads from.
type capped struct {
	io.Reader
	io.Closer
}

// closing is how something is closed.
type closing func() error

// Close closes it.
func (c closing) Close() error { return c() }

// soundType lets no provider have something else than a recording shown.
func soundType(header string) string {
	kind, _, err := mime.ParseMediaType(header)
	if err == nil && (strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/")) {
		return kind
	}
	return "application/octet-stream"
}

// listenSpooled reads media that is here.
func (s *Service) listenSpooled(ctx context.Context, set *streamSet, rec Recording, byteRange string) (*Sound, error) {
	total := rec.Spooled.Bytes
	found, err := s.probeSpooled(ctx, rec)
	if lost(err) {
		return nil, ErrNoMedia
	}
	if err != nil {
		return nil, err
	}
	from, to, ok := parseRange(byteRange, total)
	if !ok {
		return &Sound{Body: http.NoBody, Status: http.StatusRequestedRangeNotSatisfiable, Range: fmt.Sprintf("bytes */%d", total)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listenTimeout)
	body := &spooled{ctx: ctx, blobs: set.blobs, sp: *rec.Spooled, next: int(from / partBytes)}
	end := closing(func() error {
		defer cancel()
		return body.Close()
	})
	if _, err := io.CopyN(io.Discard, body, from%partBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("read spooled media: %w", err), end())
	}
	sound := &Sound{Body: capped{io.LimitReader(body, to-from), end}, Status: http.StatusOK, Type: soundType(found.mime), Length: to - from}
	if byteRange != "" {
		sound.Status, sound.Range = http.StatusPartialContent, fmt.Sprintf("bytes %d-%d/%d", from, to-1, total)
	}
	return sound, nil
}

// validRange is a Range header that asks for one part; empty for what asks for
// several, or for nothing that can be.
func validRange(header string) string {
	m := oneRange.FindStringSubmatch(header)
	if m == nil {
		return ""
	}
	first, _ := strconv.ParseInt(m[1], 10, 64) // 15 digits always parse
	last, err := strconv.ParseInt(m[2], 10, 64)
	if err == nil && last < first {
		return ""
	}
	return header
}

// parseRange gives what a valid Range header asks for of so many bytes, the end
// exclusive; without a header all. ok is false when there is nothing of it.
func parseRange(header string, total int64) (from, to int64, ok bool) {
	m := oneRange.FindStringSubmatch(header)
	if m == nil {
		return 0, total, true
	}
	to = total
	if m[3] != "" {
		n, _ := strconv.ParseInt(m[3], 10, 64) // 15 digits always parse
		from = max(0, total-n)
		return from, to, from < to
	}
	from, _ = strconv.ParseInt(m[1], 10, 64)
	if m[2] != "" {
		last, _ := strconv.ParseInt(m[2], 10, 64)
		to = min(last+1, total)
	}
	return from, to, from < to
}
