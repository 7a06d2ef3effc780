package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const appliedTrackers = `
- name: Promotion Mention
  vocabulary: [We have a sale right now on, a special offer]
  description: what is on offer
  categories: [Sales]
  languages: [en-US]
  sensitivity: strict
- name: Refund
  vocabulary: ["give me my money back: now", "# 1 refund"]
`

// applies walks through apply and export with whatever Symbl the service's
// configuration names, which has the trackers Promotion Mention and Cancellation.
func applies(t *testing.T, s *service) {
	t.Helper()
	file := s.write("applied.yaml", appliedTrackers)

	out := s.must("trackers", "apply", file, "--prune", "--dry-run")
	require.Contains(t, out, `+ create "Refund"`)
	require.Contains(t, out, `    + "a special offer"`)
	require.Contains(t, out, `- delete "Cancellation"`)
	require.Contains(t, out, "plan: 1 to create, 1 to change, 1 to delete")
	require.Equal(t, out, s.must("trackers", "apply", file, "--prune", "--dry-run"), "a dry run changes nothing")

	got := printed[appliedPlan](t, s.must("trackers", "apply", file, "--output", "json"))
	require.True(t, got.Applied)
	require.Equal(t, []string{"Cancellation"}, got.Keep)
	require.Len(t, got.Create, 1)
	require.Equal(t, "description", got.Change[0].Fields[0].Field)

	out = s.must("trackers", "apply", file, "--prune")
	require.Contains(t, out, "deleted Cancellation\n")
	out = s.must("trackers", "apply", file, "--prune")
	require.Equal(t, "plan: 0 to create, 0 to change, 0 to delete, 2 as they should be\n", out)

	exported := s.must("trackers", "export")
	require.True(t, strings.HasPrefix(exported, "- name: Promotion Mention\n"), exported)
	again := s.write("exported.yaml", exported)
	require.Contains(t, s.must("trackers", "apply", again, "--prune", "--dry-run"), "0 to create, 0 to change, 0 to delete, 2 as")
	again = s.write("exported.json", s.must("trackers", "export", "--output", "json"))
	require.Contains(t, s.must("trackers", "apply", again, "--prune", "--dry-run"), "0 to create, 0 to change, 0 to delete, 2 as")
}

func TestEndToEndTrackersAreAppliedToTheRunningService(t *testing.T) {
	t.Parallel()
	s := newService(t, consoleConfig)
	s.write("trackers.yaml", testTrackers)
	s.start()
	applies(t, s)
}

func TestEndToEndTrackersAreAppliedToAnotherSymbl(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addr := freeAddr(t)
	launch(t, dir, engineVars(), "engine", "--addr", addr, "--data", "state")
	s := newService(t, "symbl: {baseURL: http://"+addr+", appId: app, appSecret: not-secret}\n")
	file := s.write("trackers.yaml", testTrackers)
	require.Eventually(t, func() bool { return s.command("trackers", "apply", file).code == 0 }, soon, tick)
	applies(t, s)
}

func TestAFileThatTheAccountWouldRefuseIsNotApplied(t *testing.T) {
	t.Parallel()
	s := newService(t, "symbl: {baseURL: http://127.0.0.1:1, appId: a, appSecret: s}\n")
	for name, tt := range map[string]struct{ yaml, says string }{
		"a repeated phrase": {"- name: A\n  vocabulary: [x, y, x]\n", `f.yaml:1: tracker 1: `},
		"a repeated name":   {"- {name: A, vocabulary: [x]}\n- {name: A, vocabulary: [y]}\n", `f.yaml:2: tracker 2: name: "A" is the name of tracker 1 too`},
		"no phrase":         {"- {name: A, vocabulary: [x]}\n\n- {name: B}\n", `f.yaml:3: tracker 2: `},
		"no language":       {"- {name: A, vocabulary: [x], languages: [English!]}\n", `languages[0]`},
		"no sensitivity":    {"- {name: A, vocabulary: [x], sensitivity: high}\n", `sensitivity`},
		"an unknown key":    {"- {name: A, vocab: [x]}\n", "unknown key vocab"},
		"nothing":           {"[]\n", "holds no tracker"},
	} {
		r := s.command("trackers", "apply", s.write("f.yaml", tt.yaml))
		require.Equal(t, 2, r.code, name)
		require.Contains(t, r.stderr, tt.says, name)
	}
	r := s.command("trackers", "apply", s.write("f.yaml", "- {name: A, vocabulary: [x, x]}\n- {name: '', vocabulary: [x]}\n"))
	require.Equal(t, 2, strings.Count(r.stderr, "\n"), "one line for each problem: %s", r.stderr)
}

// What a second document holds would not be wanted, and --prune would delete it.
func TestTheTrackersOfASecondDocumentAreNotPassedOver(t *testing.T) {
	const one = "- name: A\n  vocabulary: [a]\n"
	list, _, err := parseTrackers("trackers.yaml", []byte(one))
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, _, err = parseTrackers("trackers.yaml", []byte(one+"---\n- name: B\n  vocabulary: [b]\n"))
	require.ErrorContains(t, err, "line 3: a second YAML document starts here")
	for _, last := range []string{"---\n", "---\n# the end\n", "...\n---\n"} {
		list, _, err := parseTrackers("trackers.yaml", []byte(one+last))
		require.NoError(t, err, last)
		require.Len(t, list, 1)
	}
	_, _, err = parseTrackers("trackers.yaml", []byte(one+"---\n---\n- name: B\n  vocabulary: [b]\n"))
	require.ErrorContains(t, err, "a second YAML document")
}

func TestTheTrackersOfTheExampleAreAFile(t *testing.T) {
	t.Parallel()
	list, single, err := readTrackers("../../examples/trackers-as-code/trackers.yaml")
	require.NoError(t, err)
	require.False(t, single)
	require.Len(t, list, 2)
}
