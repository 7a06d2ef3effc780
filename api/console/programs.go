package console

import (
	"context"
	"time"

	"github.com/trackerbell/trackerbell/notify"
)

// Insights are what the page of that name shows, for programs. Lists are never
// null.
type Insights struct {
	Days     int               `json:"days"`
	From     time.Time         `json:"from"` // the first day, at its start (UTC)
	Calls    int               `json:"calls"`
	PerDay   []int             `json:"callsPerDay"`
	Trackers []TrackerInsights `json:"trackers"` // the one that was found most often first
	Sources  []CallsOf         `json:"sources"`
	Agents   []CallsOf         `json:"agents"`
	Held     map[string]int    `json:"held"`                  // alerts that were not posted, by why
	Seconds  []float64         `json:"secondsToAlert"`        // half, 9 of 10, and 99 of 100 alerts took at most; empty where none was posted
	Complete bool              `json:"complete"`              // false: there is more to count, ask again
	Since    time.Time         `json:"countedSince,omitzero"` // there are very many calls: those that came in before are not counted
}

// TrackerInsights are what came of a tracker.
type TrackerInsights struct {
	Name        string `json:"name"`
	Calls       int    `json:"calls"`
	PerDay      []int  `json:"callsPerDay"`
	Useful      int    `json:"useful"`
	FalseAlarms int    `json:"falseAlarms"`
}

// CallsOf is how many calls a source or an agent had.
type CallsOf struct {
	Name  string `json:"name"`
	Calls int    `json:"calls"`
	Found int    `json:"found"` // with a tracker
}

// Insights counts the calls of the last days (7, 30 or 90) of a source and of
// an agent, or of all where these are empty. masked hides phone numbers.
func (s *Console) Insights(ctx context.Context, days int, source, agent string, masked bool) (Insights, error) {
	t, err := s.tally(ctx, tallyOf{days, source, agent})
	if err != nil {
		return Insights{}, err
	}
	in := Insights{
		Days: days, From: t.From, Calls: t.Calls, PerDay: t.PerDay, Trackers: []TrackerInsights{}, Sources: callsOf(t.Sources), Agents: callsOf(t.Agents),
		Held: t.Held, Seconds: []float64{}, Complete: !t.Partial, Since: t.Since,
	}
	for _, one := range t.ranked() {
		in.Trackers = append(in.Trackers, TrackerInsights{one.Name, one.Calls, one.PerDay, one.Useful, one.FalseAlarms})
	}
	for i := range in.Agents {
		if masked {
			in.Agents[i].Name = notify.MaskName(in.Agents[i].Name)
		}
	}
	for _, q := range quantiles() {
		if took, ok := t.quantile(q.part); ok {
			in.Seconds = append(in.Seconds, took.Seconds())
		}
	}
	return in, nil
}

func callsOf(all map[string]*pair) []CallsOf {
	list := []CallsOf{}
	for _, p := range most(all, len(all)) {
		list = append(list, CallsOf(p))
	}
	return list
}

// System is how the service itself is, for programs.
type System struct {
	Version      string        `json:"version"`
	Dependencies []Dependency  `json:"dependencies"`
	Steps        []StepBacklog `json:"steps"` // empty while NATS does not tell
}

// StepBacklog is what a step has not done yet.
type StepBacklog struct {
	Step    string  `json:"step"`
	Pending int     `json:"pending"` // not begun
	Waiting int     `json:"waiting"` // at work, or to be tried again
	Oldest  float64 `json:"oldestSeconds"`
}

// System asks everything that the service needs how it is.
func (s *Console) System(ctx context.Context) System {
	now := System{Version: s.Version, Dependencies: s.dependencies(ctx), Steps: []StepBacklog{}}
	steps, err := s.Store.StepBacklogs(ctx)
	if err != nil {
		return now // the state of NATS says why
	}
	for _, b := range steps {
		now.Steps = append(now.Steps, StepBacklog{b.Step, b.Pending, b.Waiting, b.Oldest.Seconds()})
	}
	return now
}

// Routes says what the routes, as they are now, make of a recording, one tracker
// after the other; nothing of one that was not routed yet. masked hides phone
// numbers. Its lists are never null.
func (s *Console) Routes(ctx context.Context, key string, masked bool) ([]notify.TrackerExplanation, error) {
	story, err := s.Store.Story(ctx, key)
	if err != nil {
		return nil, err
	}
	if !story.Entry.Routed {
		return []notify.TrackerExplanation{}, nil
	}
	list := append([]notify.TrackerExplanation{}, s.explain(story, masked).Trackers...)
	for i := range list {
		list[i].Destinations = append([]string{}, list[i].Destinations...)
		list[i].Routes = append([]notify.RouteExplanation{}, list[i].Routes...)
		for j := range list[i].Routes {
			list[i].Routes[j].Why = append([]string{}, list[i].Routes[j].Why...)
		}
	}
	return list, nil
}
