package api

import (
	"cmp"
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

const uploadTimeout = 2 * time.Hour // of one

// pace is what is asked of the bytes of an upload.
type pace struct {
	stall time.Duration // the longest that nothing comes
	grace time.Duration // of waiting, before it is asked for a rate
	rate  int64         // bytes a second of waiting, on average; it is 130 kbit/s
}

func uploadPace() pace {
	return pace{stall: 30 * time.Second, grace: time.Minute, rate: 16 << 10}
}

// upload is PUT /webhooks/{source}/{id}/media. The signature is checked when the
// bytes are spooled; of what is wrong with the call only those learn who signed.
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
	rec, proof, fault := source.Upload(src.Provider, req, id)
	switch {
	case proof == nil:
		return Accepted{}, fault
	case r.ContentLength > h.maxMedia: // as for a webhook, it is not read
		return Accepted{}, tooLarge()
	case fault == nil && r.ContentLength == 0:
		fault = noBytes()
	}
	switch {
	case proof.Given() && fault != nil:
		return Accepted{}, fault
	case !proof.Given() && h.failures.Wait(r.RemoteAddr) > 0:
		return Accepted{}, fmt.Errorf("%w: too many were wrong", source.ErrSignature)
	}
	rec = complete(rec, name, src, req)
	ctx, cancel := context.WithTimeout(r.Context(), uploadTimeout)
	defer cancel()
	done, err := h.uploads.take(ctx, r.RemoteAddr)
	if err != nil {
		return Accepted{}, err
	}
	defer done()
	body := io.TeeReader(http.MaxBytesReader(c.Response(), patient(c, r.Body, h.pace), h.maxMedia), proof)
	if fault != nil {
		return Accepted{}, cmp.Or(verify(body, proof), fault)
	}
	return h.spool(ctx, rec, body, proof)
}

func noBytes() error {
	return problem(http.StatusBadRequest, "", "there are no bytes in the body")
}

// verify reads a body that is not kept.
func verify(body io.Reader, proof source.Proof) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return broken(err)
	}
	return proof.Check()
}

// spool stores the bytes and then the recording. Those of a recording that is
// known are only verified.
func (h *webhooks) spool(ctx context.Context, rec events.Recording, body io.Reader, proof source.Proof) (Accepted, error) {
	known, err := h.intake.Known(ctx, rec.Key)
	if err != nil {
		return Accepted{}, err
	}
	if known {
		return Accepted{Recording: rec.Key, Duplicate: true}, verify(body, proof)
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
		return Accepted{}, noBytes()
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
func patient(c echo.Context, body io.ReadCloser, asked pace) io.ReadCloser {
	control := http.NewResponseController(c.Response())
	// A server that has no deadlines needs none of this.
	_ = control.SetWriteDeadline(time.Now().Add(uploadTimeout + requestTimeout))
	return &patience{ReadCloser: body, control: control, asked: asked}
}

type patience struct {
	io.ReadCloser
	control *http.ResponseController
	asked   pace
	came    int64
	waited  time.Duration // for the bytes, without the time that storing them takes
}

// Read gives the next bytes as long to arrive as the pace says.
func (p *patience) Read(into []byte) (int, error) {
	if p.waited > p.asked.grace && float64(p.came) < float64(p.asked.rate)*p.waited.Seconds() {
		return 0, fmt.Errorf("too few bytes a second: %w", os.ErrDeadlineExceeded)
	}
	begun := time.Now()
	_ = p.control.SetReadDeadline(begun.Add(p.asked.stall))
	n, err := p.ReadCloser.Read(into)
	p.waited += time.Since(begun)
	p.came += int64(n)
	return n, err
}
