package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestAProblemPointsAtTheNearestPlaceThatIsKnown(t *testing.T) {
	secret := write(t, "secret", "s")
	cfg, _, err := load(t, `sources:
  - name: a
    provider: p
    secrets:
      - one
      - two
    labels:
      team: x
  - name: b
    provider: p
    secretFile: `+secret+`
slack:
  token: t
`, "TRACKERBELL_SLACK_TOKEN=u", "TRACKERBELL_ADMIN_TOKENFILE="+secret)
	require.NoError(t, err)
	for key, line := range map[string]int{
		"sources":                     1,
		"sources[0]":                  2,
		"sources[0].provider":         3,
		"sources[0].secrets[1]":       6,
		"sources[0].secrets[7]":       4,
		"sources[0].secret":           2,
		"sources[0].labels.team":      8,
		"sources[0].credentials.user": 2,
		"sources[1].secret":           11, // by its twin
		"sources[9].name":             1,
		"slack.apiURL":                12,
		"slack.token":                 0, // the environment wins
		"admin.token":                 0,
		"nats.url":                    0,
		"":                            0,
	} {
		require.Equal(t, line, cfg.Problem(key, "bad").Line, key)
	}
	require.Equal(t, "TRACKERBELL_SLACK_TOKEN: slack.token: is 5", cfg.Problem("slack.token", "is %d", 5).Error())
	require.Equal(t, "TRACKERBELL_ADMIN_TOKENFILE: admin.token: bad", cfg.Problem("admin.token", "bad").Error())
	require.Equal(t, "nats.url: bad", cfg.Problem("nats.url", "bad").Error())
	require.Equal(t, "bad", cfg.Problem("", "bad").Error())
}

func TestAConfigurationThatWasNotLoadedCanTellProblems(t *testing.T) {
	cfg := config.Default()
	require.Equal(t, config.Problem{Key: "nats.url", Message: "bad"}, cfg.Problem("nats.url", "bad"))
}

func TestProblemsAreOneLineEach(t *testing.T) {
	err := config.Problems{
		{Key: "a.b", Line: 3, Origin: "x.yaml", Message: "one"},
		{Origin: "x.yaml", Message: "two"},
	}
	require.EqualError(t, err, "x.yaml:3: a.b: one\nx.yaml: two")
}
