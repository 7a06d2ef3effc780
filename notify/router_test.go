package notify_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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

// destinations are where a tracker with one quote goes.
func destinations(r *notify.Router, call notify.Call, tracker string) []string {
	list := []string{}
	for _, p := range r.Plan(call, []notify.Tracker{{Name: tracker, Quotes: []notify.Quote{{Text: tracker}}}}) {
		list = append(list, p.Destination)
	}
	return list
}

func TestTrackersGoWhereTheRoutesSay(t *testing.T) {
	byTracker := config.Route{Match: config.Match{Trackers: []string{"Promotion Mention", "Sale"}}, Channel: "#promotions"}
	support := config.Route{Match: config.Match{Sources: []string{"support"}}, Channel: "#support"}
	everything := config.Route{Channels: []string{"#one", "#two"}}
	team := config.Route{Match: config.Match{Labels: map[string]string{"team": "blue", "site": "oslo"}}, Channel: "#blue"}
	all := config.Route{Match: config.Match{Sources: []string{"support"}, Trackers: []string{"Sale"}, Labels: map[string]string{"team": "blue"}}, Channel: "#all"}
	managed := func(pattern string) config.Route {
		return config.Route{Match: config.Match{Trackers: []string{pattern}}, Channel: "#hello"}
	}
	goOn := func(r config.Route) config.Route { r.Continue = true; return r }
	drop := config.Route{Match: config.Match{Trackers: []string{"Sale"}}, Drop: true}
	from := notify.Call{Source: "support"}
	blue := notify.Call{Labels: map[string]string{"team": "blue", "site": "oslo", "x": "y"}}

	for name, c := range map[string]struct {
		routes  []config.Route
		call    notify.Call
		tracker string
		want    []string
	}{
		"no route is the default":       {nil, notify.Call{}, "Sale", []string{"#call-alerts"}},
		"a named tracker":               {[]config.Route{support, byTracker}, notify.Call{}, "Sale", []string{"#promotions"}},
		"names are exact":               {[]config.Route{byTracker}, notify.Call{}, "sale", []string{"#call-alerts"}},
		"the first match wins":          {[]config.Route{byTracker, support}, from, "Sale", []string{"#promotions"}},
		"continue goes on":              {[]config.Route{goOn(byTracker), support, everything}, from, "Sale", []string{"#promotions", "#support"}},
		"continue past a miss":          {[]config.Route{goOn(byTracker), support, everything}, notify.Call{}, "Sale", []string{"#promotions", "#one", "#two"}},
		"continue to the end":           {[]config.Route{goOn(byTracker)}, notify.Call{}, "Sale", []string{"#promotions"}},
		"a destination only once":       {[]config.Route{goOn(byTracker), {Channels: []string{"promotions", "#two", "#two"}}}, notify.Call{}, "Sale", []string{"#promotions", "#two"}},
		"channel and channels":          {[]config.Route{{Channel: "#a", Channels: []string{"#b", "#a"}}}, notify.Call{}, "x", []string{"#a", "#b"}},
		"all labels":                    {[]config.Route{team}, blue, "x", []string{"#blue"}},
		"one label differs":             {[]config.Route{team}, notify.Call{Labels: map[string]string{"team": "blue", "site": "bergen"}}, "x", []string{"#call-alerts"}},
		"a label is missing":            {[]config.Route{team}, notify.Call{Labels: map[string]string{"team": "blue"}}, "x", []string{"#call-alerts"}},
		"lists are all needed":          {[]config.Route{all}, notify.Call{Source: "support", Labels: map[string]string{"team": "blue"}}, "Sale", []string{"#all"}},
		"one list fails":                {[]config.Route{all}, notify.Call{Source: "sales", Labels: map[string]string{"team": "blue"}}, "Sale", []string{"#call-alerts"}},
		"dropped":                       {[]config.Route{drop, everything}, notify.Call{}, "Sale", []string{}},
		"dropped after a continue":      {[]config.Route{goOn(byTracker), drop, everything}, notify.Call{}, "Sale", []string{"#promotions"}},
		"managed without a name":        {[]config.Route{support, everything}, from, "Symbl.Greeting", []string{}},
		"managed that is named":         {[]config.Route{everything, managed("Symbl.Greeting")}, notify.Call{}, "Symbl.Greeting", []string{"#hello"}},
		"managed, named by a pattern":   {[]config.Route{everything, managed("Symbl.*")}, notify.Call{}, "Symbl.Greeting", []string{"#hello"}},
		"managed, and anything will do": {[]config.Route{managed("*")}, notify.Call{}, "Symbl.Greeting", []string{}},
		"managed, and another is named": {[]config.Route{managed("Symbl.Greeting")}, notify.Call{}, "Symbl.Other", []string{}},
		"managed, named inside of any":  {[]config.Route{{Match: config.Match{Any: []config.Match{{Trackers: []string{"Symbl.Greeting"}}}}, Channel: "#x"}}, notify.Call{}, "Symbl.Greeting", []string{"#x"}},
		"not quite managed":             {nil, notify.Call{}, "Symbls", []string{"#call-alerts"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, destinations(newRouter(t, c.routes...), c.call, c.tracker))
		})
	}
}

