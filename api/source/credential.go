package source

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/config"
)

const portHTTPS = "443"

// errOnlyRecordings is what Compose says of a transcript.
var errOnlyRecordings = errors.New("this provider sends recordings only, no transcripts")

// isSecure tells https on port 443 without a user in it: what credentials may
// be sent to.
func isSecure(u *url.URL) bool {
	return u.Scheme == "https" && u.User == nil && (u.Port() == "" || u.Port() == portHTTPS)
}

// isHost tells an address that credentials may be sent to, on one of the hosts.
// Those that begin with a dot stand for every host below them.
func isHost(u *url.URL, hosts ...string) bool {
	name := strings.ToLower(u.Hostname())
	return isSecure(u) && slices.ContainsFunc(hosts, func(host string) bool {
		if !strings.HasPrefix(host, ".") {
			return name == host
		}
		front, below := strings.CutSuffix(name, host)
		return below && front != "" && !slices.Contains(strings.Split(front, "."), "")
	})
}

// basicCredentials is the Authorization header for a user name and password,
// empty without them. hint says what they are.
func basicCredentials(c config.Credentials, hint string) (string, error) {
	switch {
	case c.Token != "":
		return "", errors.New("credentials.token: " + hint)
	case (c.Username == "") != (c.Password == ""):
		return "", errors.New("credentials: username and password must be set together")
	case c.Username == "":
		return "", nil
	}
	return basic(c.Username, c.Password), nil
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// bearerCredentials is the Authorization header for a token, empty without one.
func bearerCredentials(c config.Credentials, hint string) (string, error) {
	switch {
	case c.Username != "" || c.Password != "":
		return "", errors.New("credentials: " + hint)
	case c.Token == "":
		return "", nil
	}
	return "Bearer " + c.Token, nil
}

// atLeast gives the values of the secrets, which must have so many bytes; what
// says in an error which secret is meant.
func (s setup) atLeast(bytes int, what string) ([]string, error) {
	var values []string
	for _, secret := range s.secrets {
		if len(secret.value) < bytes {
			return nil, fmt.Errorf("%s: must have at least %d bytes: %s", secret.key, bytes, what)
		}
		values = append(values, secret.value)
	}
	return values, nil
}

// equal compares a token with a secret by their digests, so that the time taken
// tells nothing of the secret, its length included.
func equal(given, secret string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
