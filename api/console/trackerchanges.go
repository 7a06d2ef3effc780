package console

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/symbl"
)

// balanced is the sensitivity of a tracker that names none.
const balanced = "balanced"

// conflict is that a tracker was changed after a form was made of it.
type conflict struct {
	Changes []string      // sentences; empty where nobody knows what the form was made of
	Saved   symbl.Tracker // what is saved now
	Delete  bool          // it was to be deleted
}

// loaded is a tracker as text, for the form that is made of it. It is the
// tracker itself and no hash, so that people can be told what has changed.
func loaded(t symbl.Tracker) string {
	t.CreatedOn, t.UpdatedOn = "", ""
	text, err := json.Marshal(t)
	if err != nil {
		return "" // strings are always encoded
	}
	return string(text)
}

// changesSince compares what a form was made of with what is saved now; nil
// when that is the same, or was not there yet.
func changesSince(form string, saved symbl.Tracker) *conflict {
	if saved.ID == "" {
		return nil
	}
	var was symbl.Tracker
	if json.Unmarshal([]byte(form), &was) != nil {
		return &conflict{Saved: saved}
	}
	if list := changes(was, saved); len(list) > 0 {
		return &conflict{Changes: list, Saved: saved}
	}
	return nil
}

// changes says in sentences what is different about a tracker. The order of
// lists means nothing to Symbl, so it is no difference.
func changes(was, is symbl.Tracker) []string {
	var list []string
	tell := func(name, from, to, none string) {
		if from != to {
			list = append(list, name+" now: "+cmp.Or(to, none))
		}
	}
	tell("Name", was.Name, is.Name, "none")
	tell("Description", was.Description, is.Description, "none")
	if added := without(is.Vocabulary, was.Vocabulary); len(added) > 0 {
		list = append(list, "Phrases added: "+quoted(added))
	}
	if removed := without(was.Vocabulary, is.Vocabulary); len(removed) > 0 {
		list = append(list, "Phrases removed: "+quoted(removed))
	}
	tell("Sensitivity", cmp.Or(was.Sensitivity, balanced), cmp.Or(is.Sensitivity, balanced), "")
	tell("Languages", sorted(was.Languages), sorted(is.Languages), "all")
	tell("Categories", sorted(was.Categories), sorted(is.Categories), "none")
	return list
}

// without gives the members of list that other does not have.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return slices.Contains(other, one) })
}

func quoted(list []string) string { return "“" + strings.Join(list, "”, “") + "”" }

func sorted(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ", ") }
