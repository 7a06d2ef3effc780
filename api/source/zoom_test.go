package source_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/safehttp"
)

const zoomSecret = "zoomsecret"

func zoomKit() kit {
	return kit{
		secret: zoomSecret, other: "another secret token", short: "ninebytes", stale: 24 * time.Hour,
		sign: func(r *source.Request, secret string, at time.Time) {
			stamp := fmt.Sprint(at.Unix())
			r.Header.Set("x-zm-request-timestamp", stamp)
			r.Header.Set("x-zm-signature", "v0="+hex.EncodeToString(mac(secret, "v0:"+stamp+":"+string(r.Body))))
		},
		tamper: func(r *source.Request) {
			last := r.Header.Get("x-zm-signature")
			r.Header.Set("x-zm-signature", last[:len(last)-1]+map[bool]string{true: "1", false: "0"}[last[len(last)-1] == '0'])
		},
	}
}

func TestZoomVectorVerifies(t *testing.T) {
	p := build(t, config.Source{Provider: "zoom", Secret: zoomSecret})
	r := jsonRequest(vector, map[string]string{
		"x-zm-request-timestamp": "1700000000",
		"x-zm-signature":         "v0=fcb817513617d448080d64c08f67d6ec884bb320af6fd6b51b0431f0e6aee688",
	})
	r.ReceivedAt = time.Unix(1700000000, 0)
	require.NoError(t, p.Verify(r))
	r.Body = append(r.Body, ' ')
	require.ErrorIs(t, p.Verify(r), source.ErrSignature)
}

func TestZoomsChallengeIsAnsweredWithTheSecretThatSignedIt(t *testing.T) {
	p := build(t, config.Source{Provider: "zoom", Secrets: []string{"another secret token", zoomSecret}})
	r := jsonRequest(`{"event":"endpoint.url_validation","payload":{"plainToken":"plain"},"event_ts":1795464416000}`, nil)
	zoomKit().sign(&r, zoomSecret, now())
	require.NoError(t, p.Verify(r))
	got, err := p.Normalise(r)
	require.NoError(t, err)
	want := hex.EncodeToString(mac(zoomSecret, "plain"))
	require.Equal(t, &source.Reply{Body: map[string]string{"plainToken": "plain", "encryptedToken": want}}, got.Reply)

	open := build(t, config.Source{Provider: "zoom", Insecure: true})
	got, err = open.Normalise(r)
	require.NoError(t, err)
	require.Nil(t, got.Reply)
	require.NotEmpty(t, got.Ignored)
}

func TestZoomTakesWhatTheSourceWants(t *testing.T) {
	for take, want := range map[string][2]bool{"": {true, true}, "first": {true, true}, "audio": {true, false}, "transcript": {false, true}} {
		p := build(t, config.Source{Provider: "zoom", Secret: zoomSecret, Take: take})
		for _, s := range samples(t, "zoom") {
			i := map[string]int{"meeting, audio first": 1, "transcript": 2}[s.Name]
			if i == 0 {
				continue
			}
			got, err := p.Normalise(s.request(t, now()))
			require.NoError(t, err)
			require.Equal(t, want[i-1], len(got.Recordings) == 1, "%s takes %s", take, s.Name)
		}
	}
	_, err := source.New(config.Source{Provider: "zoom", Secret: zoomSecret, Take: "video"})
	require.EqualError(t, err, "take: must be first, audio or transcript")
	_, err = source.New(config.Source{Provider: "twilio", Secret: authToken, Take: "audio"})
	require.EqualError(t, err, "take: only zoom sends a recording and a transcript of one call")
}

// web is a source.Client that answers from a table: by "GET <URL>" or
// "POST <URL>", with "<Authorization> " before it where one was sent.
type web struct {
	t       *testing.T
	answers map[string]string // a status and a body: "404 no"
	asked   []string
}

func (w *web) Get(_ context.Context, raw string, authorise safehttp.Authorise, _ string) (*http.Response, error) {
	u, err := url.Parse(raw)
	require.NoError(w.t, err)
	auth := ""
	if authorise != nil {
		auth = authorise(u)
	}
	return w.answer("GET", raw, auth)
}

func (w *web) PostForm(_ context.Context, raw, auth string, form url.Values) (*http.Response, error) {
	return w.answer("POST", raw+"?"+form.Encode(), auth)
}

