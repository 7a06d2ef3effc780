package source

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

const (
	zoomTokenURL = "https://zoom.us/oauth/token"
	zoomAPI      = "https://api.zoom.us/v2/meetings/"
	zoomTokenTTL = 24 * time.Hour // life of an event's download_token
	// maxAnswerBytes bounds the answers of providers' APIs and transcripts.
	maxAnswerBytes = 8 << 20
)

// Locate uses the event's download token while it lives, and the account's own
// token after that. A transcript is fetched at once: it is small, and what is
// wanted of it is its text.
func (z *zoom) Locate(ctx context.Context, r events.Recording, renew bool, web Client) (events.Media, error) {
	m, err := z.locate(ctx, r, renew, web)
	if err != nil || !r.MediaText {
		return m, err
	}
	said, err := fetchTranscript(ctx, m, web)
	if err != nil && !renew && m.Renewable {
		if m, err = z.locate(ctx, r, true, web); err == nil {
			said, err = fetchTranscript(ctx, m, web)
		}
	}
	return events.Media{Transcript: said}, err
}

func (z *zoom) locate(ctx context.Context, r events.Recording, renew bool, web Client) (events.Media, error) {
	m := events.Media{URL: r.MediaURL, Private: true, Renewable: z.oauth != nil && !renew}
	token := r.MediaToken
	if z.oauth != nil && (renew || token == "" || time.Since(r.ReceivedAt) > zoomTokenTTL) {
		account, file, _ := strings.Cut(r.MediaRef, "/")
		if z.account != "" {
			account = z.account
		}
		var err error
		token, err = z.oauth.token(ctx, web, zoomTokenURL, url.Values{"grant_type": {"account_credentials"}, "account_id": {account}})
		if err != nil {
			return m, err
		}
		if file != "" && renew {
			if m.URL, token, err = freshZoomFile(ctx, r, file, token, web); err != nil {
				return m, err
			}
		}
	}
	m.Authorise = bearerFor(token, isZoomHost)
	return m, nil
}

// freshZoomFile asks the API for the URL of a meeting's file. A uuid that
// begins with a slash or holds two is escaped twice
// (developers.zoom.us/docs/api/meetings).
func freshZoomFile(ctx context.Context, r events.Recording, file, token string, web Client) (address, access string, err error) {
	uuid := r.ID[:max(strings.LastIndex(r.ID, "/"), 0)]
	escaped := url.PathEscape(url.PathEscape(uuid))
	list, err := getJSON[zoomMeetingObject](ctx, web, zoomAPI+escaped+"/recordings?include_fields=download_access_token&ttl=86400",
		bearerFor(token, isZoomHost), "Zoom's list of recordings")
	if err != nil {
		return "", "", err
	}
	for _, f := range list.Files {
		if string(f.ID) == file && f.DownloadURL != "" {
			if f.Token != "" {
				token = string(f.Token)
			}
			return string(f.DownloadURL), token, nil
		}
	}
	return "", "", &events.StatusError{Status: http.StatusNotFound, From: "Zoom's list of recordings"}
}

// bearerFor sends a token to a provider's own hosts only.
func bearerFor(token string, own func(*url.URL) bool) safehttp.Authorise {
	return func(u *url.URL) string {
		if token == "" || !own(u) {
			return ""
		}
		return "Bearer " + token
	}
}

// fetchTranscript downloads WebVTT.
func fetchTranscript(ctx context.Context, m events.Media, web Client) ([]events.Utterance, error) {
	raw, err := getAll(ctx, web, m.URL, m.Authorise, "the transcript's URL")
	if err != nil {
		return nil, err
	}
	said, err := ParseTranscript(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: its transcript's URL gives no WebVTT with text in it", events.ErrNoMedia)
	}
	return said, nil
}

// getAll reads a whole answer; any status but 200 is an *events.StatusError.
func getAll(ctx context.Context, web Client, address string, authorise safehttp.Authorise, from string) ([]byte, error) {
	resp, err := web.Get(ctx, address, authorise, "") //nolint:bodyclose // readAnswer closes it
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", from, err)
	}
	return readAnswer(resp, from)
}

func readAnswer(resp *http.Response, from string) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusOK {
		return nil, events.NewStatusError(resp, from)
	}
	raw, err := io.ReadAll(safehttp.Cap(resp.Body, maxAnswerBytes))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", from, err)
	}
	return raw, nil
}

// getJSON asks a provider's API.
func getJSON[T any](ctx context.Context, web Client, address string, authorise safehttp.Authorise, from string) (T, error) {
	var into T
	raw, err := getAll(ctx, web, address, authorise, from)
	if err != nil {
		return into, err
	}
	if json.Unmarshal(raw, &into) != nil { // its text may quote the answer
		return into, fmt.Errorf("%s answers with something that cannot be read", from)
	}
	return into, nil
}
