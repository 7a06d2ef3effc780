package transcribe_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine"
	"github.com/trackerbell/trackerbell/symbl/engine/transcribe"
)

func TestALineWithAClockMayHoldAnyWords(t *testing.T) {
	for _, text := range []string{
		"press 1 --> sales", "Region: north", "NOTE the run sale", "STYLE is what", "if a<b then run a sale",
		"X-TIMESTAMP-MAP is odd", "WEBVTT", "", "<v Ana> is no voice here", "R&amp;D",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := transcribe.Parse([]byte("[00:00:01.000 --> 00:00:02.250]  " + text + "\n[00:03.000 --> 00:04.000]  bye\n"))
			require.NoError(t, err)
			require.Equal(t, []engine.Segment{
				{Start: time.Second, End: 2250 * time.Millisecond, Text: text},
				{Start: 3 * time.Second, End: 4 * time.Second, Text: "bye"},
			}, got)
		})
	}
}

func TestClocksAreReadToTheMillisecond(t *testing.T) {
	for clock, want := range map[string]time.Duration{
		"00:01.001":                     1001 * time.Millisecond,
		"01:01:01.001":                  time.Hour + time.Minute + 1001*time.Millisecond,
		"100:99:99.999":                 100*time.Hour + 99*time.Minute + 99999*time.Millisecond,
		"9999999999999999999:00:00.000": math.MaxInt64,
	} {
		got, err := transcribe.Parse([]byte("[00:00.000 --> " + clock + "] hello"))
		require.NoError(t, err, clock)
		require.Equal(t, []engine.Segment{{End: want, Text: "hello"}}, got, clock)
	}
}

func TestAVoiceSpeaksOnUntilItsCueEndsOrAnotherBegins(t *testing.T) {
	first := func(speaker, text string) engine.Segment {
		return engine.Segment{Start: time.Second, End: 2 * time.Second, Speaker: speaker, Text: text}
	}
	tests := map[string]struct {
		cue  string
		want []engine.Segment
	}{
		"over two lines":         {"<v Roger>I would like to cancel\nmy subscription please</v>", []engine.Segment{first("Roger", "I would like to cancel my subscription please")}},
		"named again":            {"<v Roger>I would like to cancel</v>\n<v Roger>my subscription</v>", []engine.Segment{first("Roger", "I would like to cancel my subscription")}},
		"until another begins":   {"<v Roger>I would\nlike to <v Ana>Yes?\nGo on", []engine.Segment{first("Roger", "I would like to"), first("Ana", "Yes? Go on")}},
		"after somebody unknown": {"Hello\nthere\n<v Roger>Hi\nyou", []engine.Segment{first("", "Hello there"), first("Roger", "Hi you")}},
		"without any voice":      {"I would like to cancel\nmy subscription", []engine.Segment{first("", "I would like to cancel my subscription")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := transcribe.Parse([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n" + tt.cue + "\n\n00:03.000 --> 00:04.000\nbye\n"))
			require.NoError(t, err)
			require.Equal(t, append(tt.want, engine.Segment{Start: 3 * time.Second, End: 4 * time.Second, Text: "bye"}), got)
		})
	}
}
