package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	probeTimeout = 30 * time.Second
	// deniedPatience is how long a 401 or 403 may be early rather than wrong:
	// some providers answer so while the file is still being written.
	deniedPatience = 10 * time.Minute
	// maxRetryAfter bounds what a provider may ask for.
	maxRetryAfter = 15 * time.Minute
	// throttleSpread is added to it, so that the recordings that were sent away
	// together do not all come back together.
	throttleSpread = 2 * time.Second
)

// ErrNoMedia says that a recording's media will never be had.
var ErrNoMedia = errors.New("the recording has no media")

// media is what a probe found out about a recording's media.
type media struct {
	Media
	kind symbl.Kind
	mime string
}

// probe asks where the media is and reads its first bytes: they tell audio
// from video from a login page, and that it is there at all.
func (s *Service) probe(ctx context.Context, rec Recording) (media, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if rec.Spooled != nil {
		return s.probeSpooled(ctx, rec)
	}
	at, err := s.dep.Media.Media(ctx, rec, false)
	if err != nil {
		return media{}, located(err)
	}
	if len(at.Transcript) > 0 {
		return media{Media: at}, nil
	}
	found, err := s.sniff(ctx, at)
	var status *StatusError
	if at.Renewable && errors.As(err, &status) && status.expired() {
		if at, err = s.dep.Media.Media(ctx, rec, true); err != nil {
			return media{}, located(err)
		}
		return s.sniff(ctx, at)
	}
	return found, err
}

// located turns an error of MediaSource into what it means.
func located(err error) error {
	if errors.Is(err, ErrNoMedia) {
		return dead(ReasonMedia, err)
	}
	return fmt.Errorf("locate the recording: %w", err)
}

// sniff reads the first bytes. Media at an address of this network is private
// to a Symbl that is not in it.
func (s *Service) sniff(ctx context.Context, at Media) (media, error) {
	ctx, reach := safehttp.NoteReach(ctx)
	resp, err := s.fetch(ctx, at, fmt.Sprintf("bytes=0-%d", safehttp.SniffBytes-1))
	if err != nil {
		return media{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	head, err := io.ReadAll(io.LimitReader(resp.Body, safehttp.SniffBytes))
	if err != nil {
		return media{}, fmt.Errorf("read the recording's first bytes: %w", err)
	}
	found, err := judge(head, resp.Header.Get("Content-Type"))
	found.Media = at
	found.Private = at.Private || s.opt.Remote && reach.Private()
	return found, err
}

// judge tells from its first bytes what came in the place of a recording.
func judge(head []byte, contentType string) (media, error) {
	kind, mime := safehttp.Sniff(head, contentType)
	switch kind {
	case safehttp.Audio:
		return media{kind: symbl.Audio, mime: mime}, nil
	case safehttp.Video:
		return media{kind: symbl.Video, mime: mime}, nil
	}
	return media{}, dead(ReasonMedia, notMedia(mime))
}

// notMedia says what came in the place of a recording.
func notMedia(mime string) error {
	if mime == "text/html" {
		return errors.New("in the recording's place there is an HTML page, such as that of a login: check the source's credentials")
	}
	return fmt.Errorf("in the recording's place there is %s, which is neither audio nor video", mime)
}

// fetch gets the media and turns what goes wrong into what it means.
func (s *Service) fetch(ctx context.Context, at Media, byteRange string) (*http.Response, error) {
	resp, err := s.dep.Download.Get(ctx, at.URL, at.Authorise, byteRange)
	var failed *safehttp.Error
	switch {
	case errors.As(err, &failed) && (failed.Kind == safehttp.Refused || failed.Kind == safehttp.TooLarge):
		return nil, dead(ReasonMedia, err)
	case err != nil:
		return nil, fmt.Errorf("download the recording: %w", err)
	case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent:
		return resp, nil
	}
	_ = resp.Body.Close() // nothing of it is wanted
	return nil, NewStatusError(resp, "")
}

// StatusError is an HTTP answer that is not the media, of its URL or of the
// provider's API.
type StatusError struct {
	Status     int
	From       string        // who answered; empty: the recording's URL
	RetryAfter time.Duration // how long it asks to be left alone; 0: it does not say
	Range      string        // Content-Range of an answer 416: "bytes */" and how many there are; empty: it does not say
}

// NewStatusError makes one of an answer.
func NewStatusError(resp *http.Response, from string) *StatusError {
	return &StatusError{
		Status: resp.StatusCode, From: from,
		RetryAfter: min(symbl.RetryAfter(resp.Header.Get("Retry-After"), time.Now()), maxRetryAfter),
		Range:      noRange.FindString(resp.Header.Get("Content-Range")),
	}
}

// Error names who answered, and the status.
func (e *StatusError) Error() string {
	from := e.From
	if from == "" {
		from = "the recording's URL"
	}
	return fmt.Sprintf("%s answers %d %s", from, e.Status, http.StatusText(e.Status))
}

// expired tells whether a fresh URL may help.
func (e *StatusError) expired() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return true
	}
	return false
}

// classify tells media that is not there yet from media that never will be.
func (e *StatusError) classify(d delivery) error {
	waited := time.Since(d.stored)
	switch e.Status {
	case http.StatusNotFound, http.StatusConflict, http.StatusTooEarly, http.StatusAccepted, http.StatusRequestedRangeNotSatisfiable:
		if waited < mediaPatience {
			return &waitError{after: mediaDelay(d.delivered), err: e}
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		if waited < deniedPatience {
			return &waitError{after: mediaDelay(d.delivered), err: e}
		}
		return dead(ReasonMedia, fmt.Errorf("%w: check the source's credentials", e))
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		if e.RetryAfter > 0 && waited < giveUpAfter {
			return &waitError{after: e.RetryAfter + jitter(throttleSpread), err: e}
		}
		return e
	default:
		if e.Status >= http.StatusInternalServerError {
			return e
		}
	}
	return dead(ReasonMedia, e)
}
