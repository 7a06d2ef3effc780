package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// twinSuffix ends the name of a key that names the file of a secret.
const twinSuffix = "File"

// field is one key of the configuration and the place of its value.
type field struct {
	key   string // dotted path: sources[0].secret
	name  string // its last part, as YAML spells it: secret
	words bool   // the environment splits the list at white space instead of commas
	value reflect.Value
}

// fields lists the keys of the struct v, which stands at key itself. The file,
// the environment and the secret files all learn the known keys from here.
func fields(v reflect.Value, key string) []field {
	var list []field
	for t, value := range v.Fields() {
		name := t.Tag.Get("yaml")
		if name == "" {
			continue // Config's own bookkeeping
		}
		list = append(list, field{
			key:   join(key, name),
			name:  name,
			words: t.Tag.Get("env") == "words",
			value: value,
		})
	}
	return list
}

// walk visits the struct v and every struct below it, elements of lists
// included, each as the list of its fields.
func walk(v reflect.Value, key string, visit func([]field)) {
	list := fields(v, key)
	visit(list)
	for _, f := range list {
		if f.value.Kind() == reflect.Struct {
			walk(f.value, f.key, visit)
		}
		if isStructList(f.value.Type()) {
			for i := range f.value.Len() {
				walk(f.value.Index(i), index(f.key, i), visit)
			}
		}
	}
}

// find gives the field of that name.
func find(list []field, name string) (field, bool) {
	for _, f := range list {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func isStructList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func index(key string, i int) string { return fmt.Sprintf("%s[%d]", key, i) }

// set parses text into the scalar v. Text that does not fit leaves v as it is
// and gives false; expected tells what would have fitted.
func set(v reflect.Value, text string) bool {
	switch v.Type() {
	case reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		return err == nil && put(v, d)
	case reflect.TypeFor[Size]():
		size, ok := parseSize(text)
		return ok && put(v, size)
	case reflect.TypeFor[Window]():
		w, ok := parseWindow(text)
		return ok && put(v, w)
	case reflect.TypeFor[Clock]():
		c, ok := parseClock(text)
		return ok && put(v, c)
	case reflect.TypeFor[Switch]():
		return put(v, On) && strings.EqualFold(text, "true") || put(v, Off) && strings.EqualFold(text, "false")
	}
	switch v.Kind() {
	case reflect.Bool:
		yes := strings.EqualFold(text, "true")
		return (yes || strings.EqualFold(text, "false")) && put(v, yes)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		return err == nil && put(v, n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) && put(v, n)
	case reflect.String:
		return put(v, text)
	}
	return false
}

func put[T any](v reflect.Value, value T) bool {
	v.Set(reflect.ValueOf(value))
	return true
}

// expected describes what a value of type t looks like.
func expected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 30s"
	case reflect.TypeFor[Size]():
		return "a size such as 512KiB, 1MiB or 2GiB"
	case reflect.TypeFor[Window]():
		return "a part of the call such as first 60s or last 2m"
	case reflect.TypeFor[Clock]():
		return `a time of the day such as "20:00"`
	case reflect.TypeFor[Switch]():
		return "true or false"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Struct:
		return "a mapping of keys to values"
	case reflect.Map:
		return "a mapping of names to text"
	case reflect.Slice:
		if isStructList(t) {
			return "a list of mappings, each starting with -"
		}
		return "a list such as [a, b]"
	}
	return "text"
}
