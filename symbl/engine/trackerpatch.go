package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/trackerbell/trackerbell/symbl"
)

// operation is one step of a PATCH of a tracker, much like JSON Patch
// (docs.symbl.ai, Trackers Management API; symbl-go-sdk).
type operation struct {
	op, path string
	values   []string // a string, or the members of an array
	given    bool     // there was a value
}

// readPatch reads the body of a PATCH.
func readPatch(body []byte) ([]operation, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil || len(list) == 0 {
		return nil, refuse(http.StatusBadRequest, "the body must be an array of operations")
	}
	operations := make([]operation, len(list))
	for i, data := range list {
		f := newForm(fmt.Sprintf("[%d].", i), data)
		o := operation{op: f.required("op"), path: f.required("path"), given: f.has("value")}
		o.values = f.textOrTexts("value")
		switch {
		case !slices.Contains([]string{"add", "replace", "remove"}, o.op):
			f.invalid("op", "must be add, replace or remove")
		case o.op != "remove" && !o.given:
			f.invalid("value", "is required")
		}
		if err := f.done(); err != nil {
			return nil, err
		}
		operations[i] = o
	}
	return operations, nil
}

// textOrTexts is a field that is a string or an array of strings.
func (f *form) textOrTexts(name string) []string {
	var one string
	if data, ok := f.fields[name]; ok && json.Unmarshal(data, &one) == nil {
		f.read[name] = true
		return []string{one}
	}
	var several []string
	f.field(name, "a string or an array of strings", &several)
	return several
}

// patchTrackerFields applies the operations one after another.
func patchTrackerFields(t *symbl.Tracker, operations []operation) error {
	for i, o := range operations {
		var err error
		switch o.path {
		case "/name":
			err = o.patchText(&t.Name)
		case "/description":
			err = o.patchText(&t.Description)
		case "/sensitivity":
			err = o.patchText(&t.Sensitivity)
		case "/categories":
			t.Categories = o.patchList(t.Categories)
		case "/languages":
			t.Languages = o.patchList(t.Languages)
		case "/vocabulary":
			t.Vocabulary = o.patchList(t.Vocabulary)
		default:
			return invalid(fmt.Sprintf("[%d].path", i), "must be /name, /description, /categories, /languages, /vocabulary or /sensitivity")
		}
		if err != nil {
			return invalid(fmt.Sprintf("[%d].value", i), err.Error())
		}
	}
	return checkTracker("", *t)
}

func (o operation) patchText(text *string) error {
	switch {
	case o.op == "remove":
		*text = ""
	case len(o.values) != 1:
		return errors.New("must be a string")
	default:
		*text = o.values[0]
	}
	return nil
}

// patchList makes a new list: a remove without a value empties it.
func (o operation) patchList(list []string) []string {
	switch o.op {
	case "add":
		return slices.Concat(list, o.values)
	case "replace":
		return o.values
	}
	if !o.given {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(o.values, s) })
}
