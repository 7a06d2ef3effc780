package notify

import (
	"errors"
	"fmt"
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

// KeyError is a mistake in the configuration that only its use shows.
type KeyError struct {
	Key     string // dotted path: routes[0].template.title
	Message string
}

// Error gives the key and the message.
func (e *KeyError) Error() string { return e.Key + ": " + e.Message }

// Router decides where the trackers of a recording go. It never changes after
// NewRouter and is safe for concurrent use.
type Router struct {
	routes         []route
	defaultChannel string
}

type route struct {
	rule
	absent       []rule // not empty: the route is about what was not said
	destinations []string
	style        Style
	drop         bool
	more         bool // go on with the routes below
}

// NewRouter checks the routes and their templates; its errors are *KeyError,
// joined. defaultChannel takes what no route takes.
func NewRouter(routes []config.Route, defaultChannel string) (*Router, error) {
	r := &Router{defaultChannel: defaultChannel}
	var problems []error
	if isBlank(defaultChannel) {
		problems = append(problems, &KeyError{"slack.defaultChannel", "must name a channel"})
	}
	for i, c := range routes {
		key := fmt.Sprintf("routes[%d].", i)
		destinations, problem := routeDestinations(c)
		if problem != nil {
			problems = append(problems, &KeyError{key + problem.Key, problem.Message})
		}
		for _, problem := range checkTemplate(c.Template) {
			problems = append(problems, &KeyError{key + "template." + problem.Key, problem.Message})
		}
		m := rule{c.Match}.clone()
		r.routes = append(r.routes, route{
			rule: m, absent: m.absences(), destinations: destinations, style: newStyle(c), drop: c.Drop, more: c.Continue,
		})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

func routeDestinations(c config.Route) ([]string, *KeyError) {
	var list []string
	if c.Channel != "" {
		list = append(list, c.Channel)
	}
	list = append(list, c.Channels...)
	switch {
	case c.Drop:
		return nil, nil
	case len(list) == 0:
		return nil, &KeyError{"channel", "a route needs channel or channels"}
	case slices.ContainsFunc(list, isBlank):
		return nil, &KeyError{"channels", "a channel's name is empty"}
	}
	return list, nil
}

func isBlank(destination string) bool {
	return strings.TrimSpace(strings.TrimPrefix(destination, "#")) == ""
}

// Decision is where a tracker goes, and the route that chose it: its index in
// the configuration, or DefaultRoute.
type Decision struct {
	Destination string
	Route       int
	quotes      []int  // that the route is about; nil: all
	absent      string // where the tracker was looked for and not found
	style       Style
}

// route gives the destinations of a tracker that was found, in the order of
// the routes, each once: the first route that matches, the further ones while
// a match says continue, or the default channel. It is empty for a managed
// tracker (Symbl.…) that no route names, and for one that a route drops. seen
// is told of each route that was looked at.
func (r *Router) route(s subject, seen func(route int, v verdict)) []Decision {
	var out []Decision
	for i, rt := range r.routes {
		if len(rt.absent) > 0 {
			continue
		}
		v := rt.take(s)
		seen(i, v)
		if !v.holds {
			continue
		}
		if rt.drop {
			return onlyOnce(out)
		}
		out = append(out, rt.decide(i, s)...)
		if !rt.more {
			return onlyOnce(out)
		}
	}
	if len(out) == 0 && !managed(s.tracker.Name) {
		out = append(out, Decision{Destination: r.defaultChannel, Route: DefaultRoute})
	}
	return onlyOnce(out)
}

// missing is route for a tracker whose absence some routes are about. What no
// such route takes is nothing to tell anybody.
func (r *Router) missing(s subject, seen func(route int, v verdict)) []Decision {
	var out []Decision
	for i, rt := range r.routes {
		if rt.absence(s.tracker.Name) < 0 {
			continue
		}
		v := rt.judge(s)
		seen(i, v)
		if !v.holds {
			continue
		}
		if !rt.drop {
			out = append(out, rt.decide(i, s)...)
		}
		if rt.drop || !rt.more {
			break
		}
	}
	return onlyOnce(out)
}

func (rt route) take(s subject) verdict {
	if managed(s.tracker.Name) && !rt.names(s.tracker.Name) {
		return no("trackers named %s… need a route that names them", managedPrefix)
	}
	return rt.judge(s)
}

func (rt route) decide(i int, s subject) []Decision {
	d := Decision{Route: i, style: rt.style}
	switch n := rt.absence(s.tracker.Name); {
	case n >= 0:
		d.absent = present(strings.TrimSpace(rt.absent[n].asked()), "in the call")[0]
	case rt.aboutQuotes():
		d.quotes = rt.quotes(s)
	}
	var out []Decision
	for _, d.Destination = range rt.destinations {
		out = append(out, d)
	}
	return out
}

// absence is the index of the condition about the absence of a tracker; -1
// when there is none.
func (rt route) absence(tracker string) int {
	return slices.IndexFunc(rt.absent, func(r rule) bool { return slices.Contains(r.Trackers, tracker) })
}

// absentTrackers are the trackers whose absence a route is about, each once.
func (r *Router) absentTrackers() []string {
	var out []string
	for _, rt := range r.routes {
		for _, a := range rt.absent {
			out = append(out, a.Trackers...)
		}
	}
	return unique(out, func(name string) string { return name })
}

// onlyOnce makes one of the decisions for the same destination: a route that goes on
// may be followed by one that says how grave it is, or whom it rings.
func onlyOnce(list []Decision) (out []Decision) {
	for _, d := range list {
		i := slices.IndexFunc(out, func(o Decision) bool { return Slug(o.Destination) == Slug(d.Destination) })
		if i < 0 {
			out = append(out, d)
			continue
		}
		out[i].style = out[i].style.join(d.style)
		if out[i].quotes == nil || d.quotes == nil {
			out[i].quotes = nil // all
			continue
		}
		out[i].quotes = slices.Compact(slices.Sorted(slices.Values(slices.Concat(out[i].quotes, d.quotes))))
	}
	return out
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
