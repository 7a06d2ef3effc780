package audio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/symbl/engine/audio"
)

func split(t *testing.T, wav []byte, separate bool) []audio.Track {
	t.Helper()
	tracks, err := audio.Split(bytes.NewReader(wav), t.TempDir(), separate)
	require.NoError(t, err)
	return tracks
}

func TestEverySampleFormatAtEveryRateIsTheSameSound(t *testing.T) {
	formats := []sound{
		{codec: 1, bits: 8}, {codec: 1, bits: 16}, {codec: 1, bits: 24}, {codec: 1, bits: 32},
		{codec: 3, bits: 32}, {codec: 3, bits: 64}, {codec: 6, bits: 8}, {codec: 7, bits: 8},
	}
	for _, s := range formats {
		for _, rate := range []int{8000, 11025, 16000, 22050, 44100, 48000, 12345} {
			t.Run(fmt.Sprintf("codec %d, %d bits, %d Hz", s.codec, s.bits, rate), func(t *testing.T) {
				s.rate, s.seconds = rate, 0.5
				s.channels = []func(float64) float64{tone(1000, 0.5)}
				tracks := split(t, s.wav(), false)
				require.Len(t, tracks, 1)
				require.InDelta(t, 0.5, tracks[0].Duration.Seconds(), 0.001)
				require.False(t, tracks[0].Silent)
				x := heard(t, tracks[0].Path)
				require.InDelta(t, 0.5, loud(x, 1000), 0.01)
				require.Less(t, loud(x, 2700), 0.01)
			})
		}
	}
}

func TestWhatTheNewRateCannotHoldIsTakenOut(t *testing.T) {
	for _, rate := range []int{32000, 44100, 48000, 96000} {
		s := sound{codec: 1, bits: 16, rate: rate, seconds: 0.5, channels: []func(float64) float64{tone(11000, 0.5)}}
		x := heard(t, split(t, s.wav(), false)[0].Path)
		require.Less(t, loud(x, 5000), 0.002, "11 kHz would be heard as 5 kHz, at %d Hz", rate)
	}
	up := sound{codec: 1, bits: 16, rate: 8000, seconds: 0.5, channels: []func(float64) float64{tone(3000, 0.5)}}
	x := heard(t, split(t, up.wav(), false)[0].Path)
	require.InDelta(t, 0.5, loud(x, 3000), 0.02)
	require.Less(t, loud(x, 5000), 0.005, "the image of 3 kHz")
}

func TestChannelsAreSplitOrMixed(t *testing.T) {
	s := sound{codec: 7, bits: 8, rate: 8000, seconds: 0.5, channels: []func(float64) float64{tone(600, 0.4), tone(1500, 0.4), silence}}
	tracks := split(t, s.wav(), true)
	require.Len(t, tracks, 3)
	require.InDelta(t, 0.4, loud(heard(t, tracks[0].Path), 600), 0.01)
	require.Less(t, loud(heard(t, tracks[0].Path), 1500), 0.01)
	require.InDelta(t, 0.4, loud(heard(t, tracks[1].Path), 1500), 0.01)
	require.True(t, tracks[2].Silent)

	mixed := split(t, s.wav(), false)
	require.Len(t, mixed, 1)
	x := heard(t, mixed[0].Path)
	require.InDelta(t, 0.4/3, loud(x, 600), 0.01)
	require.InDelta(t, 0.4/3, loud(x, 1500), 0.01)
}

func TestHeadersAsTheyOccur(t *testing.T) {
	s := sound{codec: 1, bits: 16, rate: 16000, seconds: 0.5, channels: []func(float64) float64{tone(1000, 0.5)}}
	format, samples := s.format(), s.samples()
	data := chunk("data", len(samples), samples)
	rf64 := riff(chunk("ds64", 28, append(make([]byte, 8), append([]byte{0x80, 0x3E, 0, 0, 0, 0, 0, 0}, make([]byte, 12)...)...)),
		chunk("fmt ", 16, format), chunk("data", 0xFFFFFFFF, samples), chunk("LIST", 400, make([]byte, 400)))
	copy(rf64, "RF64")
	files := map[string][]byte{
		"plain":                     riff(chunk("fmt ", 16, format), data),
		"extensible":                riff(chunk("fmt ", 40, s.extensible()), data),
		"chunks before the samples": riff(chunk("LIST", 5, []byte("12345")), chunk("fmt ", 16, format), chunk("fact", 4, make([]byte, 4)), data),
		"chunks behind the samples": riff(chunk("fmt ", 16, format), data, chunk("LIST", 400, bytes.Repeat([]byte{0x7F}, 400))),
		"of unknown length":         riff(chunk("fmt ", 16, format), chunk("data", 0xFFFFFFFF, samples)),
		"of no length":              riff(chunk("fmt ", 16, format), chunk("data", 0, samples)),
		"cut off":                   riff(chunk("fmt ", 16, format), chunk("data", 1<<30, samples)),
		"cut off within a frame":    riff(chunk("fmt ", 16, format), chunk("data", 1<<30, append(samples, 0x7F)))[:44+len(samples)+1],
		"RF64":                      rf64,
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			tracks, err := audio.Split(iotest.OneByteReader(bytes.NewReader(file)), t.TempDir(), false)
			require.NoError(t, err)
			require.Equal(t, 500*time.Millisecond, tracks[0].Duration)
			require.InDelta(t, 0.5, loud(heard(t, tracks[0].Path), 1000), 0.001)
		})
	}
}

