package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

// nightly is quiet from 20:00 to 08:00 in Berlin, unless told otherwise.
func nightly(t *testing.T, change func(*config.QuietHours)) notify.Quiet {
	t.Helper()
	hours := config.QuietHours{From: 20*60 + 1, To: 8*60 + 1, TimeZone: "Europe/Berlin"}
	if change != nil {
		change(&hours)
	}
	n, err := notify.NewNoise([]config.Noise{{QuietHours: hours}})
	require.NoError(t, err)
	return n.For("alerts")
}

func TestQuietHoursEndByTheClockOfTheirTimeZone(t *testing.T) {
	at := func(hour, minute int) func(*config.QuietHours) {
		return func(q *config.QuietHours) { q.To = config.Clock(hour*60 + minute + 1) }
	}
	weekends := func(q *config.QuietHours) { q.Weekends = true }
	for name, c := range map[string]struct {
		change func(*config.QuietHours)
		now    string
		want   string // empty: not quiet
	}{
		"by day":                              {nil, "2026-11-27T12:00:00+01:00", ""},
		"the last second":                     {nil, "2026-11-27T19:59:59+01:00", ""},
		"in the evening":                      {nil, "2026-11-27T20:00:00+01:00", "2026-11-28T08:00:00+01:00"},
		"after midnight":                      {nil, "2026-11-28T00:00:01+01:00", "2026-11-28T08:00:00+01:00"},
		"a second before the end":             {nil, "2026-11-28T07:59:59.9+01:00", "2026-11-28T08:00:00+01:00"},
		"at the end":                          {nil, "2026-11-28T08:00:00+01:00", ""},
		"the short night in spring":           {nil, "2026-03-28T20:00:00+01:00", "2026-03-29T08:00:00+02:00"},
		"the long night in autumn":            {nil, "2026-10-24T20:00:00+02:00", "2026-10-25T08:00:00+01:00"},
		"an end that the clock jumps over":    {at(2, 30), "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		"an end that comes twice":             {at(2, 30), "2026-10-25T01:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		"the hour that comes twice":           {at(2, 30), "2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00"},
		"on Friday, with quiet weekends":      {weekends, "2026-11-27T20:00:00+01:00", "2026-11-30T08:00:00+01:00"},
		"on Saturday at noon":                 {weekends, "2026-11-28T12:00:00+01:00", "2026-11-30T08:00:00+01:00"},
		"on Sunday evening":                   {weekends, "2026-11-29T23:00:00+01:00", "2026-11-30T08:00:00+01:00"},
		"within one day":                      {func(q *config.QuietHours) { q.From, q.To = 12*60+1, 13*60+1 }, "2026-11-27T12:30:00+01:00", "2026-11-27T13:00:00+01:00"},
		"within one day, after it":            {func(q *config.QuietHours) { q.From, q.To = 12*60+1, 13*60+1 }, "2026-11-27T13:00:00+01:00", ""},
		"until midnight":                      {at(0, 0), "2026-11-27T23:59:00+01:00", "2026-11-28T00:00:00+01:00"},
		"in another zone than the time's":     {nil, "2026-11-27T19:00:00Z", "2026-11-28T08:00:00+01:00"},
		"in a zone with a quarter of an hour": {func(q *config.QuietHours) { q.TimeZone = "Asia/Kathmandu" }, "2026-11-27T15:00:00Z", "2026-11-28T08:00:00+05:45"},
	} {
		now, err := time.Parse(time.RFC3339Nano, c.now)
		require.NoError(t, err)
		end, quiet := nightly(t, c.change).Until(now)
		require.Equal(t, c.want != "", quiet, name)
		if quiet {
			want, err := time.Parse(time.RFC3339, c.want)
			require.NoError(t, err)
			require.True(t, want.Equal(end), "%s: %s is not %s", name, end, want)
		}
	}
}

func TestTheFirstRuleThatNamesAChannelHoldsForIt(t *testing.T) {
	n, err := notify.NewNoise([]config.Noise{
		{Channels: []string{"#oncall", "crm"}}, {Channels: []string{"#sales", "#oncall"}, PerHour: 3}, {PerHour: 9},
	}, "crm", "erp")
	require.NoError(t, err)
	for slug, want := range map[string]int{"oncall": 0, "sales": 3, "other": 9, "crm": 0, "erp": 0} {
		require.Equal(t, want, n.For(slug).PerHour, slug)
	}
	var none *notify.Noise
	require.Equal(t, notify.Quiet{}, none.For("sales"))
	_, quiet := notify.Quiet{}.Until(time.Now())
	require.False(t, quiet)
}

func TestGraveAlertsPassWhereTheRuleSaysSo(t *testing.T) {
	n, err := notify.NewNoise([]config.Noise{{Channels: []string{"a"}, Pass: notify.SeverityWarning}, {}})
	require.NoError(t, err)
	for severity, want := range map[string]bool{"": false, notify.SeverityInfo: false, notify.SeverityWarning: true, notify.SeverityCritical: true} {
		require.Equal(t, want, n.For("a").Passes(notify.Style{Severity: severity}), severity)
		require.False(t, n.For("b").Passes(notify.Style{Severity: severity}), "nothing passes unless it is said")
	}
}

func TestTheCallerIsThePartyThatIsNotTheAgents(t *testing.T) {
	for name, c := range map[string]struct {
		call notify.Call
		want string
	}{
		"inbound":   {notify.Call{Direction: "inbound", From: "+14155550137", To: "+14155550100"}, "+14155550137"},
		"outbound":  {notify.Call{Direction: "outbound", From: "+14155550137", To: "+14155550100"}, "+14155550100"},
		"unknown":   {notify.Call{From: "+14155550137"}, "+14155550137"},
		"anonymous": {notify.Call{From: "anonymous"}, ""},
		"extension": {notify.Call{From: "201"}, ""},
	} {
		require.Equal(t, c.want, c.call.Caller(), name)
	}
}
