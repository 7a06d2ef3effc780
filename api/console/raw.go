package console

import (
	"encoding/json"
	"net/http"

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
		raw, err := json.MarshalIndent(part.of, "", "  ")
		if err != nil {
			return err
		}
		*part.to = string(raw)
	}
	return s.render(c, http.StatusOK, "raw", page)
}
