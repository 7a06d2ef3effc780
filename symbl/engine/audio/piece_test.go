package audio_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

func TestATrackIsCutInItsPauses(t *testing.T) {
	// A tone with pauses of 300 ms around 1.8 s and 3.5 s.
	paused := func(at float64) float64 {
		if at > 1.65 && at < 1.95 || at > 3.35 && at < 3.65 {
			return 0
		}
		return tone(400, 0.5)(at)
	}
	s := sound{codec: 1, bits: 16, rate: 16000, seconds: 5, channels: []func(float64) float64{paused}}
	track := split(t, s.wav(), false)[0]
	pieces, err := audio.Pieces(track, 2*time.Second)
	require.NoError(t, err)
	require.Len(t, pieces, 3)
	require.InDelta(t, 1.8, pieces[0].End.Seconds(), 0.1)
	require.InDelta(t, 3.5, pieces[1].End.Seconds(), 0.1)
	require.Equal(t, 5*time.Second, pieces[2].End)

	whole := heard(t, track.Path)
	var again []float64
	for i, p := range pieces {
		if i > 0 {
			require.Equal(t, pieces[i-1].End, p.Start)
		}
		require.LessOrEqual(t, p.End-p.Start, 2*time.Second)
		again = append(again, heard(t, saved(t, p))...)
	}
	require.Equal(t, whole, again, "nothing is lost or heard twice")
}

// saved writes a piece to a file.
func saved(t *testing.T, p audio.Piece) string {
	t.Helper()
	r, err := p.Open()
	require.NoError(t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Len(t, data, int(p.Bytes()))
	path := filepath.Join(t.TempDir(), "piece.wav")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

func TestAShortTrackIsOnePiece(t *testing.T) {
	s := sound{codec: 1, bits: 16, rate: 16000, seconds: 1, channels: []func(float64) float64{silence}}
	pieces, err := audio.Pieces(split(t, s.wav(), false)[0], time.Second)
	require.NoError(t, err)
	require.Len(t, pieces, 1)
	require.Equal(t, time.Second, pieces[0].End)
}
