package console

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// tallyOf says which calls are counted; what is empty matches all.
type tallyOf struct {
	Days          int // 7, 30 or 90
	Source, Agent string
}

// query is how an address says so.
func (of tallyOf) query() url.Values {
	q := url.Values{"days": {strconv.Itoa(of.Days)}}
	if of.Source != "" {
		q.Set("source", of.Source)
	}
	if of.Agent != "" {
		q.Set("agent", of.Agent)
	}
	return q
}

// tally counts the calls of the last days.
type tally struct {
	tallyOf
	From     time.Time // the first day, at its start (UTC)
	Since    time.Time // what came in before is not counted; zero: all is
	Calls    int
	PerDay   []int // calls that came in
	Trackers map[string]*trackerTally
	Sources  map[string]*pair
	Agents   map[string]*pair
	Held     map[string]int // alerts that were not posted, by why
	Took     []time.Duration
	Partial  bool // there is more to read
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

// tally counts the calls that of says, as they are now.
func (s *Console) tally(ctx context.Context, of tallyOf) (*tally, error) {
	done, err := s.counts.turn.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := s.counts.refresh(ctx, s.Store, s.now(), countTime); err != nil {
		return nil, err
	}
	t := newTally(of, s.now())
	t.Partial = s.counts.behind
	if s.counts.from.After(t.From) {
		t.Since = s.counts.from
	}
	for key, c := range s.counts.calls {
		t.add(key, c)
	}
	slices.Sort(t.Took)
	return t, nil
}

func newTally(of tallyOf, now time.Time) *tally {
	return &tally{
		tallyOf: of, From: now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-of.Days), PerDay: make([]int, of.Days),
		Trackers: map[string]*trackerTally{}, Sources: map[string]*pair{}, Agents: map[string]*pair{}, Held: map[string]int{},
	}
}

// add counts a call.
func (t *tally) add(key string, c counted) {
	day := int(c.at.Sub(t.From) / (24 * time.Hour))
	source, agent := c.source.Value(), c.agent.Value()
	switch {
	case c.at.Before(t.From) || day >= t.Days,
		t.Source != "" && t.Source != source,
		t.Agent != "" && t.Agent != agent:
		return
	}
	t.Calls++
	t.PerDay[day]++
	found := len(c.trackers) > 0
	addPair(t.Sources, source, found)
	if agent != "" {
		addPair(t.Agents, agent, found)
	}
	for _, name := range c.trackers {
		one := t.tracker(name.Value())
		one.Calls++
		one.PerDay[day]++
		if later := c.at.Compare(one.Last); later > 0 || later == 0 && key > one.LastKey {
			one.Last, one.LastKey = c.at, key
		}
	}
	if c.took >= 0 {
		t.Took = append(t.Took, c.took)
	}
	if c.more != nil {
		t.judge(*c.more)
	}
}

// judge counts what was held back, and what people thought of alerts, for each
// of their trackers.
func (t *tally) judge(o outcome) {
	for _, why := range o.held {
		t.Held[why]++
	}
	for _, j := range o.judged {
		one := t.tracker(j.tracker)
		if j.useful {
			one.Useful++
		} else {
			one.FalseAlarms++
		}
	}
}

// tracker is the count of a tracker, a new one where there is none yet.
func (t *tally) tracker(name string) *trackerTally {
	one := t.Trackers[name]
	if one == nil {
		one = &trackerTally{Name: name, PerDay: make([]int, t.Days)}
		t.Trackers[name] = one
	}
	return one
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

// quantile is the time that so much of the alerts took at most; false when
// there is none.
func (t *tally) quantile(q float64) (time.Duration, bool) {
	if len(t.Took) == 0 {
		return 0, false
	}
	return t.Took[min(int(q*float64(len(t.Took))), len(t.Took)-1)], true
}
