package main

import (
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestProblemsOfAllPartsAreToldInTheOrderOfTheirLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "trackerbell.yaml"), []byte(`routes:
  - {channel: "#a", template: {title: "{{.Nothing}}"}}
sources:
  - {name: a, provider: twilio, secret: short}
  - {name: b, provider: vonage, secret: short}
destinations:
  - {name: c, type: webhook, url: "https://c.example", secret: short}
`), 0o600))
	r := command(t, dir, nil, "check", "--config", "trackerbell.yaml")
	require.Equal(t, 2, r.code, r.stdout)
	lines := regexp.MustCompile(`trackerbell.yaml:(\d+): (\w+)`).FindAllStringSubmatch(r.stderr, -1)
	var got []string
	for _, l := range lines {
		got = append(got, l[1]+" "+l[2])
	}
	require.IsNonDecreasing(t, got, r.stderr)
	require.Contains(t, r.stderr, "routes[0].template.title")
	require.Contains(t, r.stderr, "destinations[0].secret")
	require.Contains(t, r.stderr, "sources[1].secret")
}

func TestWhatOnlyUsersOfAConfigurationSeeIsToldBesideWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "trackerbell.yaml"), []byte(`nats: {sync: never}
trackers: nowhere.yaml
sources:
  - {name: a, provider: zoom, secretFile: missing}
  - {name: b, provider: twilio, secret: short}
routes:
  - {channel: "#a", template: {title: "{{.Nope"}}
`), 0o600))
	r := command(t, dir, nil, "check")
	require.Equal(t, 2, r.code, r.stdout)
	var got []string
	for _, l := range regexp.MustCompile(`trackerbell.yaml:\d+: (\S+):`).FindAllStringSubmatch(r.stderr, -1) {
		got = append(got, l[1])
	}
	require.Equal(t, []string{"nats.sync", "trackers", "sources[0].secretFile", "sources[1].secret", "routes[0].template.title"}, got, "each once")
}

func TestAFileThatIsNotThereIsToldBeforeAServiceIsLookedFor(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"create", "misspelt.yaml"}, {"update", "Sale", "misspelt.yaml"}, {"apply", "misspelt.yaml"}} {
		r := command(t, t.TempDir(), nil, append([]string{"trackers"}, args...)...)
		require.Equal(t, 2, r.code, "%q: %s", args, r.stderr)
		require.Contains(t, r.stderr, "misspelt.yaml: no such file")
	}
}

func TestASilenceOfNothingIsWrongUse(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"at least one of --channel, --tracker and --source": {"--for", "2h"},
		"--for: 0s": {"--for", "0s", "--channel", "#a"},
	} {
		r := command(t, t.TempDir(), nil, append([]string{"silences", "add", "--reason", "test"}, args...)...)
		require.Equal(t, 2, r.code, r.stderr)
		require.Contains(t, r.stderr, want)
	}
}

func TestOneSecretIsMadeByManyProcesses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	const many = 20
	configs := make([]config.Config, many)
	made := make([]bool, many)
	errs := make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		configs[i].NATS.DataDir = dir
		wg.Go(func() { made[i], errs[i] = defaultSource(&configs[i], true) })
	}
	wg.Wait()
	first := 0
	for i := range many {
		require.NoError(t, errs[i])
		require.Equal(t, configs[0].Sources[0].Secret, configs[i].Sources[0].Secret)
		if made[i] {
			first++
		}
	}
	require.Equal(t, 1, first)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}