func (w *web) answer(method, raw, auth string) (*http.Response, error) {
	line := strings.TrimSpace(method + " " + raw + " " + auth)
	w.asked = append(w.asked, line)
	given, ok := w.answers[line]
	require.True(w.t, ok, "nobody expected %s", line)
	status, body, _ := strings.Cut(given, " ")
	code := 0
	_, err := fmt.Sscan(status, &code)
	require.NoError(w.t, err)
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// header is what a media's Authorise sends to an address.
func header(t *testing.T, m events.Media, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	if m.Authorise == nil {
		return ""
	}
	return m.Authorise(u)
}

const (
	zoomGrant = "POST https://zoom.us/oauth/token?account_id=acc1&grant_type=account_credentials Basic Y2xpZW50Omh1c2g="
	zoomFile  = "https://zoom.us/rec/webhook_download/f2"
	zoomList  = "GET https://api.zoom.us/v2/meetings/%252FWEz4==/recordings?include_fields=download_access_token&ttl=86400 Bearer access"
)

func zoomMedia() events.Recording {
	return events.Recording{ID: "/WEz4==/2026-11-23T20:00:00Z", MediaURL: zoomFile, MediaToken: "download", MediaRef: "acc1/f2", ReceivedAt: time.Now()}
}

func TestZoomsDownloadTokenIsUsedWithinItsLifeAndOAuthAfterIt(t *testing.T) {
	withOAuth := config.Source{Provider: "zoom", Secret: zoomSecret, Credentials: config.Credentials{Username: "client", Password: "hush"}}
	w := &web{t: t, answers: map[string]string{
		zoomGrant: `200 {"access_token":"access","expires_in":3600}`,
		zoomList:  `200 {"recording_files":[{"id":"f1"},{"id":"f2","download_url":"https://zoom.us/fresh","download_access_token":"fresh"}]}`,
	}}
	fresh, err := source.Locate(t.Context(), build(t, config.Source{Provider: "zoom", Secret: zoomSecret}), zoomMedia(), false, w)
	require.NoError(t, err)
	require.Equal(t, "Bearer download", header(t, fresh, zoomFile))
	require.Empty(t, header(t, fresh, "https://zoom.us.evil.example/f2"))
	require.Empty(t, header(t, fresh, "http://zoom.us/f2"))
	require.True(t, fresh.Private)
	require.False(t, fresh.Renewable, "there are no credentials to renew it with")

	p := build(t, withOAuth)
	old := zoomMedia()
	old.ReceivedAt = time.Now().Add(-25 * time.Hour)
	late, err := source.Locate(t.Context(), p, old, false, w)
	require.NoError(t, err)
	require.Equal(t, "Bearer access", header(t, late, zoomFile))
	require.Equal(t, zoomFile, late.URL)

	renewed, err := source.Locate(t.Context(), p, zoomMedia(), true, w)
	require.NoError(t, err)
	require.Equal(t, "https://zoom.us/fresh", renewed.URL)
	require.Equal(t, "Bearer fresh", header(t, renewed, "https://us02web.zoom.us/x"))
	require.Len(t, w.asked, 2, "the access token is kept")

	call := events.Recording{ID: "r1", MediaURL: "https://zoom.us/v2/phone/recording/download/r1", MediaRef: "acc1/", ReceivedAt: time.Now()}
	phone, err := source.Locate(t.Context(), p, call, false, w)
	require.NoError(t, err)
	require.Equal(t, "Bearer access", header(t, phone, call.MediaURL), "an event of Zoom Phone has no download token")
}

func TestAZoomTranscriptIsReadWhereItIs(t *testing.T) {
	rec := zoomMedia()
	rec.MediaText = true
	get := "GET " + zoomFile + " Bearer download"
	p := build(t, config.Source{Provider: "zoom", Secret: zoomSecret})
	w := &web{t: t, answers: map[string]string{get: "200 WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nAna: We have a sale\n"}}
	got, err := source.Locate(t.Context(), p, rec, false, w)
	require.NoError(t, err)
	require.Equal(t, []events.Utterance{{Speaker: "Ana", Text: "We have a sale", Start: 1, End: 2}}, got.Transcript)

	w.answers[get] = "200 <!DOCTYPE html><title>Sign in</title>"
	_, err = source.Locate(t.Context(), p, rec, false, w)
	require.ErrorIs(t, err, events.ErrNoMedia)

	var status *events.StatusError
	w.answers[get] = "404 "
	_, err = source.Locate(t.Context(), p, rec, false, w)
	require.ErrorAs(t, err, &status)
	require.Equal(t, 404, status.Status)

	w.answers[get] = "401 "
	w.answers[zoomGrant] = `200 {"access_token":"access","expires_in":3600}`
	w.answers[zoomList] = `200 {"recording_files":[{"id":"f2","download_url":"https://zoom.us/fresh"}]}`
	w.answers["GET https://zoom.us/fresh Bearer access"] = "200 WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"
	p = build(t, config.Source{Provider: "zoom", Secret: zoomSecret, Credentials: config.Credentials{Username: "client", Password: "hush", Token: "acc1"}})
	got, err = source.Locate(t.Context(), p, rec, false, w)
	require.NoError(t, err)
	require.Len(t, got.Transcript, 1)
}

func TestTokensThatCannotBeHadLeakNothing(t *testing.T) {
	p := build(t, config.Source{Provider: "zoom", Secret: zoomSecret, Credentials: config.Credentials{Username: "client", Password: "hush"}})
	for _, answer := range []string{"200 no", "200 {}", "400 hush", "401 hush", "200 {\"access_token\":7}"} {
		_, err := source.Locate(t.Context(), p, zoomMedia(), true, &web{t: t, answers: map[string]string{zoomGrant: answer}})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hush")
	}
	_, err := source.New(config.Source{Provider: "zoom", Secret: zoomSecret, Credentials: config.Credentials{Token: "acc1"}})
	require.ErrorContains(t, err, "credentials: username is the client id")
}
