package console

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/trackerbell/trackerbell/events"
)

const (
	// tallyTime is how long a count is believed.
	tallyTime = time.Minute
	// tallyLimit bounds what is counted at once: it is the newest that count.
	tallyLimit = 7 * time.Second
)

// tally counts the calls of the last days.
type tally struct {
	Days     int
	From     time.Time // the first day, at its start (UTC)
	Calls    int
	PerDay   []int // calls that came in
	Trackers map[string]*trackerTally
	Sources  map[string]*pair
	Agents   map[string]*pair
	Held     map[string]int // alerts that were not posted, by why
	Took     []time.Duration
	Partial  bool
}

// trackerTally is what came of a tracker.
type trackerTally struct {
	Name        string
	Calls       int
	PerDay      []int
	Useful      int
	FalseAlarms int
	Last        time.Time
	LastKey     string
}

// Precision is how many of the judged alerts were useful.
func (t trackerTally) Precision() string {
	if t.Useful+t.FalseAlarms == 0 {
		return ""
	}
	return percent(float64(t.Useful) / float64(t.Useful+t.FalseAlarms))
}

// pair is a number of calls, and of those in which something was found.
type pair struct {
	Name         string
	Calls, Found int
}

// tallies keeps the counts by how many days they are of.
type tallies struct {
	mu   sync.Mutex
	at   map[int]time.Time
	list map[int]*tally
}

// tally counts the calls of the last days, or gives the count of a minute ago.
func (s *Console) tally(ctx context.Context, days int) (*tally, error) {
	s.tallies.mu.Lock()
	defer s.tallies.mu.Unlock()
	if at, ok := s.tallies.at[days]; ok && s.now().Sub(at) < tallyTime {
		return s.tallies.list[days], nil
	}
	t := newTally(days, s.now())
	until := time.Now().Add(tallyLimit)
	err := s.Store.Walk(ctx, func(e *events.Entry) bool {
		t.add(e)
		t.Partial = time.Now().After(until)
		return !t.Partial
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(t.Took)
	if s.tallies.at == nil {
		s.tallies.at, s.tallies.list = map[int]time.Time{}, map[int]*tally{}
	}
	s.tallies.at[days], s.tallies.list[days] = s.now(), t
	return t, nil
}

func newTally(days int, now time.Time) *tally {
	return &tally{
		Days: days, From: now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-days), PerDay: make([]int, days),
		Trackers: map[string]*trackerTally{}, Sources: map[string]*pair{}, Agents: map[string]*pair{}, Held: map[string]int{},
	}
}

// add counts a call.
func (t *tally) add(e *events.Entry) {
	day := int(e.ReceivedAt.Sub(t.From) / (24 * time.Hour))
	if e.ReceivedAt.Before(t.From) || day >= t.Days || e.Digest != nil {
		return // too old, or no call
	}
	t.Calls++
	t.PerDay[day]++
	found := len(e.Trackers) > 0
	addPair(t.Sources, e.Source, found)
	if e.Call.Agent != "" {
		addPair(t.Agents, e.Call.Agent, found)
	}
	for _, name := range e.Trackers {
		one := t.tracker(name)
		t.Trackers[name] = one
		one.Calls++
		one.PerDay[day]++
		if e.ReceivedAt.After(one.Last) {
			one.Last, one.LastKey = e.ReceivedAt, e.Key
		}
	}
	first := time.Time{}
	for _, a := range e.Alerts {
		if a.Held != "" {
			t.Held[a.Held]++
		}
		if !a.PostedAt.IsZero() && (first.IsZero() || a.PostedAt.Before(first)) {
			first = a.PostedAt
		}
		t.judge(a)
	}
	if !first.IsZero() && e.Replay == 0 {
		t.Took = append(t.Took, max(0, first.Sub(e.ReceivedAt)))
	}
}

// judge counts what people thought of an alert, for each of its trackers.
func (t *tally) judge(a events.AlertRecord) {
	for _, f := range a.Feedback {
		for _, name := range a.Trackers {
			one := t.tracker(name)
			t.Trackers[name] = one
			if f.Useful {
				one.Useful++
			} else {
				one.FalseAlarms++
			}
		}
	}
}

// tracker is the count of a tracker, a new one where there is none yet.
func (t *tally) tracker(name string) *trackerTally {
	if one := t.Trackers[name]; one != nil {
		return one
	}
	return &trackerTally{Name: name, PerDay: make([]int, t.Days)}
}

func addPair(to map[string]*pair, name string, found bool) {
	one := to[name]
	if one == nil {
		one = &pair{Name: name}
		to[name] = one
	}
	one.Calls++
	if found {
		one.Found++
	}
}

// most are the pairs with the most calls.
func most(all map[string]*pair, limit int) []pair {
	var list []pair
	for _, p := range all {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b pair) int { return cmp.Or(b.Calls-a.Calls, cmp.Compare(a.Name, b.Name)) })
	return list[:min(len(list), limit)]
}

// ranked are the trackers, those that were found most often first.
func (t *tally) ranked() []*trackerTally {
	list := slices.Collect(maps.Values(t.Trackers))
	slices.SortFunc(list, func(a, b *trackerTally) int { return cmp.Or(b.Calls-a.Calls, cmp.Compare(a.Name, b.Name)) })
	return list
}

// quantile is the time that so much of the alerts took at most.
func (t *tally) quantile(q float64) string {
	if len(t.Took) == 0 {
		return "–"
	}
	return span(t.Took[min(int(q*float64(len(t.Took))), len(t.Took)-1)])
}
