package audio_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// sound is a WAV file to make.
type sound struct {
	codec    uint16
	bits     int
	rate     int
	channels []func(t float64) float64 // -1 to 1 at t seconds
	seconds  float64
}

func tone(hertz, amplitude float64) func(float64) float64 {
	return func(t float64) float64 { return amplitude * math.Sin(2*math.Pi*hertz*t) }
}

func silence(float64) float64 { return 0 }

// samples are the bytes of the sound itself.
func (s sound) samples() []byte {
	var b []byte
	for i := range int(s.seconds * float64(s.rate)) {
		for _, c := range s.channels {
			b = s.sample(b, c(float64(i)/float64(s.rate)))
		}
	}
	return b
}

func (s sound) sample(b []byte, x float64) []byte {
	le := binary.LittleEndian
	switch {
	case s.codec == 3 && s.bits == 32:
		return le.AppendUint32(b, math.Float32bits(float32(x)))
	case s.codec == 3:
		return le.AppendUint64(b, math.Float64bits(x))
	case s.codec == 7:
		return append(b, compress(x, muLawOf))
	case s.codec == 6:
		return append(b, compress(x, aLawOf))
	case s.bits == 8:
		return append(b, byte(math.Round(x*127)+128))
	case s.bits == 16:
		return le.AppendUint16(b, uint16(int16(math.Round(x*math.MaxInt16))))
	case s.bits == 24:
		v := uint32(int32(math.Round(x * (1<<23 - 1))))
		return append(b, byte(v), byte(v>>8), byte(v>>16))
	}
	return le.AppendUint32(b, uint32(int32(math.Round(x*math.MaxInt32))))
}

// compress finds the code whose value is nearest, as ITU-T G.711 has it.
func compress(x float64, value func(byte) float64) byte {
	best, least := byte(0), math.Inf(1)
	for code := range 256 {
		if d := math.Abs(value(byte(code)) - x); d < least {
			best, least = byte(code), d
		}
	}
	return best
}

// The two laws, written from their definition and not from the code under
// test.
func muLawOf(code byte) float64 {
	code = ^code
	exponent, mantissa := float64(code>>4&7), float64(code&15)
	x := (math.Exp2(exponent)*(2*mantissa+33) - 33) * 4 / 32768
	if code&0x80 != 0 {
		return -x
	}
	return x
}

func aLawOf(code byte) float64 {
	code ^= 0x55
	exponent, mantissa := float64(code>>4&7), float64(code&15)
	x := (2*mantissa + 1) / 4096
	if exponent > 0 {
		x = math.Exp2(exponent-1) * (2*mantissa + 33) / 4096
	}
	if code&0x80 == 0 {
		return -x
	}
	return x
}

func (s sound) format() []byte {
	le := binary.LittleEndian
	align := len(s.channels) * s.bits / 8
	b := le.AppendUint16(nil, s.codec)
	b = le.AppendUint16(b, uint16(len(s.channels)))
	b = le.AppendUint32(b, uint32(s.rate))
	b = le.AppendUint32(b, uint32(s.rate*align))
	b = le.AppendUint16(b, uint16(align))
	return le.AppendUint16(b, uint16(s.bits))
}

// extensible is the format as WAVEFORMATEXTENSIBLE.
func (s sound) extensible() []byte {
	b := s.format()
	copy(b, []byte{0xFE, 0xFF})
	b = append(b, 22, 0, byte(s.bits), 0, 3, 0, 0, 0, byte(s.codec), byte(s.codec>>8))
	return append(b, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71)
}

// chunk is a chunk with its padding; size is what its header claims.
func chunk(id string, size int, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(size))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func riff(chunks ...[]byte) []byte {
	body := bytes.Join(chunks, nil)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4)), append([]byte("WAVE"), body...)...)
}

func (s sound) wav() []byte {
	format, samples := s.format(), s.samples()
	return riff(chunk("fmt ", len(format), format), chunk("data", len(samples), samples))
}

// heard are the samples of a track, -1 to 1, after its header was checked.
func heard(t *testing.T, path string) []float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	le := binary.LittleEndian
	require.Equal(t, "RIFF", string(data[:4]))
	require.Equal(t, uint32(len(data)-8), le.Uint32(data[4:]))
	require.Equal(t, "WAVEfmt ", string(data[8:16]))
	require.Equal(t, []byte{1, 0, 1, 0, 0x80, 0x3E, 0, 0, 0, 0x7D, 0, 0, 2, 0, 16, 0}, data[20:36], "16 kHz, mono, 16-bit PCM")
	require.Equal(t, uint32(len(data)-44), le.Uint32(data[40:]))
	x := make([]float64, (len(data)-44)/2)
	for i := range x {
		x[i] = float64(int16(le.Uint16(data[44+2*i:]))) / math.MaxInt16
	}
	return x
}

// loud is the amplitude of a tone in samples of 16 kHz, without their ends.
func loud(x []float64, hertz float64) float64 {
	x = x[800 : len(x)-800]
	var re, im float64
	for i, v := range x {
		window := 1 - math.Cos(2*math.Pi*float64(i)/float64(len(x)))
		re += window * v * math.Cos(2*math.Pi*hertz*float64(i)/16000)
		im += window * v * math.Sin(2*math.Pi*hertz*float64(i)/16000)
	}
	return 2 * math.Hypot(re, im) / float64(len(x))
}
