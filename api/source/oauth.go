package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

// tokenMargin is how long before its end a token is no longer used.
const tokenMargin = time.Minute

// oauth keeps the access token of one client of a provider's authorisation
// server (RFC 6749). It is safe for concurrent use.
type oauth struct {
	client string // Authorization header
	now    func() time.Time

	mu      sync.Mutex
	account string // that access is for
	access  string
	expires time.Time
}

// token gives an access token for the grant, a new one where the last has
// expired or was for another account.
func (o *oauth) token(ctx context.Context, web Client, address string, grant url.Values) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	account := grant.Get("account_id")
	if o.access != "" && o.account == account && o.now().Before(o.expires.Add(-tokenMargin)) {
		return o.access, nil
	}
	const from = "the provider's token endpoint"
	resp, err := web.PostForm(ctx, address, o.client, grant) //nolint:bodyclose // readAnswer closes it
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", from, err)
	}
	raw, err := readAnswer(resp, from)
	if err != nil {
		return "", err
	}
	var answer struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if json.Unmarshal(raw, &answer) != nil || answer.AccessToken == "" {
		return "", errors.New(from + " gives no token")
	}
	o.account, o.access = account, answer.AccessToken
	o.expires = o.now().Add(time.Duration(min(answer.ExpiresIn, maxSeconds) * float64(time.Second)))
	return o.access, nil
}
