package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The codecs of WAV (mmreg.h) that are decoded here.
const (
	codecPCM        = 0x0001
	codecFloat      = 0x0003
	codecALaw       = 0x0006
	codecMuLaw      = 0x0007
	codecExtensible = 0xFFFE
)

const (
	riffBytes     = 12 // "RIFF", size, "WAVE"
	formatBytes   = 16
	guidAt        = 24 // of the codec in an extensible format, which begins the GUID
	maxFormat     = 64 << 10
	maxSkipped    = 64 << 20 // of chunks before the sound
	unknownLength = math.MaxUint32

	minRate     = 1000
	maxRate     = 192_000
	maxChannels = 16
)

// header is what a WAV file says of its samples. They start where the header
// ends.
type header struct {
	codec    uint16
	channels int
	rate     int
	bytes    int   // of one sample, padding included
	length   int64 // bytes of samples; negative: until the end
}

// readHeader reads up to the first sample.
func readHeader(r io.Reader) (header, error) {
	h, err := readChunks(r)
	if errors.Is(err, io.EOF) {
		return h, unusable("the WAV file ends within its header")
	}
	return h, err
}

func readChunks(r io.Reader) (h header, err error) {
	var buf [riffBytes]byte
	if err := full(r, buf[:]); err != nil {
		return h, err
	}
	var large int64 // length of the samples in RF64
	skipped := int64(0)
	for {
		if err := full(r, buf[:8]); err != nil {
			return h, err
		}
		id, size := string(buf[:4]), int64(binary.LittleEndian.Uint32(buf[4:]))
		switch id {
		case "data":
			if h.channels == 0 {
				return h, unusable("the WAV file has no format before its samples")
			}
			h.length = dataLength(size, large)
			return h, nil
		case "fmt ":
			body, err := readChunk(r, size)
			if err != nil {
				return h, err
			}
			if h, err = readFormat(body); err != nil {
				return h, err
			}
		case "ds64":
			body, err := readChunk(r, size)
			if err != nil {
				return h, err
			}
			if len(body) >= 16 { // the second of its sizes
				large = int64(binary.LittleEndian.Uint64(body[8:]) & math.MaxInt64)
			}
		default:
			size += size % 2
			if skipped += size; skipped > maxSkipped {
				return h, unusable("the WAV file has no samples in its first %d bytes", maxSkipped)
			}
			if _, err := io.CopyN(io.Discard, r, size); err != nil {
				return h, err
			}
		}
	}
}

// readChunk reads a chunk of the header whole; an odd one is padded.
func readChunk(r io.Reader, size int64) ([]byte, error) {
	if size > maxFormat {
		return nil, unusable("the WAV file's header is damaged")
	}
	body := make([]byte, size+size%2)
	return body[:size], full(r, body)
}

// fill reads until to is full or the reader ends. Its error is io.EOF only at
// the very end; io.ReadFull could not be told from a connection that broke.
func fill(r io.Reader, to []byte) (n int, err error) {
	for n < len(to) && err == nil {
		var more int
		more, err = r.Read(to[n:])
		n += more
	}
	return n, err
}

// full is fill where less is the end.
func full(r io.Reader, to []byte) error {
	if n, err := fill(r, to); n < len(to) {
		return err
	}
	return nil
}

// dataLength takes the sizes that streaming writers leave behind, 0 and
// 0xFFFFFFFF, for unknown.
func dataLength(size, large int64) int64 {
	switch {
	case size == unknownLength && large > 0:
		return large
	case size == unknownLength, size == 0:
		return -1
	}
	return size
}

func readFormat(body []byte) (header, error) {
	if len(body) < formatBytes {
		return header{}, unusable("the WAV file's format is too short")
	}
	h := header{
		codec:    binary.LittleEndian.Uint16(body),
		channels: int(binary.LittleEndian.Uint16(body[2:])),
		rate:     int(binary.LittleEndian.Uint32(body[4:])),
	}
	align := int(binary.LittleEndian.Uint16(body[12:]))
	if h.codec == codecExtensible && len(body) >= guidAt+2 {
		h.codec = binary.LittleEndian.Uint16(body[guidAt:])
	}
	switch {
	case h.channels < 1 || h.channels > maxChannels:
		return header{}, unusable("the WAV file has %d channels; 1 to %d can be read", h.channels, maxChannels)
	case h.rate < minRate || h.rate > maxRate:
		return header{}, unusable("the WAV file's sample rate is %d; %d to %d can be read", h.rate, minRate, maxRate)
	}
	h.bytes = align / h.channels
	if !h.plain() {
		h.bytes = 0
	} else if align%h.channels != 0 || decoder(h.codec, h.bytes) == nil {
		return header{}, unusable("the WAV file has samples of %s that cannot be read", fmt.Sprintf("%d bytes a frame", align))
	}
	return h, nil
}

// plain tells whether the codec is one of those decoded here.
func (h header) plain() bool {
	switch h.codec {
	case codecPCM, codecFloat, codecALaw, codecMuLaw:
		return true
	}
	return false
}
