package symbl

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// ident is an id that comes as text or as a number. A null changes nothing.
type ident string

// UnmarshalJSON reads text, or the digits of a number as they stand.
func (i *ident) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		return nil
	case data[0] == '"':
		return json.Unmarshal(data, (*string)(i))
	case data[0] == '-' || '0' <= data[0] && data[0] <= '9':
		*i = ident(digits(string(data)))
		return nil
	}
	return errors.New("an id is neither text nor a number")
}

// digits undoes the exponent that some encoders give large whole numbers.
func digits(number string) string {
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !strings.ContainsAny(number, "eE") || math.Abs(value) >= 1<<63 {
		return number
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// amount is a number that comes as such or as text. Anything else leaves it
// unknown.
type amount struct {
	value float64
	known bool
}

// UnmarshalJSON never fails.
func (a *amount) UnmarshalJSON(data []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(data), `" `), 64)
	if err == nil && !math.IsInf(value, 0) && !math.IsNaN(value) {
		*a = amount{value: value, known: true}
	}
	return nil
}

func (a amount) pointer() *float64 {
	if !a.known {
		return nil
	}
	return &a.value
}

// position is a place in a text, or -1.
func (a amount) position() int {
	if !a.known || a.value < 0 || a.value > math.MaxInt32 {
		return -1
	}
	return int(a.value)
}

// moment is a time in any of the usual formats. Anything else leaves it zero.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data) // a number
	}
	m.Time = parseTime(strings.TrimSpace(text))
	return nil
}

// parseTime takes a time without a zone as UTC, and a number as seconds or
// milliseconds since 1970.
func parseTime(text string) time.Time {
	for _, layout := range []string{
		time.RFC3339Nano,
		"2006-01-02T15:04:05.999999999Z0700",
		"2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999 Z0700",
		"2006-01-02 15:04:05.999999999",
		"2006-01-02T15:04Z07:00",
		time.RFC1123,
		time.RFC1123Z,
		time.DateOnly,
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return marshallable(at)
		}
	}
	const firstMilliseconds = 1e11 // as seconds, the year 5138
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(value) || math.Abs(value) >= 1e15:
		return time.Time{}
	case math.Abs(value) < firstMilliseconds:
		value *= 1000
	}
	return marshallable(time.UnixMilli(int64(value)).UTC())
}

// marshallable drops the times that encoding/json refuses to write.
func marshallable(at time.Time) time.Time {
	if _, err := at.MarshalJSON(); err != nil {
		return time.Time{}
	}
	return at
}