// aCall has one tracker said by both sides, at three times.
func aCall() (notify.Call, []notify.Tracker) {
	call := notify.Call{Source: "support", Direction: "inbound", From: "+1 (415) 555-0137", To: "sip:Desk@pbx.example", Seconds: 300}
	return call, []notify.Tracker{{Name: "Cancel Intent", Quotes: []notify.Quote{
		{Text: "early", Speaker: "Nina Berg", Role: "agent", Channel: 1, At: 5, Phrase: "cancel", Offset: 0},
		{Text: "middle", Speaker: "Customer", Role: "customer", Channel: 2, At: 100, Offset: -1, Score: 0.7},
		{Text: "late", Speaker: "Customer", Role: "customer", Channel: 2, At: 290, Offset: 3},
		{Text: "some time", At: -1, Offset: -1},
	}}}
}

func TestEveryConditionDecides(t *testing.T) {
	yml := func(text string) config.Match {
		cfg := load(t, "routes: [{channel: '#yes', match: "+text+"}]")
		return cfg.Routes[0].Match
	}
	for text, want := range map[string]bool{
		"{trackers: ['Cancel*']}": true, "{trackers: ['*Intent']}": true, "{trackers: ['C*l*t']}": true, "{trackers: ['*x*']}": false, "{trackers: ['Cancel']}": false,
		"{direction: inbound}": true, "{direction: outbound}": false,
		"{duration: {min: 5m}}": true, "{duration: {min: 301s}}": false, "{duration: {max: 300s}}": true, "{duration: {max: 1m}}": false,
		"{caller: ['+1415*']}": true, "{caller: ['+14155550137']}": true, "{caller: ['+49*']}": false, "{callee: ['*@PBX.example']}": true, "{callee: ['+1*']}": false,
		"{speaker: {role: agent}}": true, "{speaker: {role: customer, name: [Nina*]}}": false, "{speaker: {channel: 2}}": true, "{speaker: {channel: 3}}": false,
		"{within: first 5s}": true, "{within: first 4s}": false, "{within: last 10s}": true, "{within: last 9s}": false,
		"{exactOnly: true, minMatches: 2}": true, "{exactOnly: true, minMatches: 3}": false,
		"{minScore: 0.7, minMatches: 3}": true, "{minScore: 0.71, minMatches: 3}": false, "{minMatches: 4}": true, "{minMatches: 5}": false,
		"{speaker: {role: customer}, within: last 1m, exactOnly: true}":                        true,
		"{speaker: {role: agent}, within: last 1m}":                                            false,
		"{all: [{speaker: {role: agent}}, {within: last 1m}]}":                                 true,
		"{all: [{speaker: {role: agent}}, {direction: outbound}]}":                             false,
		"{any: [{direction: outbound}, {within: first 5s}]}":                                   true,
		"{any: [{direction: outbound}, {within: first 1s}]}":                                   false,
		"{none: [{direction: outbound}, {trackers: [Sale]}]}":                                  true,
		"{none: [{trackers: ['Cancel*']}]}":                                                    false,
		"{any: [{all: [{direction: inbound}, {none: [{duration: {max: 1m}}]}]}], sources: []}": true,
	} {
		t.Run(text, func(t *testing.T) {
			call, found := aCall()
			r, err := notify.NewRouter([]config.Route{{Match: yml(text), Channel: "#yes"}}, "#no")
			require.NoError(t, err)
			x := r.Explain(call, found)
			require.Equal(t, want, x.Alerts[0].Destination == "#yes", "%v", x.Trackers[0].Routes)
			require.Equal(t, want, x.Trackers[0].Routes[0].Matches)
			require.NotEmpty(t, x.Trackers[0].Routes[0].Why)
		})
	}
}

