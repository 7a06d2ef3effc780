package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
)

// The first byte of an entry says what follows.
const (
	packedPlain = 'j' // JSON
	packedS2    = 's' // JSON, compressed
	packedGzip  = 'g' // the same, by an earlier version
	packedRef   = 'r' // the name of an object that holds the packed value

	worthPacking = 1 << 10 // bytes; below it compressing costs more than it saves
	maxUnpacked  = 1 << 30 // bytes
)

var (
	errPacking  = errors.New("not a value of the engine")
	errTooLarge = errors.New("larger than an entry may be")
)

// pack turns a value into the bytes of an entry. What unpack would refuse gives
// errTooLarge: it could be written, and never be read again.
func pack(value any) ([]byte, error) {
	data, err := encode(value)
	if err != nil {
		return nil, err
	}
	if len(data) > maxUnpacked {
		return nil, errTooLarge
	}
	if len(data) < worthPacking {
		return append([]byte{packedPlain}, data...), nil
	}
	out := make([]byte, 1+s2.MaxEncodedLen(len(data)))
	out[0] = packedS2
	return out[:1+len(s2.Encode(out[1:], data))], nil
}

// unpack turns the bytes of an entry back into a value.
func unpack(data []byte, value any) error {
	if len(data) == 0 {
		return errPacking
	}
	switch data[0] {
	case packedPlain:
		return json.Unmarshal(data[1:], value)
	case packedS2:
		if n, err := s2.DecodedLen(data[1:]); err != nil || n > maxUnpacked {
			return errPacking
		}
		plain, err := s2.Decode(nil, data[1:])
		if err != nil {
			return fmt.Errorf("decompress: %w", err)
		}
		return json.Unmarshal(plain, value)
	case packedGzip:
		r, err := gzip.NewReader(bytes.NewReader(data[1:]))
		if err != nil {
			return fmt.Errorf("decompress: %w", err)
		}
		return json.NewDecoder(io.LimitReader(r, maxUnpacked)).Decode(value)
	}
	return errPacking
}

// refer is the entry for a value that is in an object.
func refer(object string) []byte { return append([]byte{packedRef}, object...) }

// reference is the object that an entry refers to, empty if the entry holds
// its value itself.
func reference(data []byte) string {
	if len(data) == 0 || data[0] != packedRef {
		return ""
	}
	return string(data[1:])
}
