package notify

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/config"
)

// managedPrefix starts the names of the trackers that Symbl manages. They match
// in nearly every call, so they only go where a route names them.
const managedPrefix = "Symbl."

// DefaultRoute is the Route of a Decision that no route of the configuration
// took.
const DefaultRoute = -1

// Query is one matched tracker of one recording.
type Query struct {
	Source  string
	Labels  map[string]string
	Tracker string
}

// Decision is one destination of a matched tracker and the route that chose
// it: its index in the configuration, or DefaultRoute.
type Decision struct {
	Destination string
	Route       int
}

// Router decides where matched trackers go. It never changes after NewRouter
// and is safe for concurrent use.
type Router struct {
	routes         []route
	defaultChannel string
}

type route struct {
	match        config.Match
	destinations []string
	more         bool // go on with the routes below
}

// NewRouter checks the routes; every error names the key of the configuration.
// defaultChannel takes what no route takes.
func NewRouter(routes []config.Route, defaultChannel string) (*Router, error) {
	r := &Router{defaultChannel: defaultChannel}
	var problems []error
	if isBlank(defaultChannel) {
		problems = append(problems, errors.New("slack.defaultChannel: must name a channel"))
	}
	for i, c := range routes {
		destinations, err := routeDestinations(c)
		if err != nil {
			problems = append(problems, fmt.Errorf("routes[%d].%w", i, err))
		}
		r.routes = append(r.routes, route{match: cloneMatch(c.Match), destinations: destinations, more: c.Continue})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

func routeDestinations(c config.Route) ([]string, error) {
	var list []string
	if c.Channel != "" {
		list = append(list, c.Channel)
	}
	list = append(list, c.Channels...)
	if len(list) == 0 {
		return nil, errors.New("channel: a route needs channel or channels")
	}
	if slices.ContainsFunc(list, isBlank) {
		return nil, errors.New("channels: a channel's name is empty")
	}
	return list, nil
}

func isBlank(destination string) bool {
	return strings.TrimSpace(strings.TrimPrefix(destination, "#")) == ""
}

func cloneMatch(m config.Match) config.Match {
	return config.Match{
		Sources:  slices.Clone(m.Sources),
		Trackers: slices.Clone(m.Trackers),
		Labels:   maps.Clone(m.Labels),
	}
}

// Route gives the destinations of a matched tracker in the order of the
// routes, each once: the first route that matches, the further ones while a
// match says continue, or the default channel. It is empty for a managed
// tracker (Symbl.…) that no route names.
func (r *Router) Route(q Query) []Decision {
	var out []Decision
	for i, rt := range r.routes {
		if !rt.takes(q) {
			continue
		}
		for _, d := range rt.destinations {
			out = append(out, Decision{Destination: d, Route: i})
		}
		if !rt.more {
			break
		}
	}
	if len(out) == 0 && !managed(q.Tracker) {
		out = append(out, Decision{Destination: r.defaultChannel, Route: DefaultRoute})
	}
	return unique(out, func(d Decision) string { return Slug(d.Destination) })
}

func (rt route) takes(q Query) bool {
	if len(rt.match.Trackers) == 0 && managed(q.Tracker) {
		return false
	}
	return listed(rt.match.Trackers, q.Tracker) && listed(rt.match.Sources, q.Source) && labelled(rt.match.Labels, q.Labels)
}

// listed tells whether a condition's list allows the value; an empty one
// allows every value.
func listed(list []string, value string) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

func labelled(want, have map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

func managed(tracker string) bool { return strings.HasPrefix(tracker, managedPrefix) }

// Destinations lists every destination of the configuration once, in the order
// of the routes, and the default channel last.
func (r *Router) Destinations() []string {
	var all []string
	for _, rt := range r.routes {
		all = append(all, rt.destinations...)
	}
	return unique(append(all, r.defaultChannel), Slug)
}

// unique keeps the first element of every key, in order.
func unique[E any](list []E, key func(E) string) []E {
	var out []E
	seen := make(map[string]bool, len(list))
	for _, e := range list {
		if k := key(e); !seen[k] {
			seen[k] = true
			out = append(out, e)
		}
	}
	return out
}