func TestTheLastPartOfACallOfUnknownDurationIsNothing(t *testing.T) {
	call, found := aCall()
	call.Seconds = 0
	r := newRouter(t, config.Route{Match: config.Match{Within: config.Window{Last: true, Length: 1e12}}, Channel: "#yes"})
	require.Equal(t, "#call-alerts", r.Plan(call, found)[0].Destination)
}

func TestANumberThatIsNotKnownIsNoneOfAnyPattern(t *testing.T) {
	call, found := aCall()
	call.From, call.To = "", " "
	for text, match := range map[string]config.Match{"caller": {Caller: []string{"*"}}, "callee": {Callee: []string{"+1*", "*"}}} {
		x := newRouter(t, config.Route{Match: match, Channel: "#yes"}).Explain(call, found)
		require.Equal(t, "#call-alerts", x.Alerts[0].Destination)
		require.Equal(t, []string{"the " + text + " is not known"}, x.Trackers[0].Routes[0].Why)
	}
	none := config.Match{None: []config.Match{{Caller: []string{"*"}}}}
	require.Equal(t, "#yes", newRouter(t, config.Route{Match: none, Channel: "#yes"}).Plan(call, found)[0].Destination)
}

func TestAnAlertHoldsTheQuotesThatItsRouteIsAbout(t *testing.T) {
	call, found := aCall()
	r := newRouter(t, config.Route{Match: config.Match{Speaker: config.Speaker{Role: "customer"}}, Channel: "#churn"})
	p := r.Plan(call, found)[0]
	require.Equal(t, []notify.Part{{Tracker: "Cancel Intent", Quotes: []int{1, 2}}}, p.Parts)
	require.Equal(t, []notify.Tracker{{Name: "Cancel Intent", Quotes: found[0].Quotes[1:2], More: 1}}, p.Fill(found, 1))
}

func TestAbsenceIsAnAlertOfItsOwn(t *testing.T) {
	disclosure := config.Route{Match: config.Match{
		Trackers: []string{"Recording Disclosure"}, Absent: true, Within: config.Window{Length: 60e9}, Direction: "inbound",
	}, Channel: "#compliance"}
	said := func(at float64) []notify.Tracker {
		return []notify.Tracker{{Name: "Recording Disclosure", Quotes: []notify.Quote{{Text: "this call is recorded", At: at}}}}
	}
	inbound := notify.Call{Direction: "inbound"}
	part := notify.Part{Tracker: "Recording Disclosure", Absent: "in the first 1m"}
	for name, c := range map[string]struct {
		call  notify.Call
		found []notify.Tracker
		want  []notify.Plan
	}{
		"never said":   {inbound, nil, []notify.Plan{{Destination: "#compliance", Parts: []notify.Part{part}}}},
		"said in time": {inbound, said(10), []notify.Plan{{Destination: "#call-alerts", Parts: []notify.Part{{Tracker: "Recording Disclosure"}}}}},
		"said too late": {inbound, said(90), []notify.Plan{
			{Destination: "#call-alerts", Parts: []notify.Part{{Tracker: "Recording Disclosure"}}}, {Destination: "#compliance", Parts: []notify.Part{part}}}},
		"another kind of call": {notify.Call{Direction: "outbound"}, nil, []notify.Plan{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cmp.Diff(c.want, newRouter(t, disclosure).Plan(c.call, c.found)))
		})
	}
	filled := notify.Plan{Parts: []notify.Part{part}}.Fill(said(90), 50)
	require.Equal(t, []notify.Tracker{{Name: "Recording Disclosure", Absent: "in the first 1m"}}, filled)
}

