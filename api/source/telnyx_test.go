package source_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const telnyxPublic = "9ZVPc06DMX6fd7fCh1/aycf9k/sHglIC5fyqBBMj114="

// telnyxPair is a key pair in base64, seed first.
func telnyxPair(seed string) string {
	return base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed([]byte(seed)))
}

func telnyxKit() kit {
	return kit{
		secret: telnyxPair(whsecKey), other: telnyxPair(strings.ToUpper(whsecKey)), short: base64.StdEncoding.EncodeToString([]byte("31 bytes are not a public key!!")),
		stale: 5 * time.Minute,
		sign: func(r *source.Request, secret string, at time.Time) {
			pair, err := base64.StdEncoding.DecodeString(secret)
			if err != nil {
				return
			}
			signature := ed25519.Sign(pair, fmt.Appendf(nil, "%d|%s", at.Unix(), r.Body))
			r.Header.Set("telnyx-timestamp", fmt.Sprint(at.Unix()))
			r.Header.Set("telnyx-signature-ed25519", base64.StdEncoding.EncodeToString(signature))
		},
		tamper: tamperHeader("telnyx-signature-ed25519"),
		unlike: func(o *source.Outline) { o.From, o.To, o.Direction = "", "", "" },
	}
}

func TestTelnyxVectorVerifies(t *testing.T) {
	p := build(t, config.Source{Provider: "telnyx", Secret: telnyxPublic})
	r := jsonRequest(vector, map[string]string{
		"telnyx-timestamp":         "1795464416",
		"telnyx-signature-ed25519": "qUCQGBWKsBhhvX2g2tYru0DtWYjcZKBWXktr0hGFOlSW68auExihK3K7XKGc/X7buch0UEHcEKwB11Y/wzBDDw==",
	})
	require.NoError(t, p.Verify(r))
	r.Body = append(r.Body, ' ')
	require.ErrorIs(t, p.Verify(r), source.ErrSignature)
	_, err := p.Compose(source.Outline{ID: "a", RecordingURL: "https://a.example/1"}, &url.URL{}, now())
	require.ErrorContains(t, err, "only Telnyx has the private key")
}

func TestMalformedTelnyxKeysAreRefused(t *testing.T) {
	odd := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 64)))
	for _, key := range []string{"%%", odd, base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32))), telnyxPublic + telnyxPublic} {
		_, err := source.New(config.Source{Provider: "telnyx", Secret: key})
		require.EqualError(t, err, "secret: must be the base64 of 32 bytes: it is the account's public key")
	}
}

func TestTelnyxURLsAreRenewedByTheAPI(t *testing.T) {
	const ask = "GET https://api.telnyx.com/v2/recordings/rec-1 Bearer hush"
	w := &web{t: t, answers: map[string]string{ask: `200 {"data":{"download_urls":{"mp3":"https://s3.example/fresh.mp3"}}}`}}
	rec := events.Recording{ID: "rec-1", MediaRef: "rec-1", MediaURL: "https://s3.example/1.wav", ReceivedAt: time.Now()}
	p := build(t, config.Source{Provider: "telnyx", Secret: telnyxPublic, Credentials: config.Credentials{Token: "hush"}})

	m, err := source.Locate(t.Context(), p, rec, false, w)
	require.NoError(t, err)
	require.Equal(t, events.Media{URL: rec.MediaURL, Private: true, Renewable: true}, m)
	require.Empty(t, w.asked)

	m, err = source.Locate(t.Context(), p, rec, true, w)
	require.NoError(t, err)
	require.Equal(t, events.Media{URL: "https://s3.example/fresh.mp3", Private: true}, m)

	rec.ReceivedAt = time.Now().Add(-10 * time.Minute)
	m, err = source.Locate(t.Context(), p, rec, false, w)
	require.NoError(t, err)
	require.Equal(t, "https://s3.example/fresh.mp3", m.URL, "an old URL is not tried first")

	w.answers[ask] = `200 {"data":{}}`
	_, err = source.Locate(t.Context(), p, rec, true, w)
	require.ErrorIs(t, err, events.ErrNoMedia)

	for _, r := range []events.Recording{{MediaURL: rec.MediaURL}, rec} {
		p = build(t, config.Source{Provider: "telnyx", Secret: telnyxPublic})
		m, err = source.Locate(t.Context(), p, r, true, w)
		require.NoError(t, err)
		require.False(t, m.Renewable, "there is no API key")
	}
}
