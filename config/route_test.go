package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestARouteIsReadWithAllItsConditions(t *testing.T) {
	cfg, _, err := config.Load(write(t, "trackerbell.yaml", `
sources: [{name: support, provider: p, secret: s}]
routes:
  - match:
      sources: [support]
      labels: {team: blue}
      trackers: [Cancel*]
      direction: inbound
      duration: {min: 30s, max: 1h}
      caller: ["+1415*"]
      callee: ["+49*"]
      speaker: {role: customer, channel: 2, name: [Anna]}
      within: last 2m
      exactOnly: true
      minScore: 0.8
      minMatches: 2
      all: [{none: [{within: first 10s}]}]
      any: [{absent: true, trackers: [Recording Disclosure]}]
    channels: ["#a", "#b"]
    mention: S0123456789
    severity: critical
    color: "#d72b3f"
    thread: false
    template: {title: "{{.Title}}", body: b, fields: [{name: n, value: v}]}
  - {drop: true, match: {trackers: [x]}}
`), nil)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]config.Route{{
		Match: config.Match{
			Sources: []string{"support"}, Labels: map[string]string{"team": "blue"}, Trackers: []string{"Cancel*"}, Direction: "inbound",
			Duration: config.Range{Min: 30 * time.Second, Max: time.Hour}, Caller: []string{"+1415*"}, Callee: []string{"+49*"},
			Speaker: config.Speaker{Role: "customer", Channel: 2, Name: []string{"Anna"}}, Within: config.Window{Last: true, Length: 2 * time.Minute},
			ExactOnly: true, MinScore: 0.8, MinMatches: 2,
			All: []config.Match{{None: []config.Match{{Within: config.Window{Length: 10 * time.Second}}}}},
			Any: []config.Match{{Absent: true, Trackers: []string{"Recording Disclosure"}}},
		},
		Channels: []string{"#a", "#b"}, Mention: "S0123456789", Severity: "critical", Color: "#d72b3f", Thread: config.Off,
		Template: config.Template{Title: "{{.Title}}", Body: "b", Fields: []config.TemplateField{{Name: "n", Value: "v"}}},
	}, {Drop: true, Match: config.Match{Trackers: []string{"x"}}}}, cfg.Routes))
}

func TestAChannelOfSlackHasNotTheNameOfADestination(t *testing.T) {
	const destination = "destinations: [{name: ops, type: stdout}]\n"
	for key, yaml := range map[string]string{
		"routes[0].channel": "routes: [{channel: '#ops'}]", "slack.defaultChannel": "slack: {defaultChannel: '#ops'}",
		"slack.fallbackChannel": "slack: {fallbackChannel: '#ops'}", "slack.operatorChannel": "slack: {operatorChannel: '#ops'}",
	} {
		require.Contains(t, strings.Join(problems(t, destination+yaml), "\n"), key+": #ops is also the name of destinations[0]; rename that")
	}
	require.Empty(t, problems(t, destination+"slack: {defaultChannel: ops}"), "the destination is meant")

	const ours = "destinations: [{name: call-alerts, type: stdout}]\n"
	require.Empty(t, problems(t, ours), "nobody means Slack's channel")
	require.NotEmpty(t, problems(t, ours+"slack: {token: xoxb-1}"))
}

func TestWhatWasSaidAndWhatWasNotAreTwoRoutes(t *testing.T) {
	const mixed = "{any: [{absent: true, trackers: [Rec], within: first 1m}, {trackers: [b]}]}"
	for match, fine := range map[string]bool{
		mixed: false, "{all: [" + mixed + "]}": false, "{any: [" + mixed + "]}": false,
		"{trackers: [c], none: [" + mixed + "]}":                                     true,
		"{trackers: [c], none: [{all: [" + mixed + "]}]}":                            true,
		"{any: [{absent: true, trackers: [Rec]}, {absent: true, trackers: [Rec2]}]}": true,
	} {
		found := problems(t, "routes: [{channel: x, match: "+match+"}]")
		require.Equal(t, fine, len(found) == 0, "%s: %s", match, found)
	}
}

