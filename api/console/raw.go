package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/labstack/echo/v4"

	"github.com/trackerbell/trackerbell/api/access"
	"github.com/trackerbell/trackerbell/events"
)

// rawPage is what is stored of a recording, as it is stored but for secrets.
type rawPage struct {
	frame
	Key                   string
	Entry, Ready, Matches string // JSON
}

const withheld = "(secret)"

// rawEvents is GET /recordings/{key}/events.
func (s *Console) rawEvents(c echo.Context, v access.Visitor) error {
	key := keyOf(c)
	story, err := s.Store.Story(c.Request().Context(), key)
	if err != nil {
		return err
	}
	if err := s.audit(c, v, events.DeedRead, key, "raw events"); err != nil {
		return err
	}
	for _, secret := range []*string{&story.Recording.MediaURL, &story.Recording.MediaToken} {
		if *secret != "" {
			*secret = withheld
		}
	}
	page := rawPage{frame: s.newFrame(c, v, "/", "Events of "+key), Key: key}
	for _, part := range []struct {
		to *string
		of any
	}{{&page.Entry, story.Entry}, {&page.Ready, story.Recording}, {&page.Matches, story.Trackers}} {
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
