package source

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

// scalar is a string, number or boolean of a payload, as text. Whatever else
// stands in its place is empty: where a value is needed that is refused by
// name, and elsewhere the recording is worth more than the field.
type scalar string

// UnmarshalJSON takes any JSON value.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	*s = ""
	var text string
	switch {
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		*s = scalar(text)
	case raw[0] != '{' && raw[0] != '[' && !bytes.Equal(raw, []byte("null")):
		*s = scalar(raw)
	}
	return nil
}

// maybe is an object that is not needed: of another shape it is empty.
type maybe[T any] struct{ is T }

// UnmarshalJSON takes any JSON value.
func (m *maybe[T]) UnmarshalJSON(raw []byte) error {
	var is T
	if json.Unmarshal(raw, &is) == nil {
		m.is = is
	}
	return nil
}

// named is an object with a name, such as a user.
type named = maybe[struct {
	Name scalar `json:"name"`
}]

// phone is the number in E.164 where it can be told, with digits of a country
// code and no plus included.
func (s scalar) phone() string {
	if digits := string(s); len(digits) > 10 && strings.Trim(digits, "0123456789") == "" && digits[0] != '0' {
		return phone("+" + digits)
	}
	return phone(string(s))
}

// text is the value as a label or a name.
func (s scalar) text() string { return short(string(s), maxNameBytes) }

// time reads RFC 3339; zero where it is odd.
func (s scalar) time() time.Time {
	at, err := startedAt(string(s))
	if err != nil {
		return time.Time{}
	}
	return at
}

// unix reads a count of units since 1970; zero where it is odd.
func (s scalar) unix(unit time.Duration) time.Time {
	n, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil || n <= 0 || n > int64(1<<62)/int64(unit) {
		return time.Time{}
	}
	return time.Unix(0, 0).Add(time.Duration(n) * unit).UTC()
}

// seconds reads a number of units, each so many seconds long; 0 where it is odd.
func (s scalar) seconds(unit float64) float64 {
	n, err := strconv.ParseFloat(string(s), 64)
	if err != nil || !(n > 0 && n*unit <= maxSeconds) { // NaN is none of these
		return 0
	}
	return n * unit
}

// direction reads inbound, outbound and what begins with them, in any case.
func (s scalar) direction() string { return twilioDirection(strings.ToLower(string(s))) }

// between is the number of seconds from start to end; 0 where one is unknown.
func between(start, end time.Time) float64 {
	if start.IsZero() || end.IsZero() || end.Before(start) {
		return 0
	}
	return min(end.Sub(start).Seconds(), maxSeconds)
}

// sides gives the caller and the one who was called: of a call with direction,
// from the other party's number and our own.
func sides(direction, theirs, ours string) (from, to string) {
	if direction == directionOut {
		return ours, theirs
	}
	return theirs, ours
}

// labelled is one label, or none where its value is empty.
func labelled(name, value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{name: value}
}

// one is a delivery of a single recording, answered with status.
func one(rec events.Recording, status int) Delivery {
	return Delivery{Recordings: []events.Recording{rec}, Status: status}
}

// several is a delivery of many recordings, answered with status. What one of
// them lacks does not keep the others out; none says why there may be none at all.
func several(recs []events.Recording, faulty error, status int, none string) (Delivery, error) {
	if len(recs) > 0 {
		return Delivery{Recordings: recs, Unusable: faulty, Status: status}, nil
	}
	if faulty != nil {
		return Delivery{}, faulty
	}
	return ignored(none)
}

// ignored is a delivery without a finished recording.
func ignored(why string) (Delivery, error) { return Delivery{Ignored: why}, nil }

// eventName is the name of an event for an answer: strangers' text is not
// repeated.
func eventName(name string, known ...string) string {
	for _, k := range known {
		if name == k {
			return "event " + name
		}
	}
	return "the event carries no finished recording"
}