func TestUnusableFilesSaySo(t *testing.T) {
	s := sound{codec: 1, bits: 16, rate: 16000, seconds: 0.1, channels: []func(float64) float64{silence}}
	changed := func(at int, value ...byte) []byte {
		file := s.wav()
		copy(file[at:], value)
		return file
	}
	files := map[string]struct {
		file []byte
		want string
	}{
		"nothing":            {nil, "within its header"},
		"half a header":      {s.wav()[:30], "within its header"},
		"no format":          {riff(chunk("data", 4, make([]byte, 4))), "no format"},
		"a short format":     {riff(chunk("fmt ", 4, make([]byte, 4))), "too short"},
		"an absurd format":   {riff(chunk("fmt ", 1<<20, make([]byte, 4))), "damaged"},
		"no channels":        {changed(22, 0), "0 channels"},
		"too many channels":  {changed(22, 200), "200 channels"},
		"a rate of nothing":  {changed(24, 0, 0, 0, 0), "sample rate is 0"},
		"a rate of too much": {changed(24, 0xFF, 0xFF, 0xFF, 0xFF), "sample rate is 4294967295"},
		"another codec":      {changed(20, 0x11), "codec 0x0011"},
		"odd frames":         {changed(32, 9), "9 bytes a frame"},
		"frames of nothing":  {changed(32, 0), "0 bytes a frame"},
		"no samples":         {s.wav()[:44], "no sound"},
		"endless chunks":     {append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("JUNK", 1<<30, nil)...), "no samples in its first"},
	}
	for name, tt := range files {
		t.Run(name, func(t *testing.T) {
			_, err := audio.Split(bytes.NewReader(tt.file), t.TempDir(), false)
			var unusable *audio.UnusableError
			require.ErrorAs(t, err, &unusable)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// A connection that breaks must not make a short recording of a long one, nor
// an unusable one.
func TestAReaderThatFailsIsNotTheRecordingsFault(t *testing.T) {
	s := sound{codec: 1, bits: 16, rate: 8000, seconds: 1, channels: []func(float64) float64{silence}}
	wav := s.wav()
	for _, broken := range []error{errors.New("reset"), io.ErrUnexpectedEOF} {
		for _, at := range []int{5, 30, 44, 5000} {
			_, err := audio.Split(io.MultiReader(bytes.NewReader(wav[:at]), iotest.ErrReader(broken)), t.TempDir(), false)
			require.ErrorIs(t, err, broken)
			var unusable *audio.UnusableError
			require.NotErrorAs(t, err, &unusable)
		}
	}
}

func TestARecordingThatNeverEndsIsRefused(t *testing.T) {
	s := sound{codec: 1, bits: 8, rate: 1000, channels: []func(float64) float64{silence}}
	endless := io.MultiReader(bytes.NewReader(riff(chunk("fmt ", 16, s.format()), chunk("data", 0xFFFFFFFF, nil))), zeros{})
	_, err := audio.SplitWithin(endless, t.TempDir(), false, time.Minute)
	require.ErrorContains(t, err, "longer than 1m0s")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Ten times the sound must not need more memory.
func TestMemoryDoesNotGrowWithTheRecording(t *testing.T) {
	s := sound{codec: 7, bits: 8, rate: 8000, channels: []func(float64) float64{silence, silence}}
	allocated := func(minutes int64) uint64 {
		length := minutes * 60 * 8000 * 2
		file := io.MultiReader(bytes.NewReader(riff(chunk("fmt ", 16, s.format()), chunk("data", int(length), nil))), io.LimitReader(zeros{}, length))
		dir := t.TempDir()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tracks, err := audio.Split(file, dir, true)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, time.Duration(minutes)*time.Minute, tracks[1].Duration)
		for _, track := range tracks {
			require.NoError(t, os.Remove(track.Path))
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	require.Less(t, allocated(10), allocated(1)+64<<10)
}

func FuzzSplit(f *testing.F) {
	s := sound{codec: 7, bits: 8, rate: 8000, seconds: 0.01, channels: []func(float64) float64{silence, silence}}
	f.Add(s.wav(), true)
	s.codec, s.bits, s.rate = 1, 24, 44100
	f.Add(s.wav(), false)
	f.Add(riff(chunk("fmt ", 40, s.extensible()), chunk("data", 0, []byte{1, 2, 3, 4, 5, 6})), true)
	f.Fuzz(func(t *testing.T, file []byte, separate bool) {
		dir := t.TempDir()
		tracks, err := audio.Split(bytes.NewReader(file), dir, separate)
		if err != nil {
			var unusable *audio.UnusableError
			require.ErrorAs(t, err, &unusable)
			return
		}
		require.NotEmpty(t, tracks)
		for _, track := range tracks {
			heard(t, track.Path)
		}
	})
}

func BenchmarkSplitTelephone(b *testing.B) { benchmark(b, 7, 8, 8000) }
func BenchmarkSplitCD(b *testing.B)        { benchmark(b, 1, 16, 44100) }

// benchmark splits a minute of two channels.
func benchmark(b *testing.B, codec uint16, bits, rate int) {
	b.Helper()
	s := sound{codec: codec, bits: bits, rate: rate, channels: []func(float64) float64{silence, silence}}
	length := 60 * rate * bits / 8 * 2
	for b.Loop() {
		file := io.MultiReader(bytes.NewReader(riff(chunk("fmt ", 16, s.format()), chunk("data", length, nil))), io.LimitReader(zeros{}, int64(length)))
		_, err := audio.Split(file, b.TempDir(), true)
		require.NoError(b, err)
	}
}
