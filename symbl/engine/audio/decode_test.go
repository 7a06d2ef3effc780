package audio_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

func twoTones() sound {
	return sound{codec: 1, bits: 16, rate: 44100, seconds: 1, channels: []func(float64) float64{tone(600, 0.4), tone(1500, 0.4)}}
}

func TestWAVNeedsNoFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	tracks, err := audio.Decode(t.Context(), bytes.NewReader(twoTones().wav()), t.TempDir(), true)
	require.NoError(t, err)
	require.Len(t, tracks, 2)
}

func TestWithoutFFmpegOtherFormatsSayWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	adpcm := twoTones().wav()
	adpcm[20] = 0x11
	for name, file := range map[string][]byte{"MP3": []byte("ID3\x04\x00\x00\x00\x00\x00\x00"), "WAV": adpcm} {
		_, err := audio.Decode(t.Context(), bytes.NewReader(file), t.TempDir(), true)
		var unusable *audio.UnusableError
		require.ErrorAs(t, err, &unusable)
		require.ErrorContains(t, err, "the recording is "+name)
		require.ErrorContains(t, err, "install ffmpeg")
	}
}

// needFFmpeg skips a test where there is no ffmpeg.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
}

// encoded makes a file of a WAV with ffmpeg.
func encoded(t *testing.T, extension string, options ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.wav"), filepath.Join(dir, "to."+extension)
	require.NoError(t, os.WriteFile(from, twoTones().wav(), 0o600))
	arguments := append([]string{"-nostdin", "-loglevel", "error", "-i", from}, options...)
	said, err := exec.CommandContext(t.Context(), "ffmpeg", append(arguments, to)...).CombinedOutput()
	require.NoError(t, err, "%s", said)
	data, err := os.ReadFile(to)
	require.NoError(t, err)
	return data
}

func TestOtherFormatsAreConverted(t *testing.T) {
	needFFmpeg(t)
	for name, file := range map[string][]byte{
		"MP3":        encoded(t, "mp3"),
		"FLAC":       encoded(t, "flac"),
		"Ogg":        encoded(t, "ogg", "-c:a", "libopus", "-ar", "48000"),
		"M4A":        encoded(t, "m4a"),
		"WAV, ADPCM": encoded(t, "wav", "-c:a", "adpcm_ima_wav"),
		"MP4":        encoded(t, "mp4", "-f", "lavfi", "-i", "color=black:s=64x64:d=1", "-map", "0:a", "-map", "1:v", "-shortest"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tracks, err := audio.Decode(t.Context(), bytes.NewReader(file), dir, true)
			require.NoError(t, err)
			require.Len(t, tracks, 2)
			require.InDelta(t, 1, tracks[0].Duration.Seconds(), 0.1)
			require.InDelta(t, 0.4, loud(heard(t, tracks[0].Path), 600), 0.05)
			require.InDelta(t, 0.4, loud(heard(t, tracks[1].Path), 1500), 0.05)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, left, 2, "the copy for ffmpeg is removed")
		})
	}
}

func TestADamagedFileIsUnusable(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	_, err := audio.Decode(t.Context(), strings.NewReader("\x00\x00\x00\x20ftypisom"+strings.Repeat("x", 5000)), dir, true)
	var unusable *audio.UnusableError
	require.ErrorAs(t, err, &unusable)
	require.ErrorContains(t, err, "ffmpeg cannot read the recording, which is MP4")
	require.NotContains(t, err.Error(), dir)
}

// A recording must not make ffmpeg read other files.
func TestARecordingCannotNameOtherFiles(t *testing.T) {
	needFFmpeg(t)
	other := filepath.Join(t.TempDir(), "other.wav")
	require.NoError(t, os.WriteFile(other, twoTones().wav(), 0o600))
	for _, list := range []string{
		"#EXTM3U\n#EXTINF:1,\n" + other + "\n#EXT-X-ENDLIST\n",
		"ffconcat version 1.0\nfile " + other + "\n",
		"ID3\x04\x00\x00\x00\x00\x00\x00#EXTM3U\n#EXTINF:1,\n" + other + "\n",
	} {
		_, err := audio.Decode(t.Context(), strings.NewReader(list), t.TempDir(), true)
		var unusable *audio.UnusableError
		require.ErrorAs(t, err, &unusable)
	}
}

func TestDecodingEndsWithItsContext(t *testing.T) {
	needFFmpeg(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := audio.Decode(ctx, bytes.NewReader(encoded(t, "mp3")), t.TempDir(), false)
	require.ErrorIs(t, err, context.Canceled)
}

func TestABrokenDownloadIsNotTheRecordingsFault(t *testing.T) {
	reset := errors.New("reset")
	_, err := audio.Decode(t.Context(), iotest.ErrReader(reset), t.TempDir(), false)
	require.ErrorIs(t, err, reset)
}
