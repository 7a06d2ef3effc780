package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api"
	"github.com/trackerbell/trackerbell/notify"
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

func TestARecordingShowsWhatPeopleThoughtAndItsDeadLetters(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 7, 0, 0, 0, time.Local)
	rows := recordingRows(api.RecordingView{DeadLetters: []uint64{7}, Alerts: []api.AlertView{{Destination: "#a", Feedback: []notify.Feedback{
		{User: "U1", Name: "ann", Useful: true, At: at}, {User: "U2", At: at},
	}}}})
	require.Subset(t, rows, [][]string{
		{"feedback", "#a: useful, says ann 2026-11-28 07:00:00"},
		{"feedback", "#a: false alarm, says U2 2026-11-28 07:00:00"},
		{"dead letter", "7: trackerbell dead show 7 says why"},
	})
}
