package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
)

// credentials are what clients ask a token with.
type credentials struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret"`
}

// is compares in constant time.
func (c credentials) is(other credentials) bool {
	id := sameSecret(c.AppID, other.AppID)
	secret := sameSecret(c.AppSecret, other.AppSecret)
	return id&secret == 1
}

func sameSecret(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// secret is the root of what the engine signs. All engines on one NATS share
// it.
type secret struct {
	Key []byte `json:"key"`
}

const (
	secretBytes    = 32
	appIDBytes     = 24
	appSecretBytes = 32
)

// openCredentials finds out what clients have to know, and what tokens are
// signed with. What the configuration does not set is made once; engines that
// start at the same time agree, as only one of them can create the entry.
func (e *Engine) openCredentials(ctx context.Context) (secret, error) {
	key, err := ensure(ctx, e.store, keySecret, secret{Key: randomBytes(secretBytes)})
	if err != nil {
		return secret{}, fmt.Errorf("open the engine's secret: %w", err)
	}
	e.account = credentials{AppID: e.cfg.AppID, AppSecret: e.cfg.AppSecret}
	if e.account.AppID != "" && e.account.AppSecret != "" {
		return key, nil
	}
	made, err := ensure(ctx, e.store, keyCredentials, credentials{
		AppID:     hex.EncodeToString(randomBytes(appIDBytes)),
		AppSecret: hex.EncodeToString(randomBytes(appSecretBytes)),
	})
	if err != nil {
		return secret{}, fmt.Errorf("open the engine's credentials: %w", err)
	}
	if e.account.AppID == "" {
		e.account.AppID = made.AppID
	}
	if e.account.AppSecret == "" {
		e.account.AppSecret = made.AppSecret
	}
	return key, nil
}

// randomBytes never fails: crypto/rand ends the process where it would.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
