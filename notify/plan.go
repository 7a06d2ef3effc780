package notify

import "slices"

// Plan is one alert that a recording leads to, before its text is filled in:
// small enough to be kept in the ledger.
type Plan struct {
	Destination string `json:"destination"`
	Parts       []Part `json:"parts"`
	Style       Style  `json:"style,omitzero"`
}

// Part is what a plan tells of one tracker.
type Part struct {
	Tracker string `json:"tracker"`
	Quotes  []int  `json:"quotes,omitempty"` // their indices; none: all
	Absent  string `json:"absent,omitempty"` // where it was looked for and not found: "in the first 1m"
}

// Explanation is what the routes make of a recording, and why.
type Explanation struct {
	Trackers []TrackerExplanation `json:"trackers"`
	Alerts   []Plan               `json:"alerts"`
}

// TrackerExplanation is what the routes make of one tracker.
type TrackerExplanation struct {
	Tracker      string             `json:"tracker"`
	Quotes       int                `json:"quotes"`
	Absence      bool               `json:"absence"` // this is about its not being said
	Routes       []RouteExplanation `json:"routes"`
	Destinations []string           `json:"destinations"`
}

// RouteExplanation is what one route makes of a tracker. Routes below the one
// that decided were not looked at.
type RouteExplanation struct {
	Route   int      `json:"route"` // its index in the configuration
	Matches bool     `json:"matches"`
	Why     []string `json:"why"`
}

// Plan gives the alerts of a recording: one for each destination, in the order
// in which the trackers and the routes name them.
func (r *Router) Plan(call Call, found []Tracker) []Plan {
	return r.Explain(call, found).Alerts
}

// Explain is Plan with the reasons.
func (r *Router) Explain(call Call, found []Tracker) Explanation {
	e := Explanation{Trackers: []TrackerExplanation{}, Alerts: []Plan{}}
	for _, t := range found {
		e.add(t, false, func(seen func(int, verdict)) []Decision { return r.route(subject{call, t}, seen) })
	}
	for _, name := range r.absentTrackers() {
		t := Tracker{Name: name}
		if i := slices.IndexFunc(found, func(t Tracker) bool { return t.Name == name }); i >= 0 {
			t = found[i]
		}
		e.add(t, true, func(seen func(int, verdict)) []Decision { return r.missing(subject{call, t}, seen) })
	}
	return e
}

// add asks for the decisions on a tracker and notes them.
func (e *Explanation) add(t Tracker, absence bool, decide func(seen func(int, verdict)) []Decision) {
	x := TrackerExplanation{Tracker: t.Name, Quotes: len(t.Quotes), Absence: absence, Routes: []RouteExplanation{}, Destinations: []string{}}
	decisions := decide(func(i int, v verdict) {
		x.Routes = append(x.Routes, RouteExplanation{Route: i, Matches: v.holds, Why: append([]string{}, v.why...)})
	})
	for _, d := range decisions {
		x.Destinations = append(x.Destinations, d.Destination)
		e.send(d, Part{Tracker: t.Name, Quotes: d.quotes, Absent: d.absent})
	}
	e.Trackers = append(e.Trackers, x)
}

// send adds a part to the alert of its destination.
func (e *Explanation) send(d Decision, p Part) {
	i := slices.IndexFunc(e.Alerts, func(a Plan) bool { return Slug(a.Destination) == Slug(d.Destination) })
	if i < 0 {
		e.Alerts = append(e.Alerts, Plan{Destination: d.Destination, Parts: []Part{p}, Style: d.style})
		return
	}
	e.Alerts[i].Parts = append(e.Alerts[i].Parts, p)
	e.Alerts[i].Style = e.Alerts[i].Style.join(d.style)
}

// Names are the trackers of the plan, each once.
func (p Plan) Names() []string {
	var out []string
	for _, part := range p.Parts {
		if !slices.Contains(out, part.Tracker) {
			out = append(out, part.Tracker)
		}
	}
	return out
}

// Fill gives the trackers of the plan with the quotes that it is about, at
// most limit of each.
func (p Plan) Fill(found []Tracker, limit int) []Tracker {
	var out []Tracker
	for _, part := range p.Parts {
		t := Tracker{Name: part.Tracker, Absent: part.Absent}
		if i := slices.IndexFunc(found, func(t Tracker) bool { return t.Name == part.Tracker }); i >= 0 && part.Absent == "" {
			t.Quotes = pick(found[i].Quotes, part.Quotes)
		}
		if more := len(t.Quotes) - limit; more > 0 {
			t.Quotes, t.More = t.Quotes[:limit], more
		}
		out = append(out, t)
	}
	return out
}

func pick(quotes []Quote, indices []int) []Quote {
	if len(indices) == 0 {
		return slices.Clone(quotes)
	}
	var out []Quote
	for _, i := range indices {
		if i < len(quotes) {
			out = append(out, quotes[i])
		}
	}
	return out
}
