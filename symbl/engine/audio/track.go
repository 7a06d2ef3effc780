package audio

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"time"
)

// Rate is the sample rate of a track.
const Rate = 16_000

const (
	trackHeader  = 44
	sampleBytes  = 2
	quiet        = 1.0 / 1000 // of full scale: below it no speech is understood
	writeBuffer  = 64 << 10
	riffOverhead = trackHeader - 8
)

// Track is a file that a transcriber hears.
type Track struct {
	Path     string
	Duration time.Duration
	Silent   bool // no sample is louder than a thousandth of full scale
}

// trackWriter writes a track.
type trackWriter struct {
	file    *os.File
	to      *bufio.Writer
	count   int64
	peak    float32
	samples []float32 // scratch of its resampler
}

func createTrack(path string) (*trackWriter, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create a track: %w", err)
	}
	w := &trackWriter{file: file, to: bufio.NewWriterSize(file, writeBuffer)}
	_, err = w.to.Write(trackHead(0))
	return w, err
}

// write appends samples from -1 to 1.
func (w *trackWriter) write(samples []float32) error {
	for _, x := range samples {
		w.peak = max(w.peak, x, -x)
		v := int16(math.RoundToEven(float64(max(-1, min(1, x))) * math.MaxInt16))
		if err := w.put(uint16(v)); err != nil {
			return err
		}
	}
	w.count += int64(len(samples))
	if samples != nil {
		w.samples = samples[:0]
	}
	return nil
}

func (w *trackWriter) put(v uint16) error {
	if err := w.to.WriteByte(byte(v)); err != nil {
		return fmt.Errorf("write a track: %w", err)
	}
	if err := w.to.WriteByte(byte(v >> 8)); err != nil {
		return fmt.Errorf("write a track: %w", err)
	}
	return nil
}

// finish writes the header, whose sizes are known only now.
func (w *trackWriter) finish() (Track, error) {
	if err := w.to.Flush(); err != nil {
		return Track{}, fmt.Errorf("write a track: %w", err)
	}
	if _, err := w.file.WriteAt(trackHead(w.count*sampleBytes), 0); err != nil {
		return Track{}, fmt.Errorf("write a track: %w", err)
	}
	return Track{
		Path:     w.file.Name(),
		Duration: time.Duration(w.count) * time.Second / Rate,
		Silent:   w.peak < quiet,
	}, nil
}

// trackHead is the header of a track with so many bytes of samples.
func trackHead(length int64) []byte {
	var b []byte
	size := uint32(length)
	le := binary.LittleEndian
	b = le.AppendUint32(append(b, "RIFF"...), size+riffOverhead)
	b = le.AppendUint32(append(b, "WAVEfmt "...), formatBytes)
	b = le.AppendUint16(b, codecPCM)
	b = le.AppendUint16(b, 1) // channel
	b = le.AppendUint32(b, Rate)
	b = le.AppendUint32(b, Rate*sampleBytes)
	b = le.AppendUint16(b, sampleBytes)
	b = le.AppendUint16(b, 8*sampleBytes)
	return le.AppendUint32(append(b, "data"...), size)
}
