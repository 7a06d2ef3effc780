package engine

import (
	"context"
	"errors"
	"net/http"
)

// generateToken is POST /oauth2/token:generate.
func (e *Engine) generateToken(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxTokenBody)
	if err != nil {
		return err
	}
	f, err := parseForm(body)
	if err != nil {
		return err
	}
	given := credentials{AppID: f.text("appId"), AppSecret: f.text("appSecret")}
	if kind := f.text("type"); kind != "" && kind != "application" {
		f.fail(invalid("type", "must be application"))
	}
	if err := f.first; err != nil { // further fields are tolerated: SDKs send some
		return err
	}
	if !e.account.is(given) {
		return refuse(http.StatusUnauthorized, "appId or appSecret is wrong.")
	}
	now := e.now()
	token, err := e.tokens.issue(now, func(usable func(issued) bool, fresh issued) (issued, error) {
		return e.shareToken(r.Context(), usable, fresh)
	})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	respond(w, http.StatusOK, struct {
		AccessToken string `json:"accessToken"`
		ExpiresIn   int    `json:"expiresIn"` // seconds
	}{token.Token, int(token.Expires.Sub(now).Seconds())})
	return nil
}

// shareToken gives the token that all engines give, which is the fresh one if
// that of before is not usable any more.
func (e *Engine) shareToken(ctx context.Context, usable func(issued) bool, fresh issued) (issued, error) {
	shared, err := ensure(ctx, e.store, keyToken, fresh)
	if err != nil || usable(shared) {
		return shared, err
	}
	shared, err = change(ctx, e.store, keyToken, func(i *issued) error {
		if usable(*i) { // another was faster
			return errUnchanged
		}
		*i = fresh
		return nil
	})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return shared, err
}