func TestOneAlertForEachDestinationWithTheGravestStyle(t *testing.T) {
	trackers := []notify.Tracker{{Name: "Sale", Quotes: []notify.Quote{{}}}, {Name: "Threat", Quotes: []notify.Quote{{}}}}
	r := newRouter(t,
		config.Route{Match: config.Match{Trackers: []string{"Sale"}}, Channel: "#a", Severity: "info", Color: "#0000ff", Mention: "S0000000001"},
		config.Route{Match: config.Match{Trackers: []string{"Threat"}}, Channel: "a", Severity: "critical", Color: "#ff0000", Mention: "S0000000002", Thread: config.Off})
	require.Empty(t, cmp.Diff([]notify.Plan{{
		Destination: "#a", Parts: []notify.Part{{Tracker: "Sale"}, {Tracker: "Threat"}},
		Style: notify.Style{Severity: "critical", Color: "#ff0000", Mentions: []string{"S0000000001", "S0000000002"}},
	}}, r.Plan(notify.Call{}, trackers)))
	require.Equal(t, []string{"Sale", "Threat"}, r.Plan(notify.Call{}, trackers)[0].Names())
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
	r := newRouter(t, config.Route{Match: config.Match{All: []config.Match{{Trackers: trackers, Labels: labels}}}, Channel: "#a"})
	trackers[0], labels["team"] = "Other", "red"
	require.Equal(t, []string{"#a"}, destinations(r, notify.Call{Labels: map[string]string{"team": "blue"}}, "Sale"))
}

func TestRoutesThatLeadNowhereAreErrorsThatNameTheKey(t *testing.T) {
	_, err := notify.NewRouter([]config.Route{{Channel: "#a"}, {}, {Channels: []string{"#b", "# "}}}, "")
	require.ErrorContains(t, err, "slack.defaultChannel: must name a channel")
	require.ErrorContains(t, err, "routes[1].channel: a route needs channel or channels")
	require.ErrorContains(t, err, "routes[2].channels: a channel's name is empty")
}

func TestTemplatesThatCannotWorkAreErrorsThatNameTheKey(t *testing.T) {
	_, err := notify.NewRouter([]config.Route{
		{Channel: "#a", Template: config.Template{Title: "{{.Title"}},
		{Channel: "#a", Template: config.Template{Body: "{{.Nothing}}", Fields: []config.TemplateField{{Name: "a", Value: "{{.Agent}}"}, {Name: "b", Value: "{{index .Trackers 9}}"}}}},
		{Channel: "#a", Template: config.Template{Title: "{{.Title}} of {{.Labels.anything}}{{.Labels.team}}", Fields: []config.TemplateField{{Name: "Queue", Value: "{{.Labels.queue}}"}}}},
	}, "#d")
	require.ErrorContains(t, err, "routes[0].template.title: does not parse")
	require.ErrorContains(t, err, "routes[1].template.body: does not work")
	require.ErrorContains(t, err, "routes[1].template.fields[1].value: does not work")
	require.NotContains(t, err.Error(), "routes[2]")
	require.NotContains(t, err.Error(), "fields[0]")
}

func TestARouteThatGoesOnIsJoinedByTheNextToItsChannel(t *testing.T) {
	r := newRouter(t,
		config.Route{Match: config.Match{Trackers: []string{"Cancel*"}}, Channel: "#retention", Continue: true},
		config.Route{Match: config.Match{Trackers: []string{"Cancel*"}, Speaker: config.Speaker{Role: "customer"}}, Channel: "#retention", Severity: "critical", Mention: "S0123456789"})
	call, found := aCall()
	plans := r.Plan(call, found)
	require.Len(t, plans, 1)
	require.Len(t, plans[0].Parts, 1)
	require.Empty(t, plans[0].Parts[0].Quotes, "all, as the first says")
	require.Equal(t, "critical", plans[0].Style.Severity)
	require.Equal(t, []string{"S0123456789"}, plans[0].Style.Mentions)
}
