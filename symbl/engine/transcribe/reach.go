package transcribe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// maxModels is how many bytes of a list of models are read.
const maxModels = 4 << 20

// Reach asks the server for its models (GET {BaseURL}/models, which not every
// server has) and says in a line what answered. An error says that recordings would
// not be heard: nothing answers, the key is refused, or the server has troubles.
func (o *OpenAI) Reach(ctx context.Context) (string, error) {
	u, err := url.Parse(o.cfg.BaseURL)
	if err != nil {
		return "", errors.New("the base URL is not an http or https address")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("models").String(), nil)
	if err != nil {
		return "", fmt.Errorf("make a request: %w", err)
	}
	if o.cfg.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+o.cfg.APIKey)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return "", o.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden, resp.StatusCode >= http.StatusInternalServerError:
		return "", o.refusal(resp)
	case resp.StatusCode != http.StatusOK:
		return o.host() + " answers, and does not list its models", nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxModels))
	var list models
	if err != nil || json.Unmarshal(body, &list) != nil || len(list.Data) == 0 {
		return o.host() + " answers, and does not list its models", nil
	}
	if !slices.Contains(list.Data, model{o.cfg.Model}) {
		return fmt.Sprintf("%s answers, and does not list the model %s: engine.openai.model names it", o.host(), o.cfg.Model), nil
	}
	return fmt.Sprintf("%s has the model %s", o.host(), o.cfg.Model), nil
}

// models is the answer to GET {BaseURL}/models.
type models struct {
	Data []model `json:"data"`
}

type model struct {
	ID string `json:"id"`
}

// Reach says which program is run: NewCommand has found it.
func (c *Command) Reach(context.Context) (string, error) { return "the program " + c.argv[0], nil }
