package source

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// verifyHS256 checks a token against each secret and gives its claims. The
// algorithm is pinned: a token chooses nothing about how it is verified.
func verifyHS256[C jwt.Claims](token string, secrets []string, into func() C, now time.Time) (C, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithLeeway(tolerance))
	for _, secret := range secrets {
		claims := into()
		key := func(*jwt.Token) (any, error) { return []byte(secret), nil }
		if _, err := parser.ParseWithClaims(token, claims, key); err == nil {
			return claims, nil
		}
	}
	var none C
	return none, fmt.Errorf("%w: the token fits no secret", ErrSignature)
}

// signHS256 makes a token.
func signHS256(claims jwt.Claims, secret string) (string, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		return "", fmt.Errorf("sign webhook: %w", err)
	}
	return token, nil
}
