package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// rawPage is what is stored of a recording, as it is stored but for secrets.
type rawPage struct {
	frame
	Key                   string
	Entry, Ready, Matches string // JSON
}

const withheld = "(secret)"

// Raw is what is stored of a recording, for an operator, with what was said redacted
// as its source wants it. Of Ready nothing, and
// of Matches only the names, is left once nats.maxAge has passed.
type Raw struct {
	Ledger  events.Entry     `json:"ledger"`
	Ready   events.Recording `json:"ready"`   // as it came in, without its secrets
	Matches []notify.Tracker `json:"matches"` // never null
}

// Raw reads what is stored of a recording; events.ErrNotFound if there is none.
func (s *Console) Raw(ctx context.Context, key string) (Raw, error) {
	story, err := s.Store.Story(ctx, key)
	if err != nil {
		return Raw{}, err
	}
	for _, secret := range []*string{&story.Recording.MediaURL, &story.Recording.MediaToken} {
		if *secret != "" {
			*secret = withheld
		}
	}
	if story.Trackers == nil {
		story.Trackers = []notify.Tracker{}
	}
	return Raw{story.Entry, story.Recording, story.Trackers}, nil
}

// rawEvents is GET /recordings/{key}/events.
func (s *Console) rawEvents(c echo.Context, v access.Visitor) error {
	key := keyOf(c)
	raw, err := s.Raw(c.Request().Context(), key)
	if err != nil {
		return err
	}
	if err := s.audit(c, v, events.DeedRead, key, "raw events"); err != nil {
		return err
	}
	page := rawPage{frame: s.newFrame(c, v, "/", "Events of "+key), Key: key}
	for _, part := range []struct {
		to *string
		of any
	}{{&page.Entry, raw.Ledger}, {&page.Ready, raw.Ready}, {&page.Matches, raw.Matches}} {
		text, err := readable(part.of)
		if err != nil {
			return err
		}
		*part.to = text
	}
	return s.render(c, http.StatusOK, "raw", page)
}

// readable is JSON for people: what is invisible in its texts, or reorders
// them, is written as an escape.
func readable(value any) (string, error) {
	var raw bytes.Buffer
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false) // the template does
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return "", err
	}
	var text strings.Builder
	for _, r := range raw.String() {
		switch {
		case r == '\n' || unicode.IsGraphic(r):
			text.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&text, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&text, `\u%04x`, r)
		}
	}
	return text.String(), nil
}
