package subtitle

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/asticode/go-astisub"
)

const (
	byteOrderMark = "\ufeff"
	vttHeader     = "WEBVTT"
)

// Cue is what is shown for a while. Nothing is promised of its times: they may
// be negative, or in the wrong order.
type Cue struct {
	Start, End time.Duration
	Lines      []Line
}

// Line is a line of a cue; Voice is empty where the file names none.
type Line struct{ Voice, Text string }

// ErrFormat says that a file is neither WebVTT nor SRT.
var ErrFormat = errors.New("neither WebVTT nor SRT")

// Read reads WebVTT or SRT, told apart by their content, or gives ErrFormat.
// Other errors name the line but hold nothing of the text.
func Read(data []byte) ([]Cue, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte(byteOrderMark)))
	switch {
	case bytes.HasPrefix(data, []byte(vttHeader)):
		return read(data, true, astisub.ReadFromWebVTT)
	case bytes.Contains(data, []byte(timeArrow)):
		return read(data, false, astisub.ReadFromSRT)
	}
	return nil, ErrFormat
}

func read(data []byte, vtt bool, parse func(io.Reader) (*astisub.Subtitles, error)) ([]Cue, error) {
	lines, err := prepare(data, vtt)
	if err != nil {
		return nil, err
	}
	subs, err := parse(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil { // which would quote what it cannot read
		return nil, errors.New("the subtitles cannot be read")
	}
	cues := make([]Cue, 0, len(subs.Items))
	for _, item := range subs.Items {
		cue := Cue{Start: item.StartAt, End: item.EndAt}
		for _, line := range item.Lines {
			cue.Lines = append(cue.Lines, Line{Voice: line.VoiceName, Text: line.String()})
		}
		cues = append(cues, cue)
	}
	return cues, nil
}
