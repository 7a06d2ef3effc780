package source

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/trackerbell/trackerbell/events"
)

// spoken is one utterance as JSON brings it. Absent and null are the same.
type spoken struct {
	Speaker string   `json:"speaker"`
	Text    *string  `json:"text"`
	Start   float64  `json:"start"`
	End     *float64 `json:"end"`
}

// utterances reads the elements of a transcript one by one, so that an error
// names the element: "transcript[2].start".
func utterances(raw []json.RawMessage) ([]events.Utterance, error) {
	if len(raw) > maxUtterances {
		return nil, unusable("transcript", fmt.Sprintf("holds more than %d utterances", maxUtterances))
	}
	all := make([]events.Utterance, 0, len(raw))
	for i, element := range raw {
		at := fmt.Sprintf("transcript[%d]", i)
		s, err := decodeJSON[*spoken](element, at)
		if err != nil {
			return nil, err
		}
		if s == nil {
			return nil, unusable(at, "must be an object")
		}
		u, err := s.utterance(at)
		if err != nil {
			return nil, err
		}
		all = appendSpoken(all, u)
	}
	if len(all) == 0 {
		return nil, unusable("transcript", "holds no text")
	}
	return all, nil
}

func (s *spoken) utterance(at string) (events.Utterance, error) {
	u := events.Utterance{Speaker: short(s.Speaker, maxNameBytes), Start: s.Start, End: s.Start}
	switch {
	case s.Text == nil:
		return u, unusable(at+".text", "is required")
	case s.Start < 0:
		return u, unusable(at+".start", "must not be negative")
	case s.Start > maxSeconds:
		return u, unusable(at+".start", "is too large")
	case s.End != nil && *s.End > maxSeconds:
		return u, unusable(at+".end", "is too large")
	}
	u.Text = clean(*s.Text)
	if s.End != nil {
		u.End = max(u.Start, *s.End)
	}
	return u, nil
}

// appendSpoken drops an utterance in which nothing is said.
func appendSpoken(all []events.Utterance, u events.Utterance) []events.Utterance {
	if strings.TrimSpace(u.Text) == "" {
		return all
	}
	return append(all, u)
}
