package source

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const (
	vonageName     = "vonage"
	vonageIssuer   = "Vonage"
	downloadExpiry = 15 * time.Minute // of the tokens we make for downloads
)

// vonage is Vonage Voice's recording event, a signed callback
// (developer.vonage.com, "Voice API webhook reference" and "Signed webhooks").
type vonage struct {
	secrets     []string
	application string          // id; empty: any application of the account
	key         *rsa.PrivateKey // of the application; nil without credentials
	now         func() time.Time
}

var _ Provider = (*vonage)(nil)

func newVonage(s setup) (Provider, error) {
	v := &vonage{application: s.credentials.Username, now: time.Now}
	var err error
	if v.secrets, err = s.atLeast(minSecretBytes, "it is the account's signature secret"); err != nil {
		return nil, err
	}
	switch c := s.credentials; {
	case c == (config.Credentials{}):
	case c.Token != "" || c.Username == "" || c.Password == "":
		return nil, errors.New("credentials: username is the application's id and password its private key")
	default:
		if v.key, err = jwt.ParseRSAPrivateKeyFromPEM([]byte(c.Password)); err != nil {
			return nil, errors.New("credentials.password: must be the application's RSA private key in PEM")
		}
	}
	return v, nil
}

// vonageClaims are what a signed callback says of itself.
type vonageClaims struct {
	PayloadHash   string `json:"payload_hash"`
	APIKey        string `json:"api_key,omitempty"`
	ApplicationID string `json:"application_id,omitempty"`
	jwt.RegisteredClaims
}

// Verify checks the token, and that it is of this body: without the hash it
// only proves that some callback was signed.
func (v *vonage) Verify(r Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return fmt.Errorf("%w: there is no bearer token", ErrSignature)
	}
	c, err := verifyHS256(strings.TrimSpace(token), v.secrets, func() *vonageClaims { return &vonageClaims{} }, r.ReceivedAt)
	switch {
	case err != nil:
		return err
	case c.Issuer != vonageIssuer:
		return fmt.Errorf("%w: the token is not Vonage's", ErrSignature)
	case v.application != "" && c.ApplicationID != "" && c.ApplicationID != v.application:
		return fmt.Errorf("%w: the token is of another application", ErrSignature)
	case c.IssuedAt == nil:
		return fmt.Errorf("%w: the token has no time", ErrSignature)
	case !isHashOf(c.PayloadHash, r.Body):
		return fmt.Errorf("%w: the token is of another body", ErrSignature)
	}
	if age := r.ReceivedAt.Sub(c.IssuedAt.Time); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: the token is more than 5 minutes off", ErrSignature)
	}
	return nil
}

func isHashOf(given string, body []byte) bool {
	sum := sha256.Sum256(body)
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(given)), []byte(hex.EncodeToString(sum[:]))) == 1
}

// Authorisation is a token of the application, for Vonage's hosts.
func (v *vonage) Authorisation(u *url.URL) string {
	if v.key == nil || !isHost(u, ".nexmo.com", ".vonage.com") {
		return ""
	}
	now := v.now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, vonageClaims{
		ApplicationID: v.application, RegisteredClaims: jwt.RegisteredClaims{
			ID: rand.Text(), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(downloadExpiry)),
		},
	}).SignedString(v.key)
	if err != nil {
		return "" // the key was read: it signs
	}
	return "Bearer " + token
}

type vonageEvent struct {
	URL          scalar `json:"recording_url"`
	UUID         scalar `json:"recording_uuid"`
	Conversation scalar `json:"conversation_uuid"`
	Start        scalar `json:"start_time"`
	End          scalar `json:"end_time"`
}

// Normalise reads a recording event. Other events may come to the same URL:
// they have neither the recording's id nor its URL.
func (v *vonage) Normalise(r Request) (Delivery, error) {
	if contentType(r.Header) != contentTypeJSON {
		return Delivery{}, unsupported(contentTypeJSON)
	}
	e, err := decodeJSON[vonageEvent](r.Body, "")
	if err != nil {
		return Delivery{}, err
	}
	if e.URL == "" && e.UUID == "" {
		return ignored("not a recording event")
	}
	if err := checkID("recording_uuid", string(e.UUID)); err != nil {
		return Delivery{}, err
	}
	rec := events.Recording{
		Provider: vonageName, ID: string(e.UUID), MediaURL: string(e.URL),
		StartedAt: e.Start.time(), Seconds: between(e.Start.time(), e.End.time()),
		Labels: labelled("conversation", e.Conversation.text()),
	}
	return one(rec, 0), checkMediaURL("recording_url", rec.MediaURL)
}

// Compose makes a signed recording event, which carries no numbers.
func (v *vonage) Compose(o Outline, u *url.URL, now time.Time) (Request, error) {
	if err := o.recordingOnly(); err != nil {
		return Request{}, err
	}
	start := o.StartedAt
	if start.IsZero() {
		start = now
	}
	const layout = "2006-01-02T15:04:05.000Z"
	r, err := composeJSON(u, now, map[string]any{
		"start_time": start.UTC().Format(layout), "end_time": start.Add(time.Duration(o.Seconds * float64(time.Second))).UTC().Format(layout),
		"recording_url": o.RecordingURL, "recording_uuid": o.ID, "size": 0,
		"conversation_uuid": "CON-trackerbell", "timestamp": now.UTC().Format(layout),
	})
	if err != nil || len(v.secrets) == 0 {
		return r, err
	}
	sum := sha256.Sum256(r.Body)
	token, err := signHS256(vonageClaims{
		PayloadHash: hex.EncodeToString(sum[:]), ApplicationID: v.application,
		RegisteredClaims: jwt.RegisteredClaims{Issuer: vonageIssuer, IssuedAt: jwt.NewNumericDate(now), ID: rand.Text()},
	}, v.secrets[len(v.secrets)-1])
	r.Header.Set("Authorization", "Bearer "+token)
	return r, err
}
