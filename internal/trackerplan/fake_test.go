package trackerplan_test

import (
	"context"
	"slices"
	"strconv"

	"github.com/trackerbell/trackerbell/internal/trackerplan"
	"github.com/trackerbell/trackerbell/symbl"
)

// account is an account in memory, with what hosted ones have been seen to do.
type account struct {
	list   []symbl.Tracker
	calls  []string
	last   int
	merges bool                    // an update adds phrases and takes none away
	stuck  bool                    // an update changes nothing
	stale  int                     // reads that still give the first list
	fail   func(call string) error // asked before each write
	first  []symbl.Tracker
}

func newAccount(list ...symbl.Tracker) *account {
	a := &account{last: 100}
	for _, t := range list {
		a.last++
		t.ID = strconv.Itoa(a.last)
		a.list = append(a.list, t)
	}
	a.first = slices.Clone(a.list)
	return a
}

func (a *account) note(call string) error {
	a.calls = append(a.calls, call)
	if a.fail != nil {
		return a.fail(call)
	}
	return nil
}

func (a *account) Trackers(context.Context) ([]symbl.Tracker, error) {
	if a.stale > 0 {
		a.stale--
		return a.first, nil
	}
	return slices.Clone(a.list), nil
}

func (a *account) CreateTracker(_ context.Context, t symbl.Tracker) (symbl.Tracker, error) {
	if err := a.note("create " + t.Name); err != nil {
		return t, err
	}
	a.last++
	t.ID = strconv.Itoa(a.last)
	a.list = append(a.list, t)
	return t, nil
}

func (a *account) UpdateTracker(_ context.Context, id string, t symbl.Tracker) (symbl.Tracker, error) {
	if err := a.note("update " + id); err != nil {
		return t, err
	}
	t.ID = id
	for i, old := range a.list {
		if old.ID != id || a.stuck {
			continue
		}
		if a.merges {
			t.Vocabulary = slices.Compact(slices.Sorted(slices.Values(slices.Concat(old.Vocabulary, t.Vocabulary))))
		}
		a.list[i] = t
	}
	return t, nil
}

func (a *account) DeleteTracker(_ context.Context, id string) error {
	if err := a.note("delete " + id); err != nil {
		return err
	}
	a.list = slices.DeleteFunc(a.list, func(t symbl.Tracker) bool { return t.ID == id })
	return nil
}

// names are those of the trackers that the account has.
func (a *account) names() []string {
	names := []string{}
	for _, t := range a.list {
		names = append(names, t.Name)
	}
	return names
}

func tracker(name string, phrases ...string) symbl.Tracker {
	return symbl.Tracker{Name: name, Vocabulary: phrases}
}

var _ trackerplan.Account = (*account)(nil)
