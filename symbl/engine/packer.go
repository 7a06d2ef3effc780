package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// The first byte of an entry says what follows.
const (
	packedPlain = 'j' // JSON
	packedGzip  = 'g' // JSON, compressed
	packedRef   = 'r' // the name of an object that holds the packed value

	worthGzip = 1 << 10 // bytes; below it compressing costs more than it saves
)

var errPacking = errors.New("not a value of the engine")

// packer turns values into the bytes of an entry and back.
type packer struct {
	writers sync.Pool // of *gzip.Writer, which are large
}

func (p *packer) pack(value any) ([]byte, error) {
	data, err := encode(value)
	if err != nil {
		return nil, err
	}
	if len(data) < worthGzip {
		return append([]byte{packedPlain}, data...), nil
	}
	out := bytes.NewBuffer([]byte{packedGzip})
	w, ok := p.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if w, err = gzip.NewWriterLevel(out, gzip.BestSpeed); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	}
	defer p.writers.Put(w)
	w.Reset(out)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

func (p *packer) unpack(data []byte, value any) error {
	if len(data) == 0 {
		return errPacking
	}
	switch data[0] {
	case packedPlain:
		return json.Unmarshal(data[1:], value)
	case packedGzip:
		r, err := gzip.NewReader(bytes.NewReader(data[1:]))
		if err != nil {
			return fmt.Errorf("decompress: %w", err)
		}
		return json.NewDecoder(r).Decode(value)
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
