package engine

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/trackerbell/trackerbell/symbl"
	"github.com/trackerbell/trackerbell/symbl/engine/match"
)

// trackerSet is all trackers of the account, as one entry: so a bulk create is
// all or nothing, names are unique, and a reader sees one state of it. It is
// never changed in place.
type trackerSet struct {
	Trackers []symbl.Tracker `json:"trackers"` // oldest first

	revision uint64 // of the entry; 0 before the first tracker
}

// byID gives the position of a tracker, or -1.
func (s trackerSet) byID(id string) int {
	return slices.IndexFunc(s.Trackers, func(t symbl.Tracker) bool { return t.ID == id })
}

// named gives the position of a tracker, or -1. Names differ by case.
func (s trackerSet) named(name string) int {
	return slices.IndexFunc(s.Trackers, func(t symbl.Tracker) bool { return t.Name == name })
}

// add appends trackers, if names and number allow.
func (s *trackerSet) add(limit int, trackers ...symbl.Tracker) error {
	if len(s.Trackers)+len(trackers) > limit {
		return refuse(http.StatusBadRequest, "this account is limited to %d trackers", limit)
	}
	for _, t := range trackers {
		if s.named(t.Name) >= 0 {
			return taken(t.Name)
		}
		s.Trackers = append(s.Trackers, t)
	}
	return nil
}

// replace puts a changed tracker in the place of the old one.
func (s *trackerSet) replace(at int, t symbl.Tracker) error {
	if other := s.named(t.Name); other >= 0 && other != at {
		return taken(t.Name)
	}
	s.Trackers[at] = t
	return nil
}

func taken(name string) error {
	return refuse(http.StatusConflict, "a tracker with the name %q exists already", name)
}

// trackerStore reads and changes the set.
type trackerStore struct {
	store *store
	limit int

	writing chan struct{} // held by the one change of this process; spares it the race for the entry

	mu       sync.Mutex
	cached   trackerSet
	compiled map[string]*match.Set // all trackers of cached, by language
	outdated map[string]*match.Set // of sets before: what did not change is taken from there
}

func newTrackerStore(s *store, limit int) *trackerStore {
	return &trackerStore{store: s, limit: limit, writing: make(chan struct{}, 1), compiled: map[string]*match.Set{}, outdated: map[string]*match.Set{}}
}

const maxCompiled = 32 // languages

// load gives the set; it is read and decoded only when it has changed.
func (s *trackerStore) load(ctx context.Context) (trackerSet, error) {
	s.mu.Lock()
	known := s.cached
	s.mu.Unlock()
	data, v, err := s.store.readNewer(ctx, keyTrackers, known.revision)
	switch {
	case errors.Is(err, errNotFound):
		return trackerSet{}, nil
	case err != nil:
		return trackerSet{}, err
	case v.revision == known.revision:
		return known, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var set trackerSet
	if err := unpack(data, &set); err != nil {
		return trackerSet{}, err
	}
	set.revision = v.revision
	if set.revision > s.cached.revision {
		maps.Copy(s.outdated, s.compiled)
		s.cached, s.compiled = set, map[string]*match.Set{}
	}
	return set, nil
}

// all is the matcher of every tracker of the set for a language.
func (s *trackerStore) all(set trackerSet, language string) *match.Set {
	s.mu.Lock()
	matcher := s.compiled[language]
	outdated := s.outdated[language]
	current := s.cached.revision == set.revision
	s.mu.Unlock()
	if matcher != nil && current {
		return matcher
	}
	if outdated != nil {
		matcher = outdated.Update(matchable(set.Trackers))
	} else {
		matcher = match.Compile(language, matchable(set.Trackers))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cached.revision == set.revision && len(s.compiled) < maxCompiled {
		s.compiled[language] = matcher
		delete(s.outdated, language)
	}
	return matcher
}

// change applies fn to a copy of the set until no other change comes in
// between.
func (s *trackerStore) change(ctx context.Context, fn func(*trackerSet) error) error {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err := untilSettled(ctx, func() (version, error) {
		set, v, err := load[trackerSet](ctx, s.store, keyTrackers)
		if err != nil && !errors.Is(err, errNotFound) {
			return v, err
		}
		if err := fn(&set); err != nil {
			return v, err
		}
		if v.revision != 0 {
			return s.store.update(ctx, keyTrackers, set, v)
		}
		v, err = s.store.create(ctx, keyTrackers, set)
		if errors.Is(err, errExists) {
			err = errConflict
		}
		return v, err
	})
	return err
}

func matchable(trackers []symbl.Tracker) []match.Tracker {
	out := make([]match.Tracker, len(trackers))
	for i, t := range trackers {
		out[i] = match.Tracker{
			ID: t.ID, Name: t.Name, Vocabulary: t.Vocabulary, Languages: t.Languages, Sensitivity: match.Sensitivity(t.Sensitivity),
		}
	}
	return out
}
