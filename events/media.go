package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	probeTimeout = 30 * time.Second
	// deniedPatience is how long a 401 or 403 may be early rather than wrong:
	// some providers answer so while the file is still being written.
	deniedPatience = 10 * time.Minute
)

// media is what a probe found out about a recording's media.
type media struct {
	kind    symbl.Kind
	mime    string
	private bool // its download needs credentials, so Symbl cannot fetch it
}

// probe reads the first bytes of the media: they tell audio from video from a
// login page, and that it is there at all.
func (s *Service) probe(ctx context.Context, rec Recording) (media, error) {
	u, err := url.Parse(rec.MediaURL)
	if err != nil {
		return media{}, dead(ReasonMedia, errors.New("the recording's URL does not parse"))
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	resp, err := s.fetch(ctx, rec, fmt.Sprintf("bytes=0-%d", safehttp.SniffBytes-1))
	if err != nil {
		return media{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	head, err := io.ReadAll(io.LimitReader(resp.Body, safehttp.SniffBytes))
	if err != nil {
		return media{}, fmt.Errorf("read the recording's first bytes: %w", err)
	}
	kind, mime := safehttp.Sniff(head, resp.Header.Get("Content-Type"))
	found := media{mime: mime, private: s.dep.Media.Authorisation(rec.Source, u) != ""}
	switch kind {
	case safehttp.Audio:
		found.kind = symbl.Audio
	case safehttp.Video:
		found.kind = symbl.Video
	default:
		return media{}, dead(ReasonMedia, fmt.Errorf("the recording's URL answers with %s, which is neither audio nor video", mime))
	}
	return found, nil
}

// fetch gets the media and turns what goes wrong into what it means.
func (s *Service) fetch(ctx context.Context, rec Recording, byteRange string) (*http.Response, error) {
	authorise := func(u *url.URL) string { return s.dep.Media.Authorisation(rec.Source, u) }
	resp, err := s.dep.Download.Get(ctx, rec.MediaURL, authorise, byteRange)
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
	return nil, &statusError{status: resp.StatusCode}
}

// statusError is an answer that is not the media.
type statusError struct{ status int }

func (e *statusError) Error() string {
	return fmt.Sprintf("the recording's URL answers %d %s", e.status, http.StatusText(e.status))
}

// classify tells media that is not there yet from media that never will be.
func (e *statusError) classify(d delivery) error {
	waited := time.Since(d.stored)
	switch e.status {
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
		return e
	default:
		if e.status >= http.StatusInternalServerError {
			return e
		}
	}
	return dead(ReasonMedia, e)
}
