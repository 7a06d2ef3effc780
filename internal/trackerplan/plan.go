package trackerplan

import (
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/symbl"
)

// managedPrefix starts the names of the trackers that Symbl adds to an account
// by itself (symbl-real-time-assist, EventsTimeline).
const managedPrefix = "Symbl."

// Managed tells whether a name is that of a tracker of Symbl's own.
func Managed(name string) bool { return strings.HasPrefix(name, managedPrefix) }

// Options say what a plan may do.
type Options struct {
	Prune      bool // delete trackers that are not wanted
	Vocabulary bool // the account keeps names and phrases alone (generation 1 of the API)
}

// Plan is what makes an account have the wanted trackers.
type Plan struct {
	Create    []symbl.Tracker `json:"create"`
	Change    []Change        `json:"change"`
	Delete    []symbl.Tracker `json:"delete"`
	Keep      []string        `json:"keep"` // not wanted, and not to be deleted
	Unchanged []string        `json:"unchanged"`

	options Options
}

// Change is what is different about one tracker.
type Change struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Added   []string `json:"added"`   // phrases
	Removed []string `json:"removed"` // phrases
	Fields  []Field  `json:"fields"`  // others than the vocabulary

	wanted symbl.Tracker
}

// Field is one value of a tracker that is to be another; lists are joined by
// commas.
type Field struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// New plans the way from present to wanted, in the order of wanted; present is
// as the account lists it. The names in wanted must differ.
func New(present, wanted []symbl.Tracker, options Options) Plan {
	p := Plan{
		Create: []symbl.Tracker{}, Change: []Change{}, Delete: []symbl.Tracker{},
		Keep: []string{}, Unchanged: []string{}, options: options,
	}
	names := map[string]bool{}
	for _, w := range wanted {
		names[w.Name] = true
		at := named(present, w.Name)
		if at < 0 {
			p.Create = append(p.Create, w)
			continue
		}
		if c := compare(present[at], w, options); c.empty() {
			p.Unchanged = append(p.Unchanged, w.Name)
		} else {
			p.Change = append(p.Change, c)
		}
	}
	for _, t := range present {
		switch {
		case names[t.Name]:
		case options.Prune && !Managed(t.Name):
			p.Delete = append(p.Delete, t)
		default:
			p.Keep = append(p.Keep, t.Name)
		}
	}
	return p
}

// Empty tells that there is nothing to do.
func (p Plan) Empty() bool { return len(p.Create)+len(p.Change)+len(p.Delete) == 0 }

// Total is how many trackers the account has after the plan.
func (p Plan) Total() int {
	return len(p.Create) + len(p.Change) + len(p.Keep) + len(p.Unchanged)
}

func named(list []symbl.Tracker, name string) int {
	return slices.IndexFunc(list, func(t symbl.Tracker) bool { return t.Name == name })
}

// compare tells what has to change for a tracker to be as wanted. The order of
// lists means nothing to Symbl, so it is no difference.
func compare(present, wanted symbl.Tracker, options Options) Change {
	c := Change{
		ID: present.ID, Name: wanted.Name, wanted: wanted, Fields: []Field{},
		Added: without(wanted.Vocabulary, present.Vocabulary), Removed: without(present.Vocabulary, wanted.Vocabulary),
	}
	if options.Vocabulary {
		return c
	}
	if present.Description != wanted.Description {
		c.Fields = append(c.Fields, Field{"description", present.Description, wanted.Description})
	}
	c.list("categories", present.Categories, wanted.Categories)
	c.list("languages", present.Languages, wanted.Languages)
	if from, to := sensitivity(present), sensitivity(wanted); from != to {
		c.Fields = append(c.Fields, Field{"sensitivity", from, to})
		c.wanted.Sensitivity = to // an empty one is not written
	}
	return c
}

// sensitivity is that of a tracker, spelled out. Accounts that do not know it
// are like the usual one.
func sensitivity(t symbl.Tracker) string {
	if t.Sensitivity == "" {
		return "balanced"
	}
	return t.Sensitivity
}

// list notes a list that is to hold something else.
func (c *Change) list(name string, from, to []string) {
	if len(without(from, to))+len(without(to, from)) > 0 {
		c.Fields = append(c.Fields, Field{name, strings.Join(from, ", "), strings.Join(to, ", ")})
	}
}

func (c *Change) empty() bool { return len(c.Added)+len(c.Removed)+len(c.Fields) == 0 }

// without gives the members of list that other does not have, never nil.
func without(list, other []string) []string {
	return slices.DeleteFunc(append([]string{}, list...), func(s string) bool { return slices.Contains(other, s) })
}
