package source

import (
	"encoding/json"
	"errors"
	"reflect"
)

// decodeJSON reads JSON into a T. Wrong types are 422 with the field's path
// below at, anything else that fails is 400. The decoder's own texts are not
// used: they quote the body.
func decodeJSON[T any](data []byte, at string) (T, error) {
	var into T
	err := json.Unmarshal(data, &into)
	if err == nil {
		return into, nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return into, unusable(join(at, wrong.Field), "must be "+nameOf(wrong.Type))
	}
	return into, unparsable("the body is not JSON")
}

func join(at, field string) string {
	if at == "" || field == "" {
		return at + field
	}
	return at + "." + field
}

// nameOf is a Go type in the words of JSON.
func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "an object"
}
