package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/slack-go/slack"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// maxInteractionBytes is above what Slack sends: a message with its blocks.
const maxInteractionBytes = 256 << 10

// Opinions takes what people think of alerts. *events.Service implements it.
type Opinions interface {
	// GiveFeedback stores an opinion durably; events.ErrNotFound if there is no
	// such alert.
	GiveFeedback(ctx context.Context, key, alertID string, f notify.Feedback) error
}

type interactions struct {
	secret   string
	opinions Opinions
	now      func() time.Time
}

// interaction is what we read of Slack's block_actions payload
// (docs.slack.dev/reference/interaction-payloads/block_actions-payload).
type interaction struct {
	Type string `json:"type"`
	User struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	} `json:"user"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
	} `json:"actions"`
}

// handle is POST /slack/interactions. Slack wants a 200 within three seconds,
// also for what is nothing to us, such as the button of a link.
func (h *interactions) handle(c echo.Context) error {
	body, err := readBody(c, maxInteractionBytes)
	if err != nil {
		return err
	}
	if err := h.verify(c.Request().Header, body); err != nil {
		return problem(http.StatusUnauthorized, "", "the signature or its time stamp is not Slack's")
	}
	in, err := parseInteraction(body)
	if err != nil {
		return err
	}
	for _, a := range in.Actions {
		id, key, whole := strings.Cut(a.Value, " ")
		if !whole || a.ActionID != notify.ActionUseful && a.ActionID != notify.ActionFalseAlarm {
			continue
		}
		f := notify.Feedback{User: in.User.ID, Name: in.name(), Useful: a.ActionID == notify.ActionUseful, At: h.now().UTC()}
		err := h.opinions.GiveFeedback(c.Request().Context(), key, id, f)
		if err != nil && !errors.Is(err, events.ErrNotFound) { // forgotten since
			return err
		}
	}
	return c.NoContent(http.StatusOK)
}

func (in interaction) name() string {
	if in.User.Name != "" {
		return in.User.Name
	}
	return in.User.Username
}

// verify checks X-Slack-Signature and that X-Slack-Request-Timestamp is no
// more than five minutes off
// (docs.slack.dev/authentication/verifying-requests-from-slack).
func (h *interactions) verify(header http.Header, body []byte) error {
	verifier, err := slack.NewSecretsVerifier(header, h.secret)
	if err != nil {
		return err
	}
	if _, err := verifier.Write(body); err != nil {
		return err
	}
	return verifier.Ensure()
}

// parseInteraction reads the form's payload.
func parseInteraction(body []byte) (interaction, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return interaction{}, problem(http.StatusBadRequest, "", "the body is not a form")
	}
	var in interaction
	if err := json.Unmarshal([]byte(form.Get("payload")), &in); err != nil {
		return interaction{}, problem(http.StatusBadRequest, "payload", "is not a JSON object")
	}
	if in.Type != "block_actions" {
		in.Actions = nil // shortcuts and views are not ours
	}
	if len(in.Actions) > 0 && in.User.ID == "" {
		return interaction{}, problem(http.StatusUnprocessableEntity, "user.id", "is missing")
	}
	return in, nil
}
