package notify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func newRouter(t *testing.T, routes ...config.Route) *notify.Router {
	t.Helper()
	r, err := notify.NewRouter(routes, "#call-alerts")
	require.NoError(t, err)
	return r
}

func TestTrackersGoWhereTheRoutesSay(t *testing.T) {
	byTracker := config.Route{Match: config.Match{Trackers: []string{"Promotion Mention", "Sale"}}, Channel: "#promotions"}
	support := config.Route{Match: config.Match{Sources: []string{"support"}}, Channel: "#support"}
	everything := config.Route{Channels: []string{"#one", "#two"}}
	team := config.Route{Match: config.Match{Labels: map[string]string{"team": "blue", "site": "oslo"}}, Channel: "#blue"}
	all := config.Route{Match: config.Match{Sources: []string{"support"}, Trackers: []string{"Sale"}, Labels: map[string]string{"team": "blue"}}, Channel: "#all"}
	goOn := func(r config.Route) config.Route { r.Continue = true; return r }

	for name, c := range map[string]struct {
		routes []config.Route
		query  notify.Query
		want   []notify.Decision
	}{
		"no route is the default":       {nil, notify.Query{Tracker: "Sale"}, []notify.Decision{{"#call-alerts", notify.DefaultRoute}}},
		"a named tracker":               {[]config.Route{support, byTracker}, notify.Query{Tracker: "Sale"}, []notify.Decision{{"#promotions", 1}}},
		"names are exact":               {[]config.Route{byTracker}, notify.Query{Tracker: "sale"}, []notify.Decision{{"#call-alerts", -1}}},
		"the first match wins":          {[]config.Route{byTracker, support}, notify.Query{Source: "support", Tracker: "Sale"}, []notify.Decision{{"#promotions", 0}}},
		"continue goes on":              {[]config.Route{goOn(byTracker), support, everything}, notify.Query{Source: "support", Tracker: "Sale"}, []notify.Decision{{"#promotions", 0}, {"#support", 1}}},
		"continue past a miss":          {[]config.Route{goOn(byTracker), support, everything}, notify.Query{Tracker: "Sale"}, []notify.Decision{{"#promotions", 0}, {"#one", 2}, {"#two", 2}}},
		"continue to the end":           {[]config.Route{goOn(byTracker)}, notify.Query{Tracker: "Sale"}, []notify.Decision{{"#promotions", 0}}},
		"a destination only once":       {[]config.Route{goOn(byTracker), {Channels: []string{"promotions", "#two", "#two"}}}, notify.Query{Tracker: "Sale"}, []notify.Decision{{"#promotions", 0}, {"#two", 1}}},
		"channel and channels":          {[]config.Route{{Channel: "#a", Channels: []string{"#b", "#a"}}}, notify.Query{Tracker: "x"}, []notify.Decision{{"#a", 0}, {"#b", 0}}},
		"all labels":                    {[]config.Route{team}, notify.Query{Labels: map[string]string{"team": "blue", "site": "oslo", "x": "y"}, Tracker: "x"}, []notify.Decision{{"#blue", 0}}},
		"one label differs":             {[]config.Route{team}, notify.Query{Labels: map[string]string{"team": "blue", "site": "bergen"}, Tracker: "x"}, []notify.Decision{{"#call-alerts", -1}}},
		"a label is missing":            {[]config.Route{team}, notify.Query{Labels: map[string]string{"team": "blue"}, Tracker: "x"}, []notify.Decision{{"#call-alerts", -1}}},
		"lists are all needed":          {[]config.Route{all}, notify.Query{Source: "support", Labels: map[string]string{"team": "blue"}, Tracker: "Sale"}, []notify.Decision{{"#all", 0}}},
		"one list fails":                {[]config.Route{all}, notify.Query{Source: "sales", Labels: map[string]string{"team": "blue"}, Tracker: "Sale"}, []notify.Decision{{"#call-alerts", -1}}},
		"managed without a name":        {[]config.Route{support, everything}, notify.Query{Source: "support", Tracker: "Symbl.Greeting"}, nil},
		"managed that is named":         {[]config.Route{everything, {Match: config.Match{Trackers: []string{"Symbl.Greeting"}}, Channel: "#hello"}}, notify.Query{Tracker: "Symbl.Greeting"}, []notify.Decision{{"#hello", 1}}},
		"managed, and another is named": {[]config.Route{{Match: config.Match{Trackers: []string{"Symbl.Greeting"}}, Channel: "#hello"}}, notify.Query{Tracker: "Symbl.Other"}, nil},
		"not quite managed":             {nil, notify.Query{Tracker: "Symbls"}, []notify.Decision{{"#call-alerts", -1}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, newRouter(t, c.routes...).Route(c.query))
		})
	}
}

func TestDestinationsAreAllOfTheConfigurationOnce(t *testing.T) {
	r := newRouter(t,
		config.Route{Channel: "#b", Channels: []string{"C0123456789"}},
		config.Route{Channels: []string{"b", "#call-alerts", "#a"}})
	require.Equal(t, []string{"#b", "C0123456789", "#call-alerts", "#a"}, r.Destinations())
	require.Equal(t, []string{"#call-alerts"}, newRouter(t).Destinations())
}

func TestTheRouterKeepsItsOwnRoutes(t *testing.T) {
	trackers := []string{"Sale"}
	labels := map[string]string{"team": "blue"}
	r := newRouter(t, config.Route{Match: config.Match{Trackers: trackers, Labels: labels}, Channel: "#a"})
	trackers[0], labels["team"] = "Other", "red"
	query := notify.Query{Tracker: "Sale", Labels: map[string]string{"team": "blue"}}
	require.Equal(t, []notify.Decision{{"#a", 0}}, r.Route(query))
}

func TestRoutesThatLeadNowhereAreErrorsThatNameTheKey(t *testing.T) {
	_, err := notify.NewRouter([]config.Route{{Channel: "#a"}, {}, {Channels: []string{"#b", "# "}}}, "")
	require.ErrorContains(t, err, "slack.defaultChannel: must name a channel")
	require.ErrorContains(t, err, "routes[1].channel: a route needs channel or channels")
	require.ErrorContains(t, err, "routes[2].channels: a channel's name is empty")
}
