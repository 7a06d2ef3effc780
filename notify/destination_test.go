package notify_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

func TestSlugsArePlainNamesWhereTheyCanBe(t *testing.T) {
	for destination, want := range map[string]string{
		"#promotions":            "promotions",
		"promotions":             "promotions",
		"C0123":                  "C0123",
		"#team_a-2":              "team_a-2",
		strings.Repeat("a", 64):  strings.Repeat("a", 64),
		"#vente été":             "ventet_f041d490",
		"##promotions":           "promotions_0945e552",
		"#promotions_0123abcd":   "promotions_0123abcd_e3f7e493",
		"":                       "_e3b0c442",
		"#":                      "_e3b0c442",
		"#宣伝":                    "_ca91f035",
		"#alerts.>":              "alerts_33d60142",
		strings.Repeat("a", 65):  "",
		strings.Repeat("é", 200): "",
	} {
		got := notify.Slug(destination)
		if want != "" {
			require.Equal(t, want, got, destination)
		}
		require.Regexp(t, `^[A-Za-z0-9_-]{1,64}$`, got)
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("#promotions", "promotions")
	f.Add("#a b", "#ab")
	f.Add("#a_0123abcd", "#a")
	f.Add(strings.Repeat("x", 70), strings.Repeat("x", 71))
	plain := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		require.Regexp(t, plain, notify.Slug(a))
		same := strings.TrimPrefix(a, "#") == strings.TrimPrefix(b, "#")
		require.Equal(t, same, notify.Slug(a) == notify.Slug(b), "%q %q", a, b)
	})
}

func TestAlertIDsAreTheSameForTheSameAlertOnly(t *testing.T) {
	id := notify.AlertID("support.RE1", "#promotions", 0)
	require.Regexp(t, `^[a-z0-9]{26}$`, id)
	require.Equal(t, id, notify.AlertID("support.RE1", "#promotions", 0))
	require.Equal(t, id, notify.AlertID("support.RE1", "promotions", 0), "the same channel")
	require.NotEqual(t, id, notify.AlertID("support.RE1", "#promotions", 1))
	require.NotEqual(t, id, notify.AlertID("support.RE1", "#promotion", 0))
	require.NotEqual(t, id, notify.AlertID("support.RE2", "#promotions", 0))
	// Ids are in the ledger and in Slack: they may never change.
	require.Equal(t, "smc4mfkn6jnwyd67gimnohvosy", id)
}
