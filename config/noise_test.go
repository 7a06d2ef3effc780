package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
)

func TestNoiseIsRead(t *testing.T) {
	cfg, _, err := load(t, `
noise:
  - channels: ["#oncall"]
  - quietHours: {from: 20:00, to: "0:05", timeZone: Europe/Berlin, weekends: true}
    perHour: 20
    foldFor: 30m
    pass: critical
`)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]config.Noise{{Channels: []string{"#oncall"}}, {
		QuietHours: config.QuietHours{From: 20*60 + 1, To: 5 + 1, TimeZone: "Europe/Berlin", Weekends: true},
		PerHour:    20, FoldFor: 30 * time.Minute, Pass: "critical",
	}}, cfg.Noise))
	require.Equal(t, "20:00", cfg.Noise[1].QuietHours.From.String())
	require.Equal(t, 5, cfg.Noise[1].QuietHours.To.Minute())
	require.True(t, cfg.Noise[0].QuietHours.IsZero())
}

func TestNoiseThatCannotBeIsRefused(t *testing.T) {
	const zone = ", timeZone: UTC"
	for yaml, want := range map[string]string{
		`noise: [{quietHours: {to: "08:00"` + zone + `}}]`:                      `trackerbell.yaml:1: noise[0].quietHours.from: missing: when it becomes quiet, such as "20:00"`,
		`noise: [{quietHours: {from: "20:00"` + zone + `}}]`:                    `trackerbell.yaml:1: noise[0].quietHours.to: missing: when the digest comes, such as "08:00"`,
		`noise: [{quietHours: {from: "08:00", to: "8:00"` + zone + `}}]`:        `trackerbell.yaml:1: noise[0].quietHours.to: must differ from from, or it would never end`,
		`noise: [{quietHours: {from: "20:00", to: "24:00"` + zone + `}}]`:       `trackerbell.yaml:1: noise[0].quietHours.to: must be a time of the day such as "20:00"`,
		`noise: [{quietHours: {from: "20:00", to: "08:00"}}]`:                   `trackerbell.yaml:1: noise[0].quietHours.timeZone: must be a time zone such as Europe/Berlin or UTC`,
		`noise: [{quietHours: {from: "1:00", to: "2:00", timeZone: Local}}]`:    `trackerbell.yaml:1: noise[0].quietHours.timeZone: must be a time zone such as Europe/Berlin or UTC`,
		`noise: [{quietHours: {from: "1:00", to: "2:00", timeZone: Mars/One}}]`: `trackerbell.yaml:1: noise[0].quietHours.timeZone: must be a time zone such as Europe/Berlin or UTC`,
		`noise: [{perHour: -1}]`:                                                `trackerbell.yaml:1: noise[0].perHour: must be 0 (no cap) or more`,
		`noise: [{foldFor: 169h}]`:                                              `trackerbell.yaml:1: noise[0].foldFor: must be from 0 (not at all) to 168h`,
		`noise: [{channels: [" "]}]`:                                            `trackerbell.yaml:1: noise[0].channels[0]: must name a channel`,
		`noise: [{pass: everything}]`:                                           `trackerbell.yaml:1: noise[0].pass: must be one of: info, warning, critical`,
	} {
		require.Equal(t, []string{want}, problems(t, yaml), yaml)
	}
}
