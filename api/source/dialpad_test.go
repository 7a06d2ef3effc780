package source_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
)

func dialpadKit() kit {
	return kit{
		secret: jwtSecret, other: otherToken, short: "fifteen bytes!!", stale: 24 * time.Hour, timeInBody: true,
		sign: func(r *source.Request, secret string, at time.Time) {
			stamp := fmt.Sprint(at.UnixMilli())
			body := strings.Replace(string(r.Body), "1795464416000", stamp, 1)
			r.Body = []byte(compactJWT(hs256, body, secret))
		},
		tamper: func(r *source.Request) {
			parts := strings.Split(string(r.Body), ".")
			r.Body = []byte(parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])))
		},
	}
}

func TestDialpadTokensArePinned(t *testing.T) {
	p := build(t, config.Source{Provider: "dialpad", Secret: jwtSecret})
	claims := `{"state":"recording","event_timestamp":1795464416000}`
	for body, ok := range map[string]bool{
		compactJWT(hs256, claims, jwtSecret):                                true,
		compactJWT(hs256, claims, jwtSecret) + "\n":                         true,
		compactJWT(`{"alg":"none"}`, claims, jwtSecret):                     false,
		compactJWT(`{"alg":"HS512"}`, claims, jwtSecret):                    false,
		compactJWT(hs256, `{"state":"recording"}`, jwtSecret):               false,
		compactJWT(hs256, `{"event_timestamp":"soon"}`, jwtSecret):          false,
		compactJWT(hs256, `{"event_timestamp":"1795464416000"}`, jwtSecret): true,
		compactJWT(hs256, `{"event_timestamp":1e300}`, jwtSecret):           false,
		claims:      false, // bare JSON
		"":          false,
		"a.b.c":     false,
		"a.b.c.d.e": false,
	} {
		r := jsonRequest(body, map[string]string{"Content-Type": "application/jwt"})
		if ok {
			require.NoError(t, p.Verify(r), body)
			continue
		}
		require.ErrorIs(t, p.Verify(r), source.ErrSignature, body)
	}
}

func TestDialpadCredentialsGoToDialpadOnly(t *testing.T) {
	p := build(t, config.Source{Provider: "dialpad", Secret: jwtSecret, Credentials: config.Credentials{Token: "hush"}})
	for address, want := range map[string]string{
		"https://dialpad.com/r/1":                "Bearer hush",
		"https://www.dialpad.com/r/1":            "Bearer hush",
		"http://dialpad.com/r/1":                 "",
		"https://dialpad.com:8443/r/1":           "",
		"https://dialpad.com.evil.example/r/1":   "",
		"https://evildialpad.com/r/1":            "",
		"https://storage.googleapis.com/r/1?x=y": "",
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, want, p.Authorisation(u), address)
	}
}
