package symbl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	tokenMargin     = 5 * time.Minute  // a token is renewed with this much left,
	tokenMarginPart = 2                // or with half of its life left, if that is shorter
	unknownLifetime = 10 * time.Minute // of a token that does not tell
)

// token is an access token and its times by the client's clock.
type token struct {
	value   string
	renew   time.Time // from when on a new one is asked for
	expires time.Time
}

// tokens keeps the account's token. Callers that need one at the same time
// share one request for it.
type tokens struct {
	fetch func(context.Context) (token, error)
	now   func() time.Time

	mu      sync.Mutex
	current token
	pending *renewal // nil when nobody is asking
}

// renewal is a token request that is under way; its fields are set when done
// is closed.
type renewal struct {
	done    chan struct{}
	value   string
	err     error
	aborted bool // by the context of the caller who made the request
}

// get returns a token that has not expired, asking for one if need be. The
// wait ends with the caller's own context.
func (t *tokens) get(ctx context.Context) (string, error) {
	for {
		r, mine, value := t.join()
		if r == nil {
			return value, nil
		}
		if mine {
			t.lead(ctx, r)
			return r.value, r.err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		// Another caller who gave up says nothing about the account: ask again.
		if !r.aborted {
			return r.value, r.err
		}
	}
}

// join gives the current token, or the renewal to wait for, or one to carry
// out. While a token is renewed early, the old one serves.
func (t *tokens) join() (r *renewal, mine bool, value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	alive := now.Before(t.current.expires)
	if alive && (now.Before(t.current.renew) || t.pending != nil) {
		return nil, false, t.current.value
	}
	if t.pending != nil {
		return t.pending, false, ""
	}
	t.pending = &renewal{done: make(chan struct{})}
	return t.pending, true, ""
}

// lead carries out a renewal.
func (t *tokens) lead(ctx context.Context, r *renewal) {
	got, err := t.fetch(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(r.done)
	t.pending = nil
	if err == nil {
		t.current = got
	} else if left := t.current.expires.Sub(t.now()); left > 0 && !permanent(err) {
		// Renewed early and in vain: the old token serves on for a while.
		t.current.renew = t.now().Add(left / tokenMarginPart)
		got, err = t.current, nil
	}
	r.value, r.err, r.aborted = got.value, err, err != nil && ctx.Err() != nil
}

func permanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == Permanent
}

// drop forgets a token that the server refused, unless there is a newer one.
func (t *tokens) drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.value == value {
		t.current = token{}
	}
}

// token is a token for a call. Its errors are definite: the call itself was
// not made.
func (c *Client) token(ctx context.Context, op string) (string, error) {
	value, err := c.tokens.get(ctx)
	var e *Error
	switch {
	case err == nil:
		return value, nil
	case !errors.As(err, &e):
		return "", stopped(op, err)
	}
	own := *e // the error of a shared request is shared too
	own.Op, own.Definite = op+": get token", true
	return "", &own
}

// fetchToken makes POST /oauth2/token:generate (docs.symbl.ai,
// Authentication). The server keeps tokens and answers with the same one and
// the lifetime that remains of it, so expiresIn must be believed.
func (c *Client) fetchToken(ctx context.Context) (token, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	body, err := json.Marshal(struct {
		Type      string `json:"type"`
		AppID     string `json:"appId"`
		AppSecret string `json:"appSecret"`
	}{"application", c.cfg.AppID, c.cfg.AppSecret})
	if err != nil {
		return token{}, invalid("get token", err.Error())
	}
	asked := c.now()
	data, err := c.send(ctx, &request{op: "get token", method: http.MethodPost, path: "/oauth2/token:generate", body: body}, "")
	if err != nil {
		return token{}, tokenRefusal(err)
	}
	return readToken(data, asked)
}

func readToken(data []byte, asked time.Time) (token, error) {
	var reply struct {
		AccessToken string `json:"accessToken"`
		ExpiresIn   amount `json:"expiresIn"` // seconds
	}
	if err := json.Unmarshal(data, &reply); err != nil {
		return token{}, unreadable("get token", err)
	}
	if !headerValue(reply.AccessToken) {
		return token{}, unreadable("get token", errors.New("no accessToken in it"))
	}
	life := unknownLifetime
	if reply.ExpiresIn.known && reply.ExpiresIn.value < maxRetryAfter.Seconds() {
		life = max(time.Duration(reply.ExpiresIn.value*float64(time.Second)), time.Second)
	} else if reply.ExpiresIn.known {
		life = maxRetryAfter
	}
	expires := asked.Add(life)
	return token{value: reply.AccessToken, expires: expires, renew: expires.Add(-min(tokenMargin, life/tokenMarginPart))}, nil
}

// tokenRefusal says what a refusal means here: that the account is wrong, and
// never that what the caller asked for does not exist.
func tokenRefusal(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		e.Message = strings.TrimSuffix("appId/appSecret are refused: "+e.Message, ": ")
	case http.StatusNotFound:
		e.Class = Permanent
		e.Message = "there is no token endpoint: check the base URL"
	}
	return err
}

// headerValue tells whether text can stand in a header.
func headerValue(text string) bool {
	if text == "" {
		return false
	}
	for _, b := range []byte(text) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}
