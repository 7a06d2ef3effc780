package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/events"
)

const (
	maxUploads    = 4             // at a time; the next ones wait for requestTimeout
	uploadTimeout = 2 * time.Hour // of one
	uploadStall   = 30 * time.Second
)

// upload is PUT /webhooks/{source}/{id}/media. What the headers tell is checked
// before a byte is read; the signature over the bytes when they are spooled.
func (h *webhooks) upload(c echo.Context) error {
	name := c.Param("source")
	src, ok := h.sources[name]
	id, err := pathParam(c, "id")
	if !ok || err != nil {
		return notFound()
	}
	taken, err := h.takeUpload(c, name, id, src)
	if errors.Is(err, source.ErrNoUploads) {
		return notFound()
	}
	if err != nil {
		return h.refuse(c, name, err)
	}
	h.results.count(name, resultTaken([]Accepted{taken}))
	return c.JSON(http.StatusAccepted, taken)
}

func (h *webhooks) takeUpload(c echo.Context, name, id string, src Source) (Accepted, error) {
	r := c.Request()
	req := source.Request{Method: r.Method, URL: calledURL(h.publicURL, r), Header: r.Header, ReceivedAt: h.now().UTC()}
	rec, proof, err := source.Upload(src.Provider, req, id)
	switch {
	case err != nil:
		return Accepted{}, err
	case r.ContentLength > h.maxMedia:
		return Accepted{}, tooLarge()
	case r.ContentLength == 0:
		return Accepted{}, problem(http.StatusBadRequest, "", "there are no bytes in the body")
	}
	rec = complete(rec, name, src, req)
	ctx, cancel := context.WithTimeout(r.Context(), uploadTimeout)
	defer cancel()
	if err := h.slot(ctx); err != nil {
		return Accepted{}, err
	}
	defer func() { <-h.uploads }()
	body := io.TeeReader(http.MaxBytesReader(c.Response(), patient(c, r.Body), h.maxMedia), proof)
	return h.spool(ctx, rec, body, proof)
}

// slot waits for its turn.
func (h *webhooks) slot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	select {
	case h.uploads <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: too many uploads at a time", events.ErrUnavailable)
	}
}

// spool stores the bytes and then the recording. Those of a recording that is
// known are only verified.
func (h *webhooks) spool(ctx context.Context, rec events.Recording, body io.Reader, proof source.Proof) (Accepted, error) {
	known, err := h.intake.Known(ctx, rec.Key)
	if err != nil {
		return Accepted{}, err
	}
	if known {
		if _, err := io.Copy(io.Discard, body); err != nil {
			return Accepted{}, broken(err)
		}
		return Accepted{Recording: rec.Key, Duplicate: true}, proof.Check()
	}
	media, err := h.intake.Spool(ctx, rec.Key, body)
	if err != nil {
		return Accepted{}, broken(err)
	}
	keep := false
	defer func() {
		if !keep {
			h.intake.Discard(ctx, media)
		}
	}()
	if err := proof.Check(); err != nil {
		return Accepted{}, err
	}
	if media.Bytes == 0 {
		return Accepted{}, problem(http.StatusBadRequest, "", "there are no bytes in the body")
	}
	rec.Spooled = &media
	taken, err := h.accept(ctx, rec)
	// Bytes that the store may have an event of are kept: the next delivery is a
	// duplicate of that. What nobody needs is tidied away.
	keep = err == nil && !taken.Duplicate || errors.Is(err, events.ErrMayBeStored)
	return taken, err
}

// broken says what became of a body that did not come to its end.
func broken(err error) error {
	var over *http.MaxBytesError
	switch {
	case errors.Is(err, events.ErrUnavailable):
		return err
	case errors.As(err, &over):
		return tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "", "the body did not arrive in time")
	}
	return problem(http.StatusBadRequest, "", "the body did not arrive whole")
}

// patient gives a body more time than a webhook has, as long as it moves.
func patient(c echo.Context, body io.ReadCloser) io.ReadCloser {
	control := http.NewResponseController(c.Response())
	// A server that has no deadlines needs none of this.
	_ = control.SetWriteDeadline(time.Now().Add(uploadTimeout + requestTimeout))
	return &patience{ReadCloser: body, control: control}
}

type patience struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read gives the next bytes uploadStall to arrive.
func (p *patience) Read(into []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(uploadStall))
	return p.ReadCloser.Read(into)
}
