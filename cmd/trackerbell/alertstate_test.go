package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
)

func TestAnAlertSaysWhyItIsHeldAndForHowLong(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 28, 8, 0, 0, 0, time.Local)
	posted := until.Add(-time.Hour)
	for want, a := range map[string]api.AlertView{
		"not posted yet": {},
		"held: silence":  {Held: "silence"},
		"held: quiet hours until 2026-11-28 08:00":              {Held: "quiet_hours", HeldUntil: until, Digest: "digest=a"},
		"posted 2026-11-28 07:00:00 1.2":                        {PostedAt: &posted, TS: "1.2"},
		"posted in the caller's thread 2026-11-28 07:00:00 1.2": {PostedAt: &posted, TS: "1.2", Folded: true},
	} {
		require.Equal(t, want, alertState(a, until.Add(-time.Minute)))
	}
	require.Equal(t, "held: quiet hours until 2026-11-28 08:00, then told by digest=a",
		alertState(api.AlertView{Held: "quiet_hours", HeldUntil: until, Digest: "digest=a"}, until))
	require.Equal(t, "1 of 3, 1 held", alertSummary([]api.AlertView{{PostedAt: &posted}, {Held: "cap"}, {}}))
	require.Equal(t, "0 of 1", alertSummary([]api.AlertView{{}}))
}
