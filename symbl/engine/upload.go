package engine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

const (
	// A recording is put aside in parts: each is written and acknowledged
	// before the next is read, so an upload takes no more memory than one.
	partBytes = 4 << 20
	partOf    = "recording " // and its name, describe a part

	defaultMaxMedia = 2 << 30
)

// processMedia is POST /v1/process/audio and /v1/process/video: the body is
// the recording, and the parameters are in the query.
func (e *Engine) processMedia(w http.ResponseWriter, r *http.Request) error {
	return e.submitUpload(w, r, "")
}

// appendMedia is PUT /v1/process/audio/{conversationId} and the same of video.
func (e *Engine) appendMedia(w http.ResponseWriter, r *http.Request) error {
	if _, err := e.findConversation(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return e.submitUpload(w, r, r.PathValue("id"))
}

// submitUpload takes in a recording as bytes. What is wrong with the
// parameters is told before the recording is read.
func (e *Engine) submitUpload(w http.ResponseWriter, r *http.Request, appendTo string) error {
	f := queryForm(r.URL.Query())
	p := readParameters(f, e.cfg.Callbacks != nil)
	if err := f.done(); err != nil {
		return err
	}
	m, sum, err := e.putAside(r.Context(), r.Body)
	if err != nil {
		return err
	}
	entered, err := e.submit(w, r, sum, appendTo, func() (submission, error) {
		return submission{parameters: p, media: &m}, nil
	})
	if !entered {
		// The client has its answer; what stays behind is swept up.
		return errors.Join(err, e.store.dropParts(context.WithoutCancel(r.Context()), m))
	}
	return err
}

// putAside keeps a recording until its job has ended.
func (e *Engine) putAside(ctx context.Context, body io.Reader) (m media, sum [sha256.Size]byte, err error) {
	hash := sha256.New()
	buffered := bufio.NewReaderSize(io.TeeReader(safehttp.Cap(body, e.cfg.MaxMedia), hash), audio.ProbeBytes)
	head, err := buffered.Peek(audio.ProbeBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, sum, e.badUpload(err)
	}
	if len(head) == 0 {
		return m, sum, refuse(http.StatusBadRequest, "the body is empty; it must be the recording")
	}
	if bytes.HasPrefix(head, []byte("--")) {
		return m, sum, refuse(http.StatusBadRequest, "the body must be the recording itself, not a multipart form")
	}
	if _, err := audio.Probe(head); err != nil {
		return m, sum, refuse(http.StatusBadRequest, "%s", err.Error())
	}
	upload := &upload{from: buffered}
	m, err = e.store.putParts(ctx, upload)
	if upload.failed != nil {
		err = e.badUpload(upload.failed)
	}
	if err != nil {
		return m, sum, errors.Join(err, e.store.dropParts(context.WithoutCancel(ctx), m))
	}
	return m, [sha256.Size]byte(hash.Sum(nil)), nil
}

func (e *Engine) badUpload(err error) error {
	if errors.Is(err, safehttp.ErrTooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "the recording is larger than %d bytes", e.cfg.MaxMedia)
	}
	return refuse(http.StatusBadRequest, "the body cannot be read")
}

// upload tells a body that cannot be read from a store that cannot be written.
type upload struct {
	from   io.Reader
	failed error
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		u.failed = err
	}
	return n, err
}

// putParts writes a recording. With an error it gives what was written.
func (s *store) putParts(ctx context.Context, r io.Reader) (media, error) {
	m := media{Object: nuid.Next()}
	part := make([]byte, partBytes)
	for {
		n, err := io.ReadFull(r, part)
		if n > 0 {
			if err := s.putPart(ctx, m, part[:n]); err != nil {
				return m, err
			}
			m.Parts++
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return m, nil
		case err != nil:
			return m, fmt.Errorf("read the recording: %w", err)
		}
	}
}

func (s *store) putPart(ctx context.Context, m media, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	meta := jetstream.ObjectMeta{Name: m.part(m.Parts), Description: partOf + m.Object}
	if _, err := s.blobs.Put(ctx, meta, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("put a recording aside: %w", err)
	}
	return nil
}

// part is the name of an object.
func (m media) part(n int) string { return fmt.Sprintf("%s.%d", m.Object, n) }

// openParts gives the bytes of a recording that was put aside.
func (s *store) openParts(ctx context.Context, m media) io.Reader {
	return &partReader{ctx: ctx, store: s, media: m}
}

type partReader struct {
	ctx   context.Context //nolint:containedctx // of the one reading
	store *store
	media media
	next  int
	left  []byte
}

// Read implements io.Reader.
func (r *partReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.next == r.media.Parts {
			return 0, io.EOF
		}
		ctx, cancel := context.WithTimeout(r.ctx, storeTimeout)
		data, err := r.store.blobs.GetBytes(ctx, r.media.part(r.next))
		cancel()
		if err != nil {
			return 0, fmt.Errorf("read a recording that was put aside: %w", err)
		}
		r.left = data
		r.next++
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// dropParts removes a recording that was put aside. It may be gone already.
func (s *store) dropParts(ctx context.Context, m media) error {
	for n := range m.Parts {
		if err := s.dropObject(ctx, m.part(n)); err != nil {
			return err
		}
	}
	return nil
}

// dropObject removes an object, which may be gone already.
func (s *store) dropObject(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.blobs.Delete(ctx, name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("remove an object: %w", err)
	}
	return nil
}
