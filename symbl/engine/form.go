package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// form is a JSON object whose fields are read one by one. The first field that
// is not what it should be becomes its error, which names the field; a null
// is the same as no field.
type form struct {
	path   string // of the object, with a final dot: messages[3].payload.
	fields map[string]json.RawMessage
	asked  map[string][]string // of a query: the values of its fields, as they stand
	read   map[string]bool
	first  error
}

// parseForm reads a body that must be a JSON object.
func parseForm(body []byte) (*form, error) {
	f := newForm("", body)
	if f.first != nil {
		return nil, f.first
	}
	return f, nil
}

func newForm(path string, data []byte) *form {
	f := &form{path: path, asked: map[string][]string{}, read: map[string]bool{}}
	if err := json.Unmarshal(data, &f.fields); err != nil || f.fields == nil {
		what := "the body"
		if path != "" {
			what = strconv.Quote(strings.TrimSuffix(path, "."))
		}
		f.first = refuse(http.StatusBadRequest, "%s must be a JSON object", what)
	}
	for name, value := range f.fields {
		if bytes.Equal(value, []byte("null")) {
			delete(f.fields, name)
		}
	}
	return f
}

// merge adds query parameters that the body does not have. The last of equal
// names counts; arrays and objects are JSON, but where a text is wanted.
func (f *form) merge(query url.Values) {
	for name, values := range query {
		if f.has(name) || name == "" {
			continue
		}
		value := []byte(values[len(values)-1])
		if !json.Valid(value) || value[0] != '[' && value[0] != '{' {
			value, _ = json.Marshal(values[len(values)-1]) // a string always encodes
		}
		f.fields[name], f.asked[name] = value, values
	}
}

// fail notes an error, unless there is one already.
func (f *form) fail(err error) {
	if f.first == nil {
		f.first = err
	}
}

func (f *form) invalid(name, problem string) { f.fail(invalid(f.path+name, problem)) }

// done gives the first error; a field that nobody read is one too.
func (f *form) done() error {
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		if !f.read[name] {
			f.invalid(name, "is not allowed")
		}
	}
	return f.first
}

func (f *form) has(name string) bool {
	_, ok := f.fields[name]
	return ok
}

// field decodes a field into to; without the field it leaves to alone and
// gives false.
func (f *form) field(name, want string, to any) bool {
	f.read[name] = true
	data, ok := f.fields[name]
	if !ok {
		return false
	}
	if err := json.Unmarshal(data, to); err != nil {
		f.invalid(name, "must be "+want)
		return false
	}
	return true
}

func (f *form) text(name string) (value string) {
	if values, ok := f.asked[name]; ok {
		f.read[name] = true
		return values[len(values)-1]
	}
	f.field(name, "a string", &value)
	return value
}

// required is a text that must be there and not be empty.
func (f *form) required(name string) string {
	value := f.text(name)
	if !f.has(name) {
		f.invalid(name, "is required")
	} else if value == "" {
		f.invalid(name, "is not allowed to be empty")
	}
	return value
}

// flag is a boolean, which clients also send as a string.
func (f *form) flag(name string, otherwise bool) bool {
	var value any
	if !f.field(name, "a boolean", &value) {
		return otherwise
	}
	switch v := value.(type) {
	case bool:
		return v
	case string:
		if b, err := strconv.ParseBool(v); err == nil {
			return b
		}
	}
	f.invalid(name, "must be a boolean")
	return otherwise
}

// number is a number within a range, which clients also send as a string.
func (f *form) number(name string, otherwise, low, high float64) float64 {
	var value any
	if !f.field(name, "a number", &value) {
		return otherwise
	}
	n, ok := value.(float64)
	if text, isText := value.(string); isText {
		parsed, err := strconv.ParseFloat(text, 64)
		n, ok = parsed, err == nil
	}
	if !ok {
		f.invalid(name, "must be a number")
	} else if !(n >= low && n <= high) {
		f.invalid(name, fmt.Sprintf("must be from %s to %s", plain(low), plain(high)))
	}
	return n
}

// plain is a number without an exponent.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// integer is number for whole numbers.
func (f *form) integer(name string, otherwise, low, high int) int {
	n := f.number(name, float64(otherwise), float64(low), float64(high))
	if n != math.Trunc(n) {
		f.invalid(name, "must be a whole number")
	}
	return int(n)
}

// texts is an array of strings; in a query it may also be the parameter several
// times.
func (f *form) texts(name string) (value []string) {
	if list, ok := f.asked[name]; ok && f.fields[name][0] == '"' {
		f.read[name] = true
		return list
	}
	f.field(name, "an array of strings", &value)
	return value
}

func (f *form) list(name string) (value []json.RawMessage) {
	f.field(name, "an array", &value)
	return value
}

// object is a field that is an object itself; nil without it. What is wrong
// with the fields of the object it does not know: see done.
func (f *form) object(name string) *form {
	f.read[name] = true
	data, ok := f.fields[name]
	if !ok {
		return nil
	}
	child := newForm(f.path+name+".", data)
	f.fail(child.first)
	return child
}

// instant is a time as ISO 8601 writes it; one without a zone is UTC.
func (f *form) instant(name string) time.Time {
	text := f.text(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	f.invalid(name, "must be a time such as 2020-07-21T16:02:19.010Z")
	return time.Time{}
}

// latestYear leaves room for what comes after a time that was given: JSON has
// no times after the year 9999.
const latestYear = 9998

// lasting is an instant that is kept, and answered as JSON.
func (f *form) lasting(name string) time.Time {
	t := f.instant(name)
	if t.Year() < 1 || t.Year() > latestYear {
		f.invalid(name, fmt.Sprintf("must be in the years 1 to %d, in UTC", latestYear))
	}
	return t
}
