package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	pauseFrame = 200 * time.Millisecond // that must be quiet to cut in it
	pauseStep  = 50 * time.Millisecond
	cutWindow  = time.Minute // before the longest end of a piece
)

// Piece is a part of a track, as a WAV file of its own.
type Piece struct {
	Start, End time.Duration
	path       string
}

// Pieces cuts a track that is longer than longest, in the quietest moment of
// the last minute (or half) of each piece. No piece is longer than longest.
func Pieces(t Track, longest time.Duration) ([]Piece, error) {
	var pieces []Piece
	start := time.Duration(0)
	for t.Duration-start > longest {
		window := min(cutWindow, longest/2)
		end, err := quietest(t.Path, start+longest-window, start+longest)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, Piece{Start: start, End: end, path: t.Path})
		start = end
	}
	return append(pieces, Piece{Start: start, End: t.Duration, path: t.Path}), nil
}

// quietest is the middle of the frame with the least energy between two times.
func quietest(path string, from, to time.Duration) (time.Duration, error) {
	piece := Piece{Start: from, End: to, path: path}
	file, err := piece.Open()
	if err != nil {
		return 0, err
	}
	defer file.Close()
	data := make([]byte, piece.Bytes())
	if _, err := io.ReadFull(file, data); err != nil {
		return 0, fmt.Errorf("read a track: %w", err)
	}
	data = data[trackHeader:]
	best, least := to, int64(-1)
	for at := time.Duration(0); at+pauseFrame <= to-from; at += pauseStep {
		if e := energy(data[offset(at):offset(at+pauseFrame)]); least < 0 || e <= least {
			best, least = from+at+pauseFrame/2, e
		}
	}
	return best, nil
}

func energy(data []byte) (sum int64) {
	for ; len(data) >= sampleBytes; data = data[sampleBytes:] {
		v := int64(int16(binary.LittleEndian.Uint16(data)))
		sum += v * v
	}
	return sum
}

// Bytes is the size of the piece as a file.
func (p Piece) Bytes() int64 { return trackHeader + p.length() }

func (p Piece) length() int64 { return offset(p.End) - offset(p.Start) }

// Open opens the piece for reading.
func (p Piece) Open() (io.ReadCloser, error) {
	file, err := os.Open(p.path)
	if err != nil {
		return nil, fmt.Errorf("open a track: %w", err)
	}
	samples := io.NewSectionReader(file, trackHeader+offset(p.Start), p.length())
	return openPiece{io.MultiReader(bytes.NewReader(trackHead(p.length())), samples), file}, nil
}

type openPiece struct {
	io.Reader
	io.Closer
}

// offset is where a time is among the bytes of a track's samples.
func offset(t time.Duration) int64 {
	return int64(t/(time.Second/Rate)) * sampleBytes
}
