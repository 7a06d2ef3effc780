package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	tokenLife = 24 * time.Hour
	// A client that trusts expiresIn asks again shortly before the end, and
	// must then get a token that it can use.
	tokenRenew = 10 * time.Minute
)

var errToken = errors.New("token validation failed")

// tokens makes and checks access tokens. A token says itself how long it
// lives, so any engine on the same NATS can check it.
type tokens struct {
	account credentials
	key     []byte

	mu      sync.Mutex
	current issued
}

// issued is a token that is given again while it lives, by every engine.
type issued struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// newTokens signs with a key of the secret and the credentials: tokens of
// credentials that were changed are worthless.
func newTokens(account credentials, root secret) *tokens {
	mac := hmac.New(sha256.New, root.Key)
	mac.Write([]byte(account.AppID + "\x00" + account.AppSecret))
	return &tokens{account: account, key: mac.Sum(nil)}
}

// issue gives the current token and how long it still lives: the one that this
// engine knows, or the one that share knows or now gets.
func (t *tokens) issue(now time.Time, share func(usable func(issued) bool, fresh issued) (issued, error)) (issued, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	usable := func(i issued) bool { return i.Expires.Sub(now) > tokenRenew && t.check(i.Token, now) == nil }
	if usable(t.current) {
		return t.current, nil
	}
	fresh, err := t.sign(now)
	if err != nil {
		return issued{}, err
	}
	t.current, err = share(usable, fresh)
	return t.current, err
}

func (t *tokens) sign(now time.Time) (issued, error) {
	expires := now.Add(tokenLife)
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   t.account.AppID,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(expires),
	}).SignedString(t.key)
	return issued{Token: signed, Expires: expires}, err
}

// check gives errToken for a token that is not ours or has expired.
func (t *tokens) check(token string, now time.Time) error {
	_, err := jwt.ParseWithClaims(token, &jwt.RegisteredClaims{},
		func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithSubject(t.account.AppID),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	if err != nil {
		return errToken
	}
	return nil
}
