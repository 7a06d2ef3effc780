package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/trackerbell/trackerbell/config"
)

const (
	zoomName        = "zoom"
	headerZoom      = "X-Zm-Signature"
	headerZoomStamp = "X-Zm-Request-Timestamp"
	minZoomSecret   = 10
	// zoomTolerance is what Zoom's retries need: they come up to 90 minutes
	// later, and nobody says whether they are stamped anew.
	zoomTolerance = 24 * time.Hour
)

// zoom is Zoom Meetings and Zoom Phone
// (developers.zoom.us/docs/api/webhooks).
type zoom struct {
	secrets []string
	take    string // which of a meeting's recording and transcript: takeFirst, takeAudio, takeTranscript
	oauth   *oauth // server-to-server; nil without credentials
	account string // of oauth; empty: the event's
}

var (
	_ Provider = (*zoom)(nil)
	_ Locator  = (*zoom)(nil)
)

func newZoom(s setup) (Provider, error) {
	z := &zoom{take: s.take, account: s.credentials.Token}
	var err error
	if z.secrets, err = s.atLeast(minZoomSecret, "it is the app's secret token"); err != nil {
		return nil, err
	}
	app := s.credentials
	app.Token = ""
	client, err := basicCredentials(app, "")
	switch {
	case err != nil:
		return nil, err
	case client == "" && s.credentials != (config.Credentials{}):
		return nil, errors.New("credentials: username is the client id of a server-to-server OAuth app, password its secret, token the account's id")
	case client != "":
		z.oauth = &oauth{client: client, now: time.Now}
	}
	return z, nil
}

// Verify checks "v0=" and the hex HMAC-SHA256 of "v0:<timestamp>:<body>".
func (z *zoom) Verify(r Request) error {
	_, err := z.signer(r)
	return err
}

// signer is the secret that signed the request.
func (z *zoom) signer(r Request) (string, error) {
	stamp := r.Header.Get(headerZoomStamp)
	if err := checkStamp(stamp, r.ReceivedAt, zoomTolerance); err != nil {
		return "", err
	}
	for _, secret := range z.secrets {
		if hmac.Equal([]byte(r.Header.Get(headerZoom)), []byte(signZoom(secret, stamp, r.Body))) {
			return secret, nil
		}
	}
	return "", fmt.Errorf("%w: it fits no secret token", ErrSignature)
}

func signZoom(secret, stamp string, body []byte) string {
	return "v0=" + hexHMAC(secret, "v0:"+stamp+":"+string(body))
}

// hexHMAC is the HMAC-SHA256 in lower-case hex.
func hexHMAC(key, message string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

// checkStamp refuses a time in Unix seconds that is further than tolerance from
// when the request came.
func checkStamp(stamp string, received time.Time, tolerance time.Duration) error {
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: its timestamp is not in Unix seconds", ErrSignature)
	}
	if age := received.Sub(time.Unix(n, 0)); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: its timestamp is more than %s off", ErrSignature, tolerance)
	}
	return nil
}

// Authorisation is none: the token is that of a recording, see Locate.
func (z *zoom) Authorisation(*url.URL) string { return "" }

// isZoomHost tells where tokens of Zoom may be sent.
func isZoomHost(u *url.URL) bool { return isHost(u, "zoom.us", ".zoom.us", ".zoomgov.com") }

// Compose makes a phone.recording_completed, which carries the most of a call.
func (z *zoom) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	rec := map[string]string{
		"id": o.ID, "download_url": o.RecordingURL, "caller_number": o.From, "callee_number": o.To,
		"direction": o.Direction, "duration": strconv.FormatFloat(o.Seconds, 'f', -1, 64),
	}
	if !o.StartedAt.IsZero() {
		rec["date_time"] = o.StartedAt.Format(time.RFC3339)
	}
	r, err := composeJSON(u, now, map[string]any{
		"event": zoomPhone, "event_ts": now.UnixMilli(),
		"payload": map[string]any{"account_id": "trackerbell", "object": map[string]any{"recordings": []any{rec}}},
	})
	if err == nil && len(z.secrets) > 0 {
		stamp := strconv.FormatInt(now.Unix(), 10)
		r.Header.Set(headerZoomStamp, stamp)
		r.Header.Set(headerZoom, signZoom(z.secrets[len(z.secrets)-1], stamp, r.Body))
	}
	return r, err
}

// acceptedByZoom is the one status that is taken as success.
const acceptedByZoom = http.StatusOK
