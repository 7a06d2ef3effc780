package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

// oddWeb answers every question with the same status and bytes, but for tokens
// where it gives them.
type oddWeb struct {
	status int
	body   []byte
	token  bool
}

func (w oddWeb) Get(context.Context, string, safehttp.Authorise, string) (*http.Response, error) {
	return &http.Response{StatusCode: w.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(w.body))}, nil
}

func (w oddWeb) PostForm(ctx context.Context, address, _ string, _ url.Values) (*http.Response, error) {
	if w.token {
		w = oddWeb{status: http.StatusOK, body: []byte(`{"access_token":"access-hush","expires_in":3600}`)}
	}
	return w.Get(ctx, address, nil, "")
}

// asking are the providers that have an API, with credentials for it.
func asking(f *testing.F) map[string]source.Provider {
	f.Helper()
	all := map[string]source.Provider{}
	for provider, credentials := range map[string]config.Credentials{
		"twilio":      {Username: "AC0123", Password: "hush"},
		"zoom":        {Username: "id", Password: "hush", Token: "account"},
		"telnyx":      {Token: "hush"},
		"aircall":     {Username: "id", Password: "hush"},
		"dialpad":     {Token: "hush"},
		"ringcentral": {Username: "id", Password: "hush", Token: "jwt-hush"},
	} {
		all[provider] = build(f, config.Source{Provider: provider, Secret: kits()[provider].secret, Credentials: credentials})
	}
	return all
}

// FuzzAnswers has the providers' APIs answer anything, whether they are asked
// where a recording is or which there are.
func FuzzAnswers(f *testing.F) {
	for _, answer := range []string{
		`{"recordings":[{"sid":"RE1","call_sid":"CA1","status":"completed","channels":2,"duration":"21","media_url":"https://api.twilio.com/R"}],"next_page_uri":"/a?Page=1"}`,
		`{"meetings":[{"uuid":"/WEz4==","recording_files":[{"id":"f1","recording_start":"2026-11-20T20:00:00Z","file_type":"M4A","status":"completed","download_url":"https://zoom.us/f1"}]}],"next_page_token":"n"}`,
		`{"recording_files":[{"id":"f1","file_type":"M4A","download_url":"https://zoom.us/f1","download_access_token":"t"}]}`,
		`{"recording_files":[{"id":"f1"}]}`,
		`{"data":[{"id":"rec-1","download_urls":{"mp3":"https://s3.example.com/1.mp3"}}],"meta":{"total_pages":2}}`,
		`{"data":{"download_urls":{"wav":"https://s3.example.com/1.wav"}}}`,
		`{"call":{"id":1,"recording":"https://s3.example.com/1.mp3"}}`,
		`{"cursor":"next","items":[{"call_id":"77","recording_details":[{"id":"r1","duration":21000,"url":"https://dialpad.com/r/r1"}]}]}`,
		`{"records":[{"telephonySessionId":"s-1","recording":{"id":"901","contentUri":"https://media.ringcentral.com/c"}}],"navigation":{"nextPage":{"uri":"u"}}}`,
		`{"records":[` + transferred + `]}`,
		`{"access_token":"a","expires_in":-1e300}`,
		"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n",
	} {
		f.Add([]byte(answer), http.StatusOK, true)
		f.Add([]byte(answer), http.StatusOK, false)
	}
	f.Add([]byte("<html>"), http.StatusUnauthorized, true)
	providers := asking(f)
	f.Fuzz(func(t *testing.T, body []byte, status int, token bool) {
		w := oddWeb{status: status, body: body, token: token}
		for name, p := range providers {
			for _, rec := range []events.Recording{
				{ID: "901", MediaURL: "https://media.example.com/1", MediaRef: "s-1", ReceivedAt: now()},
				{ID: "uuid/2026", MediaURL: "https://media.example.com/1", MediaRef: "account/f1", ReceivedAt: now()},
				{ID: "uuid/2026", MediaURL: "https://media.example.com/1", MediaRef: "account/f1", MediaText: name == "zoom", ReceivedAt: now()},
			} {
				m, err := source.Locate(t.Context(), p, rec, true, w)
				requireQuiet(t, err)
				if err == nil {
					require.True(t, m.URL != "" || len(m.Transcript) > 0, "%s: %+v", name, m)
					requireUtterances(t, m.Transcript)
				}
			}
			page, err := source.List(t.Context(), p, now(), "", w)
			requireQuiet(t, err)
			for _, rec := range page.Recordings {
				requireSaneRecording(t, rec)
			}
		}
	})
}

// requireQuiet holds that an error tells nothing secret, in one line.
func requireQuiet(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	require.NotContains(t, err.Error(), "hush")
	require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "%q", err.Error())
	var status *events.StatusError
	require.False(t, errors.As(err, &status) && status.Status == http.StatusOK, "%q", err.Error())
}
