package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

const routesConfig = `
sources: [{name: support, provider: generic, insecure: true, labels: {team: blue}}]
routes:
  - match: {trackers: ["Promotion*"], speaker: {role: agent}, within: first 60s, labels: {team: blue}}
    channel: "#promotions"
    severity: warning
    mention: S0123456789
  - match: {trackers: [Recording Disclosure], absent: true, within: first 60s}
    channel: "#compliance"
    template: {title: "No disclosure", body: "{{range .Trackers}}{{.Name}}: {{.Absent}}{{end}}"}
`

// routesDir has a configuration, trackers and a transcript.
func routesDir(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	write("trackers.yaml", testTrackers)
	write("call.json", `[{"speaker":"Agent","text":`+`"`+saleQuote+`"`+`,"start":13.4,"end":18},{"speaker":"Customer","text":"Please cancel my account today","start":80,"end":84}]`)
	return dir, []string{"TRACKERBELL_CONFIG=" + write("trackerbell.yaml", routesConfig), "TRACKERBELL_TRACKERS=" + filepath.Join(dir, "trackers.yaml")}
}

func TestRoutesAreExplainedForATranscriptWithoutAnyService(t *testing.T) {
	dir, env := routesDir(t)
	r := command(t, dir, env, "routes", "test", "--transcript", "call.json", "--output", "json")
	require.Equal(t, 0, r.code, r.stderr)
	x := printed[notify.Explanation](t, r.stdout)
	require.Equal(t, "Promotion Mention", x.Trackers[0].Tracker)
	require.Equal(t, []string{"#promotions"}, x.Trackers[0].Destinations)
	require.True(t, x.Trackers[0].Routes[0].Matches)
	byDestination := map[string][]string{}
	for _, a := range x.Alerts {
		byDestination[a.Destination] = a.Names()
	}
	require.Equal(t, map[string][]string{
		"#promotions": {"Promotion Mention"}, "#call-alerts": {"Cancellation"}, "#compliance": {"Recording Disclosure"},
	}, byDestination)

	r = command(t, dir, env, "routes", "test", "--transcript", "call.json")
	require.Equal(t, 0, r.code, r.stderr)
	for _, line := range []string{
		"Promotion Mention: 1 quote", "routes[0]   yes  the tracker is Promotion Mention", "-> #promotions\n",
		"routes[0]   no   the tracker is none of Promotion*", "-> #call-alerts (slack.defaultChannel, as no route takes it)",
		"Recording Disclosure: is it absent?", "it was not said in the first 1m", "#promotions: Promotion Mention (warning; mentions S0123456789)",
	} {
		require.Contains(t, r.stdout, line)
	}
}

func TestRoutesAreRenderedAsTheirAlertsWouldRead(t *testing.T) {
	dir, env := routesDir(t)
	r := command(t, dir, env, "routes", "render", "--transcript", "call.json")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "🟠 Promotion Mention  → #promotions")
	require.Contains(t, r.stdout, "→ #compliance\n🔔 No disclosure\n  Recording Disclosure: in the first 1m\n")
	r = command(t, dir, env, "routes", "render", "--sample", "--output", "json")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, `"type": "header"`)
	r = command(t, dir, env, "routes", "render", "--transcript", "call.json", "--output", "json")
	require.Contains(t, r.stdout, "!subteam^S0123456789")
}

func TestRoutesNeedACallThatIsThere(t *testing.T) {
	dir, env := routesDir(t)
	for _, args := range [][]string{
		{"routes", "test"}, {"routes", "test", "--sample"}, {"routes", "test", "--transcript", "none.json"},
		{"routes", "test", "--transcript", "call.json", "--recording", "a"}, {"routes", "render", "--transcript", "call.json", "--source", "x"},
	} {
		r := command(t, dir, env, args...)
		require.Equal(t, 2, r.code, "%q: %s", args, r.stderr)
		require.Regexp(t, `^trackerbell: .+\n$`, r.stderr)
	}
}

func TestEndToEndRoutesAreTestedOnARecordingOfTheService(t *testing.T) {
	t.Parallel()
	s, _ := newFull(t)
	s.start()
	key := s.accept("calls", hook{ID: "routed", Transcript: []said{{"Anna", saleQuote, 1, 2}}})
	s.waitStage(key, events.StageDone)
	x := printed[notify.Explanation](t, s.must("routes", "test", "--recording", key, "--output", "json"))
	require.Equal(t, "Promotion Mention", x.Trackers[0].Tracker)
	require.Equal(t, 1, x.Trackers[0].Quotes)
	require.NotEmpty(t, x.Alerts)
	require.Contains(t, s.must("routes", "render", "--recording", key), key)
	r := s.command("routes", "test", "--recording", "calls.nothing")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "there is no processed recording calls.nothing")
}
