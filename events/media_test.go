package events

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/safehttp"
	"github.com/trackerbell/trackerbell/symbl"
)

// place is a MediaSource of functions.
type place struct {
	media func(renew bool) (Media, error)
}

func (p place) Media(_ context.Context, _ Recording, renew bool) (Media, error) {
	return p.media(renew)
}

// answers are what a Downloader gives, by URL.
type answers map[string]*http.Response

func (a answers) Get(_ context.Context, raw string, authorise safehttp.Authorise, _ string) (*http.Response, error) {
	if authorise != nil {
		authorise(&url.URL{})
	}
	if resp, ok := a[raw]; ok {
		return resp, nil
	}
	return nil, &safehttp.Error{Kind: safehttp.Refused, Reason: "refused"}
}

func answer(status int, contentType, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body))}
}

const wave = "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"

func probing(media func(bool) (Media, error), web answers) *Service {
	return &Service{dep: Deps{Media: place{media}, Download: web}}
}

func TestAnExpiredURLIsRenewedOnce(t *testing.T) {
	for status := range map[int]bool{400: true, 401: true, 403: true, 404: true, 410: true} {
		var asked []bool
		s := probing(func(renew bool) (Media, error) {
			asked = append(asked, renew)
			if renew {
				return Media{URL: "fresh", Private: true}, nil
			}
			return Media{URL: "old", Renewable: true}, nil
		}, answers{"old": answer(status, "application/xml", "<Error/>"), "fresh": answer(206, "audio/wav", wave)})
		found, err := s.probe(t.Context(), Recording{})
		require.NoError(t, err)
		require.Equal(t, "fresh", found.URL)
		require.Equal(t, symbl.Audio, found.kind)
		require.Equal(t, []bool{false, true}, asked)
	}
}

func TestWhatCannotBeRenewedIsNotAskedForAgain(t *testing.T) {
	for name, at := range map[string]Media{"not renewable": {URL: "gone"}, "another failure": {URL: "busy", Renewable: true}} {
		asked := 0
		s := probing(func(bool) (Media, error) { asked++; return at, nil },
			answers{"gone": answer(403, "", ""), "busy": answer(503, "", "")})
		_, err := s.probe(t.Context(), Recording{})
		var status *StatusError
		require.ErrorAs(t, err, &status, name)
		require.Equal(t, 1, asked, name)
	}
}

func TestALoginPageIsAPermanentErrorThatSaysSo(t *testing.T) {
	s := probing(func(bool) (Media, error) { return Media{URL: "login"}, nil },
		answers{"login": answer(200, "audio/mpeg", "<!DOCTYPE html><html><body>Sign in</body></html>")})
	_, err := s.probe(t.Context(), Recording{})
	var final *deadError
	require.ErrorAs(t, err, &final)
	require.Equal(t, ReasonMedia, final.reason)
	require.ErrorContains(t, err, "HTML page, such as that of a login")
}

func TestWhatTheProvidersAPISaysDecides(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		waits bool
		final bool
	}{
		"not there yet":  {&StatusError{Status: 404, From: "the call log"}, true, false},
		"never":          {ErrNoMedia, false, true},
		"denied so far":  {&StatusError{Status: 401, From: "the call log"}, true, false},
		"cannot be used": {&StatusError{Status: 400, From: "the call log"}, false, true},
		"busy":           {&StatusError{Status: 429, From: "the call log"}, false, false},
		"says how long":  {&StatusError{Status: 429, From: "the call log", RetryAfter: time.Minute}, true, false},
		"unknown":        {errors.New("broken"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := probing(func(bool) (Media, error) { return Media{}, tt.err }, nil)
			_, err := s.probe(t.Context(), Recording{})
			err = classify(err, delivery{stored: time.Now(), delivered: 1})
			var later *waitError
			var final *deadError
			require.Equal(t, tt.waits, errors.As(err, &later))
			require.Equal(t, tt.final, errors.As(err, &final))
			require.ErrorIs(t, err, tt.err)
		})
	}
}

func TestATranscriptFileIsSubmittedAsText(t *testing.T) {
	h := newHouse(t, nil)
	h.dep.Media = place{func(bool) (Media, error) {
		return Media{Transcript: []Utterance{{Speaker: "Anna", Text: "a sale", Start: 1, End: 2}}}, nil
	}}
	h.run(h.Service)
	rec := transcript("vtt")
	rec.Transcript, rec.MediaURL, rec.MediaText = nil, "https://media.example.com/call.vtt", true
	_, err := h.Accept(t.Context(), rec)
	require.NoError(t, err)
	e := h.settled(h.Service, rec.Key, StageDone)
	require.True(t, e.Text)
	require.Len(t, h.symbl.messages[e.ConversationID], 1)
}
