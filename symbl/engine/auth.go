package engine

import "net/http"

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
	token, left, err := e.tokens.issue(e.now())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	respond(w, http.StatusOK, struct {
		AccessToken string `json:"accessToken"`
		ExpiresIn   int    `json:"expiresIn"` // seconds
	}{token, int(left.Seconds())})
	return nil
}
