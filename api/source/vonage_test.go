package source_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

const (
	jwtSecret  = "signature secret of the account"
	otherToken = "another secret that is long enough"
)

// compactJWT makes a token by hand: header and claims in base64url, and their
// HMAC-SHA256.
func compactJWT(header, claims, secret string) string {
	enc := base64.RawURLEncoding
	message := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims))
	return message + "." + enc.EncodeToString(mac(secret, message))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

func vonageClaims(t *testing.T, body []byte, at time.Time, change map[string]any) string {
	t.Helper()
	sum := sha256.Sum256(body)
	claims := map[string]any{
		"iat": at.Unix(), "jti": "j1", "iss": "Vonage", "payload_hash": hex.EncodeToString(sum[:]),
		"api_key": "abcd", "application_id": "app-1",
	}
	for name, value := range change {
		claims[name] = value
	}
	raw, err := json.Marshal(claims)
	require.NoError(t, err)
	return string(raw)
}

func vonageKit() kit {
	return kit{
		secret: jwtSecret, other: otherToken, short: "fifteen bytes!!", stale: 5 * time.Minute,
		sign: func(r *source.Request, secret string, at time.Time) {
			claims := vonageClaims(&testing.T{}, r.Body, at, nil)
			r.Header.Set("Authorization", "Bearer "+compactJWT(hs256, claims, secret))
		},
		tamper: func(r *source.Request) {
			parts := strings.Split(r.Header.Get("Authorization"), ".")
			parts[2] = strings.Repeat("A", len(parts[2]))
			r.Header.Set("Authorization", strings.Join(parts, "."))
		},
		unlike: func(o *source.Outline) { o.From, o.To, o.Direction = "", "", "" },
	}
}

func TestVonageTokensAreOfThisBodyAndPinned(t *testing.T) {
	p := build(t, config.Source{Provider: "vonage", Secret: jwtSecret})
	body := []byte(vector)
	claims := func(change map[string]any) string { return vonageClaims(t, body, now(), change) }
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	asymmetric, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": "Vonage", "iat": now().Unix()}).SignedString(rs)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		token string
		ok    bool
	}{
		"good":                    {"Bearer " + compactJWT(hs256, claims(nil), jwtSecret), true},
		"bearer in lower case":    {"bearer " + compactJWT(hs256, claims(nil), jwtSecret), true},
		"hash in capitals":        {"Bearer " + compactJWT(hs256, claims(map[string]any{"payload_hash": strings.ToUpper(hex.EncodeToString(hash(body)))}), jwtSecret), true},
		"no algorithm":            {"Bearer " + compactJWT(`{"alg":"none"}`, claims(nil), jwtSecret), false},
		"no signature":            {"Bearer " + strings.TrimRight(compactJWT(`{"alg":"none"}`, claims(nil), ""), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"), false},
		"another algorithm":       {"Bearer " + compactJWT(`{"alg":"HS512"}`, claims(nil), jwtSecret), false},
		"RS256":                   {"Bearer " + asymmetric, false},
		"another issuer":          {"Bearer " + compactJWT(hs256, claims(map[string]any{"iss": "Mallory"}), jwtSecret), false},
		"no issuer":               {"Bearer " + compactJWT(hs256, claims(map[string]any{"iss": nil}), jwtSecret), false},
		"no time":                 {"Bearer " + compactJWT(hs256, claims(map[string]any{"iat": nil}), jwtSecret), false},
		"no hash":                 {"Bearer " + compactJWT(hs256, claims(map[string]any{"payload_hash": nil}), jwtSecret), false},
		"hash of another body":    {"Bearer " + compactJWT(hs256, claims(map[string]any{"payload_hash": strings.Repeat("0", 64)}), jwtSecret), false},
		"expired":                 {"Bearer " + compactJWT(hs256, claims(map[string]any{"exp": now().Add(-time.Hour).Unix()}), jwtSecret), false},
		"time that is no time":    {"Bearer " + compactJWT(hs256, claims(map[string]any{"iat": "now"}), jwtSecret), false},
		"basic":                   {"Basic " + compactJWT(hs256, claims(nil), jwtSecret), false},
		"claims that are no JSON": {"Bearer " + compactJWT(hs256, "{", jwtSecret), false},
	} {
		t.Run(name, func(t *testing.T) {
			err := p.Verify(jsonRequest(vector, map[string]string{"Authorization": tt.token}))
			if tt.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, source.ErrSignature)
		})
	}
}

func hash(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:]
}

func TestVonageDownloadsCarryATokenOfTheApplication(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	src := config.Source{Provider: "vonage", Secret: jwtSecret, Credentials: config.Credentials{Username: "app-1", Password: private}}
	p := build(t, src)
	for address, ok := range map[string]bool{
		"https://api.nexmo.com/v1/files/1":         true,
		"https://api-us-3.vonage.com/v1/files/1":   true,
		"http://api.nexmo.com/v1/files/1":          false,
		"https://api.nexmo.com:444/v1/files/1":     false,
		"https://api.nexmo.com.evil.example/files": false,
		"https://evilnexmo.com/v1/files/1":         false,
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		token, found := strings.CutPrefix(p.Authorisation(u), "Bearer ")
		require.Equal(t, ok, found, address)
		if ok {
			var claims jwt.MapClaims
			_, err = jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil }, jwt.WithValidMethods([]string{"RS256"}))
			require.NoError(t, err)
			require.Equal(t, "app-1", claims["application_id"])
			require.NotEmpty(t, claims["jti"])
			require.NotEmpty(t, claims["exp"])
		}
	}
	r := jsonRequest(vector, nil)
	r.Header.Set("Authorization", "Bearer "+compactJWT(hs256, vonageClaims(t, r.Body, now(), map[string]any{"application_id": "app-2"}), jwtSecret))
	require.ErrorIs(t, p.Verify(r), source.ErrSignature, "the application is pinned where it is known")

	for _, bad := range []config.Credentials{{Username: "app-1"}, {Password: private}, {Token: "hush"}, {Username: "app-1", Password: "hush"}} {
		_, err := source.New(config.Source{Provider: "vonage", Secret: jwtSecret, Credentials: bad})
		require.ErrorContains(t, err, "credentials")
		require.NotContains(t, err.Error(), "hush")
	}
}
