package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	headerStandardID        = standardwebhooks.HeaderWebhookID
	headerStandardTimestamp = standardwebhooks.HeaderWebhookTimestamp
	headerStandardSignature = standardwebhooks.HeaderWebhookSignature
	headerPlainSignature    = "X-Signature-256"

	tolerance       = 5 * time.Minute // of Standard Webhooks, either way
	standardPrefix  = "whsec_"
	minStandardKey  = 24 // bytes, standardwebhooks.com
	maxStandardKey  = 64
	minSecretBytes  = 16
	plainHMACPrefix = "sha256="
)

// key is one secret of a generic source in the forms that its schemes need.
type key struct {
	bearer [sha256.Size]byte // digest of the secret as it is written
	// hmac are the keys that the secret may stand for, the one to sign with
	// first. Standard Webhooks libraries decode a secret as base64 with or
	// without the prefix; plain HMAC takes its bytes as they are written.
	hmac [][]byte
}

func newKey(s secret) (key, error) {
	k := key{bearer: sha256.Sum256([]byte(s.value))}
	written := []byte(s.value)
	encoded, prefixed := strings.CutPrefix(s.value, standardPrefix)
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	fits := err == nil && len(decoded) >= minStandardKey && len(decoded) <= maxStandardKey
	switch {
	case prefixed && !fits:
		return key{}, fmt.Errorf("%s: after whsec_ there must be the base64 of %d to %d bytes", s.key, minStandardKey, maxStandardKey)
	case prefixed:
		k.hmac = [][]byte{decoded, written}
	case len(written) < minSecretBytes:
		return key{}, fmt.Errorf("%s: must have at least %d bytes", s.key, minSecretBytes)
	case fits:
		k.hmac = [][]byte{written, decoded}
	default:
		k.hmac = [][]byte{written}
	}
	return k, nil
}

// checkAge bounds replays. The library would read the clock itself.
func checkAge(r Request) error {
	stamp, err := strconv.ParseInt(r.Header.Get(headerStandardTimestamp), 10, 64)
	if err != nil {
		return fmt.Errorf("%w: webhook-timestamp is not in Unix seconds", ErrSignature)
	}
	if age := r.ReceivedAt.Sub(time.Unix(stamp, 0)); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: webhook-timestamp is more than 5 minutes off", ErrSignature)
	}
	return nil
}

// signedStandard checks the v1 signatures of Standard Webhooks.
func (k key) signedStandard(r Request) bool {
	for _, raw := range k.hmac {
		hook, err := standardwebhooks.NewWebhookRaw(raw)
		if err == nil && hook.VerifyIgnoringTimestamp(r.Body, r.Header) == nil {
			return true
		}
	}
	return false
}

// signedPlain checks X-Signature-256: sha256=<hex HMAC-SHA256 of the body>.
func (k key) signedPlain(r Request) bool {
	digits, found := strings.CutPrefix(r.Header.Get(headerPlainSignature), plainHMACPrefix)
	given, err := hex.DecodeString(digits)
	if !found || err != nil {
		return false
	}
	for _, raw := range k.hmac {
		mac := hmac.New(sha256.New, raw)
		mac.Write(r.Body)
		if hmac.Equal(given, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// isBearer compares digests, so that the time taken tells nothing of the
// secret, its length included.
func (k key) isBearer(r Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	digest := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return strings.EqualFold(scheme, "bearer") && hmac.Equal(digest[:], k.bearer[:])
}

// sign sets the headers of Standard Webhooks.
func (k key) sign(h http.Header, id string, now time.Time, body []byte) error {
	hook, err := standardwebhooks.NewWebhookRaw(k.hmac[0])
	if err != nil {
		return fmt.Errorf("sign webhook: %w", err)
	}
	signature, err := hook.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign webhook: %w", err)
	}
	h.Set(headerStandardID, id)
	h.Set(headerStandardTimestamp, strconv.FormatInt(now.Unix(), 10))
	h.Set(headerStandardSignature, signature)
	return nil
}
