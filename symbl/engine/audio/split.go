package audio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

const (
	blockFrames = 4096 // that are decoded at once
	readBuffer  = 256 << 10

	// maxDuration bounds what a recording takes up on disk. Symbl takes four
	// hours.
	maxDuration = 12 * time.Hour
)

// Split reads a WAV file and writes its sound into dir: each channel by
// itself, or all of them mixed into one. Samples that are missing at the end
// are no error, as in a recording that was cut off. It gives an *UnusableError for
// what is not a WAV file, holds no sound, or is longer than 12 hours.
func Split(r io.Reader, dir string, separate bool) ([]Track, error) {
	return split(r, dir, separate, maxDuration)
}

func split(r io.Reader, dir string, separate bool, longest time.Duration) (_ []Track, err error) {
	buffered := bufio.NewReaderSize(r, readBuffer)
	h, err := readHeader(buffered)
	if err != nil {
		return nil, err
	}
	if !h.plain() {
		return nil, unusable("the WAV file holds sound of the codec 0x%04x, which cannot be read", h.codec)
	}
	s := newSplitter(h, separate, longest)
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.create(dir); err != nil {
		return nil, err
	}
	samples := io.Reader(buffered)
	if h.length >= 0 {
		samples = io.LimitReader(buffered, h.length)
	}
	if err := s.copy(samples); err != nil {
		return nil, err
	}
	return s.finish()
}

// splitter decodes frames, brings each output channel to Rate and writes it.
type splitter struct {
	header
	decode   func([]byte) float32
	separate bool
	longest  time.Duration
	files    []*trackWriter
	rates    []*resampler // nil: the rate is right already
	frames   int64
	decoded  []float32 // one output channel of a block
	ready    []float32 // the same at Rate
}

func newSplitter(h header, separate bool, longest time.Duration) *splitter {
	s := &splitter{header: h, decode: decoder(h.codec, h.bytes), separate: separate, longest: longest}
	outputs := 1
	if separate {
		outputs = h.channels
	}
	s.files = make([]*trackWriter, outputs)
	if h.rate != Rate {
		f := newFilter(h.rate, Rate)
		for range outputs {
			s.rates = append(s.rates, newResampler(f))
		}
	}
	return s
}

func (s *splitter) create(dir string) (err error) {
	for i := range s.files {
		if s.files[i], err = createTrack(filepath.Join(dir, fmt.Sprintf("channel-%d.wav", i+1))); err != nil {
			return err
		}
	}
	return nil
}

// copy reads frames until the end. What is left of a frame there is dropped.
func (s *splitter) copy(r io.Reader) error {
	frame := s.channels * s.bytes
	block := make([]byte, blockFrames*frame)
	for {
		n, err := fill(r, block)
		if n >= frame {
			if err := s.write(block[:n-n%frame]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the recording: %w", err)
		}
	}
}

func (s *splitter) write(block []byte) error {
	s.frames += int64(len(block) / (s.channels * s.bytes))
	if s.frames > int64(s.rate)*int64(s.longest/time.Second) {
		return unusable("the recording is longer than %s", s.longest)
	}
	for out := range s.files {
		s.decoded = s.pick(s.decoded[:0], block, out)
		s.ready = s.decoded
		if s.rates != nil {
			s.ready = s.rates[out].push(s.decoded, s.files[out].samples[:0])
		}
		if err := s.files[out].write(s.ready); err != nil {
			return err
		}
	}
	return nil
}

// pick decodes one channel of a block, or the mean of all.
func (s *splitter) pick(to []float32, block []byte, channel int) []float32 {
	for frame := 0; frame < len(block); frame += s.channels * s.bytes {
		if s.separate || s.channels == 1 {
			to = append(to, s.decode(block[frame+channel*s.bytes:]))
			continue
		}
		var sum float32
		for c := range s.channels {
			sum += s.decode(block[frame+c*s.bytes:])
		}
		to = append(to, sum/float32(s.channels))
	}
	return to
}

// finish completes the files.
func (s *splitter) finish() ([]Track, error) {
	if s.frames == 0 {
		return nil, unusable("the recording holds no sound")
	}
	tracks := make([]Track, len(s.files))
	for i, f := range s.files {
		if s.rates != nil {
			if err := f.write(s.rates[i].flush(nil)); err != nil {
				return nil, err
			}
		}
		var err error
		if tracks[i], err = f.finish(); err != nil {
			return nil, err
		}
	}
	return tracks, nil
}

func (s *splitter) close() error {
	var errs []error
	for _, f := range s.files {
		if f != nil {
			errs = append(errs, f.file.Close())
		}
	}
	return errors.Join(errs...)
}
