package transcribe_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/internal/proc"
	"github.com/trackerbell/trackerbell/symbl/engine/transcribe"
)

func TestACommandIsToldAllAboutTheFile(t *testing.T) {
	s := speech(t, time.Second)
	s.Language, s.Vocabulary, s.Diarize, s.Speakers = "de-CH", []string{"Trackerbell", `quo"te`}, true, 3
	got, err := command(t, `
		printf 'WEBVTT\n\n00:00.000 --> 00:01.000\n'
		head -c 4 "$1"; printf ' %s %s %s %s' "$TRANSCRIBE_LANGUAGE" "$TRANSCRIBE_DIARIZE" "$TRANSCRIBE_SPEAKERS" "$(printf %s "$TRANSCRIBE_VOCABULARY" | tr '\n' ,)"`,
	).Transcribe(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, `RIFF de-CH true 3 Trackerbell,quo"te`, got[0].Text)
}

func TestAPathIsOneArgumentWhereverItStands(t *testing.T) {
	s := speech(t, time.Second)
	c, err := transcribe.NewCommand([]string{"/bin/echo", "-n", `[{"text":"`, transcribe.Input + ".json", `"}]`})
	require.NoError(t, err)
	got, err := c.Transcribe(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, s.Path+".json", got[0].Text)
}

func TestAWrongCommandIsRefusedAtOnce(t *testing.T) {
	for want, argv := range map[string][]string{
		"empty":    nil,
		"contains": {"/bin/sh", "-c", "true"},
		"find":     {"no-such-program", transcribe.Input},
	} {
		_, err := transcribe.NewCommand(argv)
		require.ErrorContains(t, err, want)
	}
}

func TestAFailedCommandReportsStatusAndTheEndOfItsErrors(t *testing.T) {
	_, err := command(t, `echo "$1: no model" >&2; exit 7`).Transcribe(t.Context(), speech(t, time.Second))
	var exit *proc.ExitError
	require.ErrorAs(t, err, &exit)
	require.ErrorContains(t, err, "sh ended with exit status 7: ")
	require.ErrorContains(t, err, "no model")
}

func TestWhatACommandPrintedBeforeItFailedDoesNotCount(t *testing.T) {
	_, err := command(t, `echo '[]'; exit 1`).Transcribe(t.Context(), speech(t, time.Second))
	require.Error(t, err)
}

func TestARelativeProgramIsFoundFromOurFolder(t *testing.T) {
	t.Chdir(filepath.Dir(speech(t, time.Second).Path))
	_, err := transcribe.NewCommand([]string{"./channel-1.wav", transcribe.Input})
	require.ErrorContains(t, err, "find the program", "it is not executable")
}

func FuzzCommandOutput(f *testing.F) {
	for _, output := range outputs() {
		f.Add(output)
	}
	f.Add("[99999999:00:01.000 --> 00:02.000] press 1 --> sales\n[00:03.000 --> 00:04.000] if a<b\n")
	f.Add("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Roger>I would like to cancel\nmy subscription please</v>\n")
	f.Fuzz(func(t *testing.T, output string) {
		segments, err := transcribe.Parse([]byte(output))
		if err != nil {
			require.Empty(t, segments)
		}
		for _, s := range transcribe.Tidy(segments, time.Minute) {
			require.NotEmpty(t, strings.TrimSpace(s.Text))
			require.GreaterOrEqual(t, s.Start, time.Duration(0))
			require.LessOrEqual(t, s.Start, s.End)
			require.LessOrEqual(t, s.End, time.Minute)
		}
	})
}
