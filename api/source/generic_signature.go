package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
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
	written string
	// hmac are the keys that the secret may stand for, the one to sign with
	// first. Standard Webhooks libraries decode a secret as base64 with or
	// without the prefix; plain HMAC takes its bytes as they are written.
	hmac [][]byte
}

func newKey(s secret) (key, error) {
	k := key{written: s.value}
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

// begin reads what a request says of its signature. What is left to be done is
// in the proof: the body goes through it.
func (g *generic) begin(r Request) (*proof, error) {
	switch {
	case r.Header.Get(headerStandardSignature) != "":
		stamp := r.Header.Get(headerStandardTimestamp)
		if err := checkStamp(stamp, r.ReceivedAt, tolerance); err != nil {
			return nil, err
		}
		return g.prove(r.Header.Get(headerStandardID)+"."+stamp+".", standardSignatures(r.Header.Get(headerStandardSignature))), nil
	case r.Header.Get(headerPlainSignature) != "":
		digits, found := strings.CutPrefix(r.Header.Get(headerPlainSignature), plainHMACPrefix)
		given, err := hex.DecodeString(digits)
		if !found || err != nil {
			return nil, fmt.Errorf("%w: %s is not sha256= and hex digits", ErrSignature, headerPlainSignature)
		}
		return g.prove("", [][]byte{given}), nil
	case r.Header.Get("Authorization") != "":
		if !slices.ContainsFunc(g.keys, func(k key) bool { return k.isBearer(r) }) {
			return nil, fmt.Errorf("%w: the bearer is no secret of the source", ErrSignature)
		}
		return &proof{given: true}, nil
	}
	return nil, fmt.Errorf("%w: the request carries none", ErrSignature)
}

// standardSignatures are the v1 ones of a list; other versions are not ours.
func standardSignatures(list string) [][]byte {
	var all [][]byte
	for _, one := range strings.Fields(list) {
		if encoded, found := strings.CutPrefix(one, "v1,"); found {
			if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
				all = append(all, raw)
			}
		}
	}
	return all
}

// proof checks an HMAC-SHA256 over a body that is written to it.
type proof struct {
	macs  []hash.Hash // one for each key that may have signed
	want  [][]byte
	given bool // nothing is left to be proved
}

func (g *generic) prove(before string, want [][]byte) *proof {
	p := &proof{want: want}
	for _, k := range g.keys {
		for _, raw := range k.hmac {
			mac := hmac.New(sha256.New, raw)
			mac.Write([]byte(before))
			p.macs = append(p.macs, mac)
		}
	}
	return p
}

// Write takes a piece of the body.
func (p *proof) Write(piece []byte) (int, error) {
	for _, mac := range p.macs {
		mac.Write(piece)
	}
	return len(piece), nil
}

// Given tells whether the headers were proof enough.
func (p *proof) Given() bool { return p.given }

// Check tells whether the body that was written is the one that was signed.
func (p *proof) Check() error {
	if p.given {
		return nil
	}
	for _, mac := range p.macs {
		sum := mac.Sum(nil)
		if slices.ContainsFunc(p.want, func(w []byte) bool { return hmac.Equal(w, sum) }) {
			return nil
		}
	}
	return fmt.Errorf("%w: it fits no secret of the source", ErrSignature)
}

// isBearer tells whether the request carries the secret itself.
func (k key) isBearer(r Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "bearer") && equal(strings.TrimSpace(token), k.written)
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
