package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// Symbl advises at most 50 phrases and never enforced it.
const (
	maxPhrases   = 1000
	maxPhraseLen = 1000 // code points
)

// readTracker reads the fields of a tracker over the one given. Fields that
// only answers have are ignored, so that an answer can be sent back.
func readTracker(f *form, t *symbl.Tracker) {
	for _, ignored := range []string{"id", "createdOn", "updatedOn"} {
		f.text(ignored)
	}
	if f.has("name") {
		t.Name = f.required("name")
	}
	if f.has("description") {
		t.Description = f.text("description")
	}
	if f.has("sensitivity") {
		t.Sensitivity = f.text("sensitivity")
	}
	for _, list := range []struct {
		name string
		to   *[]string
	}{{"categories", &t.Categories}, {"languages", &t.Languages}, {"vocabulary", &t.Vocabulary}} {
		if f.has(list.name) {
			*list.to = f.texts(list.name)
		}
	}
}

// CheckTracker tells what keeps the engine from taking a tracker: an error that
// names the first field that is not valid, or nil. Hosted Symbl is no stricter,
// as far as its limits are known.
func CheckTracker(t symbl.Tracker) error { return checkTracker("", t) }

// checkTracker gives the error that names the first field that is not valid.
// The path stands before the field's name.
func checkTracker(path string, t symbl.Tracker) error {
	if strings.TrimSpace(t.Name) == "" {
		return invalid(path+"name", "is required")
	}
	if len(t.Vocabulary) == 0 || len(t.Vocabulary) > maxPhrases {
		return invalid(path+"vocabulary", fmt.Sprintf("must contain 1 to %d phrases", maxPhrases))
	}
	for i, phrase := range t.Vocabulary {
		field := fmt.Sprintf("%svocabulary[%d]", path, i)
		switch {
		case strings.TrimSpace(phrase) == "":
			return invalid(field, "is not allowed to be empty")
		case utf8.RuneCountInString(phrase) > maxPhraseLen:
			return invalid(field, fmt.Sprintf("must be at most %d characters long", maxPhraseLen))
		}
	}
	if first, again := repeated(t.Vocabulary); again > 0 {
		return invalid(fmt.Sprintf("%svocabulary[%d]", path, again), fmt.Sprintf(`is a duplicate of "vocabulary[%d]"`, first))
	}
	for i, category := range t.Categories {
		if strings.TrimSpace(category) == "" {
			return invalid(fmt.Sprintf("%scategories[%d]", path, i), "is not allowed to be empty")
		}
	}
	for i, tag := range t.Languages {
		if !isLanguage(tag) {
			return invalid(fmt.Sprintf("%slanguages[%d]", path, i), "must be a language such as en-US")
		}
	}
	if _, err := match.ParseSensitivity(t.Sensitivity); err != nil {
		return invalid(path+"sensitivity", err.Error())
	}
	return nil
}

// repeated gives the positions of a phrase and of the first one that repeats
// it; both are 0 if none does.
func repeated(phrases []string) (first, again int) {
	seen := make(map[string]int, len(phrases))
	for i, phrase := range phrases {
		phrase = match.Normal(phrase)
		if first, ok := seen[phrase]; ok {
			return first, i
		}
		seen[phrase] = i
	}
	return 0, 0
}

// isLanguage tells whether a tag is well-formed BCP-47.
func isLanguage(tag string) bool {
	_, err := language.Parse(tag)
	var unknown language.ValueError
	return tag != "" && (err == nil || errors.As(err, &unknown))
}

// readTrackers reads the body of a create: one tracker, or several as an
// array.
func readTrackers(body []byte) (trackers []symbl.Tracker, several bool, err error) {
	var list []json.RawMessage
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		t, err := newTracker("", body)
		return []symbl.Tracker{t}, false, err
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, true, refuse(http.StatusBadRequest, "the body must be an array of trackers")
	}
	if len(list) == 0 {
		return nil, true, refuse(http.StatusBadRequest, "the body must contain at least one tracker")
	}
	for i, data := range list {
		t, err := newTracker(fmt.Sprintf("[%d].", i), data)
		if err != nil {
			return nil, true, err
		}
		trackers = append(trackers, t)
	}
	return trackers, true, nil
}

// newTracker reads a tracker that must be complete.
func newTracker(path string, data []byte) (symbl.Tracker, error) {
	f := newForm(path, data)
	var t symbl.Tracker
	readTracker(f, &t)
	if err := f.done(); err != nil {
		return t, err
	}
	return t, checkTracker(path, t)
}
