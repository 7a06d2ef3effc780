package source

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	telnyxName        = "telnyx"
	headerTelnyx      = "Telnyx-Signature-Ed25519"
	headerTelnyxStamp = "Telnyx-Timestamp"
	telnyxAPI         = "https://api.telnyx.com/v2/recordings/"
	acceptedByTelnyx  = http.StatusOK // any other goes to the failover URL
	// telnyxURLLife is how long the presigned URL of an event is good (10
	// minutes), less the time that a download needs to begin.
	telnyxURLLife = 9 * time.Minute
)

// telnyx is Telnyx call recordings
// (developers.telnyx.com, "call.recording.saved" and "Webhooks").
type telnyx struct {
	keys []ed25519.PublicKey
	pair ed25519.PrivateKey // to compose with; nil where only Telnyx has it
	auth string             // of the API; empty without credentials
}

var (
	_ Provider = (*telnyx)(nil)
	_ Locator  = (*telnyx)(nil)
)

// newTelnyx takes the public key of the account, 32 bytes. For tests a secret
// may also be a key pair, 64 bytes, seed first: then send can sign, too.
func newTelnyx(s setup) (Provider, error) {
	t := &telnyx{}
	for _, secret := range s.secrets {
		raw, err := base64.StdEncoding.DecodeString(secret.value)
		switch pair := ed25519.PrivateKey(raw); {
		case err == nil && len(raw) == ed25519.PublicKeySize:
			t.keys = append(t.keys, raw)
		case err == nil && len(raw) == ed25519.PrivateKeySize && ed25519.NewKeyFromSeed(pair.Seed()).Equal(pair):
			t.pair = pair
			t.keys = append(t.keys, ed25519.PublicKey(raw[ed25519.SeedSize:]))
		default:
			return nil, fmt.Errorf("%s: must be the base64 of 32 bytes: it is the account's public key", secret.key)
		}
	}
	var err error
	t.auth, err = bearerCredentials(s.credentials, "telnyx takes a token: an API key")
	return t, err
}

// Verify checks the Ed25519 signature over "<timestamp>|<body>".
func (t *telnyx) Verify(r Request) error {
	stamp := r.Header.Get(headerTelnyxStamp)
	if err := checkStamp(stamp, r.ReceivedAt, tolerance); err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get(headerTelnyx))
	if err != nil {
		return fmt.Errorf("%w: it is not base64", ErrSignature)
	}
	for _, key := range t.keys {
		if ed25519.Verify(key, telnyxMessage(stamp, r.Body), signature) {
			return nil
		}
	}
	return fmt.Errorf("%w: it fits no public key", ErrSignature)
}

func telnyxMessage(stamp string, body []byte) []byte {
	return append([]byte(stamp+"|"), body...)
}

// Authorisation is none: the URLs are presigned, and S3 refuses a second
// mechanism.
func (t *telnyx) Authorisation(*url.URL) string { return "" }

// apiKey goes to the API only.
func (t *telnyx) apiKey(u *url.URL) string {
	if !isHost(u, "api.telnyx.com") {
		return ""
	}
	return t.auth
}

// Locate gives the event's URL while it is good, and asks for a fresh one after
// that. The recording is private, since Symbl may be slower than the URL lasts.
func (t *telnyx) Locate(ctx context.Context, r events.Recording, renew bool, web Client) (events.Media, error) {
	m := events.Media{URL: r.MediaURL, Private: true}
	if t.auth == "" || r.MediaRef == "" {
		return m, nil
	}
	if !renew && time.Since(r.ReceivedAt) < telnyxURLLife {
		m.Renewable = true
		return m, nil
	}
	answer, err := getJSON[struct {
		Data struct {
			URLs telnyxURLs `json:"download_urls"`
		} `json:"data"`
	}](ctx, web, telnyxAPI+url.PathEscape(r.MediaRef), t.apiKey, "Telnyx's recordings API")
	if err != nil {
		return m, err
	}
	if m.URL = answer.Data.URLs.best(); m.URL == "" {
		return m, fmt.Errorf("%w: Telnyx gives no URL for it", events.ErrNoMedia)
	}
	return m, nil
}

// Compose makes a call.recording.saved, which carries no numbers.
func (t *telnyx) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	if t.pair == nil && len(t.keys) > 0 {
		return Request{}, errors.New("only Telnyx has the private key; to test, add a key pair of your own to the source's secrets: see docs/providers/telnyx.md")
	}
	payload := map[string]any{
		"recording_id": o.ID, "call_session_id": "trackerbell", "channels": "single", "format": "wav",
		"recording_urls": map[string]string{"wav": o.RecordingURL},
	}
	if !o.StartedAt.IsZero() {
		payload["recording_started_at"] = o.StartedAt.Format(time.RFC3339Nano)
		payload["recording_ended_at"] = o.StartedAt.Add(time.Duration(o.Seconds * float64(time.Second))).Format(time.RFC3339Nano)
	}
	r, err := composeJSON(u, now, map[string]any{"data": map[string]any{
		"record_type": "event", "event_type": telnyxSaved, "id": "trackerbell-" + o.ID,
		"occurred_at": now.UTC().Format(time.RFC3339Nano), "payload": payload,
	}})
	if err == nil && t.pair != nil {
		stamp := strconv.FormatInt(now.Unix(), 10)
		r.Header.Set(headerTelnyxStamp, stamp)
		r.Header.Set(headerTelnyx, base64.StdEncoding.EncodeToString(ed25519.Sign(t.pair, telnyxMessage(stamp, r.Body))))
	}
	return r, err
}
