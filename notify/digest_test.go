package notify_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

// night is a digest of three alerts.
func night(t *testing.T) notify.Alert {
	t.Helper()
	from := time.Date(2026, 11, 27, 19, 4, 0, 0, time.UTC)
	d := &notify.Digest{Reason: notify.HeldQuietHours, From: from, Until: from.Add(11*time.Hour + 56*time.Minute), Count: 5}
	for i, name := range []string{"exact", "critical", "several"} {
		call := loadAlert(t, name)
		call.Call.StartedAt = from.Add(time.Duration(i) * time.Hour)
		d.Alerts = append(d.Alerts, notify.NewHeld(call))
	}
	return notify.Alert{
		ID: "digest1", Recording: "digest=promotions.20261128T070000Z-quiet_hours", Destination: "#promotions", Digest: d,
		Style: notify.Style{Mentions: []string{"S0123456789"}},
	}
}

func TestADigestTellsWhatWasHeldBack(t *testing.T) {
	a := night(t)
	m := notify.Render(a, withButtons())
	requireAcceptable(t, m)
	golden(t, "digest.blocks.json", readable(t, m.Blocks))
	golden(t, "digest.fallback.txt", []byte(m.Text+"\n"))
	golden(t, "digest.txt", []byte(notify.Text(a, false)))
	require.Equal(t, 1, notify.Parts(a))
	require.Equal(t, notify.Metadata{AlertID: "digest1", Recording: a.Recording, Trackers: []string{}}, m.Metadata)
}

func TestADigestOfTheCapSaysSo(t *testing.T) {
	a := night(t)
	a.Digest.Reason, a.Digest.Count, a.Digest.Alerts = notify.HeldCap, 1, a.Digest.Alerts[:1]
	m := notify.Render(a, notify.RenderOptions{})
	require.Contains(t, string(readable(t, m.Blocks)), "🔕 1 more alert within the hour")
	require.NotContains(t, m.Text, "in the console")
}

func TestADigestCountsWhatDoesNotFit(t *testing.T) {
	a := night(t)
	a.Digest.Count = 1000
	for i := range notify.MaxHeld {
		a.Digest.Alerts = append(a.Digest.Alerts, notify.Held{Recording: fmt.Sprintf("support.RE%032d", i), Title: "Promotion Mention", Who: "Inbound · agent Anna"})
	}
	m := notify.Render(a, withButtons())
	requireHarmlessMessage(t, m)
	require.Regexp(t, `and 9[5-8][0-9] more in the console`, string(readable(t, m.Blocks)))
}

func TestNoDigestBreaksALimitOrInjectsMarkup(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 2))
		a := notify.Alert{ID: nastyText(r), Recording: nastyText(r), Destination: nastyText(r), Note: nastyText(r)}
		a.Digest = &notify.Digest{From: time.Unix(r.Int64N(1<<33), 0), Until: time.Unix(r.Int64N(1<<33), 0), Count: r.IntN(100)}
		for range r.IntN(55) {
			h := notify.NewHeld(nastyAlert(r))
			if r.IntN(2) == 0 { // as another version may have stored it
				h.Title, h.Who, h.Severity = nastyText(r), nastyText(r), nastyText(r)
			}
			a.Digest.Alerts = append(a.Digest.Alerts, h)
		}
		requireHarmless(t, a)
	}
}
