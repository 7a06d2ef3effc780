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

const (
	tokenMargin = time.Minute // how long before its end a token is no longer used
	tokenYoung  = 2 * time.Second
)

// oauth keeps the access token of one client of a provider's authorisation
// server (RFC 6749). It is safe for concurrent use.
type oauth struct {
	client string // Authorization header
	now    func() time.Time

	mu      sync.Mutex
	account string // that access is for
	access  string
	got     time.Time
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
	o.got = o.now()
	o.expires = o.got.Add(time.Duration(min(answer.ExpiresIn, maxSeconds) * float64(time.Second)))
	return o.access, nil
}

// forget has the next token be a new one, since the provider refuses the last:
// unless that is so young that another recording's refusal must have led to it.
func (o *oauth) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now().Sub(o.got) > tokenYoung {
		o.access = ""
	}
}