func TestMistakesInConditionsNameKeyAndLine(t *testing.T) {
	for name, tc := range map[string]struct{ route, want string }{
		"unknown condition":  {"match: {trakers: [x]}", "match.trakers: unknown key; did you mean trackers?"},
		"window":             {"match: {within: 60s}", "match.within: must be a part of the call such as first 60s or last 2m"},
		"window of nothing":  {"match: {within: first 0s}", "match.within: must be a part of the call"},
		"role":               {"match: {speaker: {role: boss}}", "match.speaker.role: must be one of: agent, customer"},
		"channel":            {"match: {speaker: {channel: -1}}", "match.speaker.channel: must be the number of a channel"},
		"speaker as text":    {"match: {speaker: agent}", "match.speaker: must be a mapping"},
		"score":              {"match: {minScore: 80}", "match.minScore: must be from 0 to 1"},
		"matches":            {"match: {minMatches: -1}", "match.minMatches: must be 1 or more"},
		"direction":          {"match: {direction: in}", "match.direction: must be one of: inbound, outbound"},
		"duration":           {"match: {duration: {min: 2m, max: 1m}}", "match.duration.max: must not be less than min"},
		"blank caller":       {"match: {caller: ['']}", "match.caller[0]: must be a number or a pattern"},
		"absence of whom":    {"match: {absent: true}", "match.absent: needs trackers beside it"},
		"absence of some":    {"match: {absent: true, trackers: [Rec*]}", "match.trackers[0]: must be a whole name beside absent"},
		"absence, twice":     {"match: {absent: true, trackers: [Rec], minMatches: 2}", "match.minMatches: must not stand beside absent"},
		"absence, or not":    {"match: {any: [{absent: true, trackers: [a]}, {trackers: [b]}]}", "match.any[1]: is about what was said"},
		"absence in any":     {"match: {any: [{direction: inbound}, {all: [{absent: true, trackers: [a]}]}]}", "match.any[0]: is about what was said"},
		"inside all":         {"match: {all: [{any: [{none: [{direction: in}]}]}]}", "match.all[0].any[0].none[0].direction: must be one of"},
		"mention by handle":  {"mention: '@oncall'", "mention: must be the id of a Slack user group"},
		"color by name":      {"color: red", `color: must be "#rrggbb"`},
		"severity":           {"severity: high", "severity: must be one of: info, warning, critical"},
		"thread":             {"thread: maybe", "thread: must be true or false"},
		"field without name": {"template: {fields: [{value: x}]}", "template.fields[0]: needs a name and a value"},
		"drop and channel":   {"drop: true", "drop: a route that drops has no channel"},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, "routes:\n- channel: a\n  "+tc.route)
			require.Len(t, got, 1, got)
			line := "trackerbell.yaml:3: routes[0]."
			require.True(t, strings.HasPrefix(got[0], line+tc.want), got[0])
		})
	}
}

func TestAnAliasInsideOfItselfAndATowerOfAliasesEnd(t *testing.T) {
	require.NotEmpty(t, problems(t, "routes: [{channel: a, match: &m {all: [*m]}}]"))
	var b strings.Builder
	b.WriteString("routes:\n- {channel: a, match: &m0 {direction: inbound}}\n")
	for i := range 9 {
		last := string(rune('0' + i))
		list := strings.TrimSuffix(strings.Repeat("*m"+last+", ", 10), ", ")
		b.WriteString("- {channel: a, match: &m" + string(rune('1'+i)) + " {all: [" + list + "]}}\n")
	}
	require.NotEmpty(t, problems(t, b.String()))
}

func TestAWindowIsWrittenAsItIsRead(t *testing.T) {
	require.Equal(t, "first 1m", config.Window{Length: time.Minute}.String())
	require.Equal(t, "last 2h", config.Window{Last: true, Length: 2 * time.Hour}.String())
	require.Empty(t, config.Window{}.String())
}

func TestARangeContainsWhatIsKnownAndWithin(t *testing.T) {
	require.True(t, config.Range{}.Contains(0))
	require.False(t, config.Range{Min: time.Second}.Contains(0), "an unknown duration meets no bound")
	require.True(t, config.Range{Min: time.Second}.Contains(time.Second))
	require.False(t, config.Range{Max: time.Second}.Contains(2*time.Second))
}
