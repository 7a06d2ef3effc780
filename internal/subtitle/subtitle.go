package subtitle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asticode/go-astisub"
)

const (
	byteOrderMark = "\ufeff"
	vttHeader     = "WEBVTT"
	timeArrow     = "-->"
	voiceTag      = "<v"
	// maxLineBytes is where the scanner of astisub stops without an error.
	maxLineBytes = bufio.MaxScanTokenSize - 2
)

// srtMarkup is taken out before astisub reads SRT, since astisub drops the
// space between two marked words.
var srtMarkup = regexp.MustCompile(`(?i)</?(b|i|u|font)\b[^>]*>`)

// What stands before and after the arrow of a time line; settings may follow.
var (
	startTime = regexp.MustCompile(`^\s*-?\d[\d:.,\s]*$`)
	endTime   = regexp.MustCompile(`^\s*-?\d[\d:.,]*(\s|$)`)
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
		return read(data, astisub.ReadFromWebVTT)
	case bytes.Contains(data, []byte(timeArrow)):
		return read(srtMarkup.ReplaceAll(data, nil), astisub.ReadFromSRT)
	}
	return nil, ErrFormat
}

func read(data []byte, parse func(io.Reader) (*astisub.Subtitles, error)) ([]Cue, error) {
	lines, err := prepare(data)
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

// prepare keeps from astisub what it cannot take (time lines without a start or
// an end, overlong lines) and gives each voice a line of its own, as astisub keeps one
// voice a line.
func prepare(data []byte) ([]string, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(bytes.ToValidUTF8(data, []byte(string(utf8.RuneError)))))
	var lines []string
	for i, line := range strings.Split(text, "\n") {
		start, end, isTime := strings.Cut(line, timeArrow)
		switch {
		case len(line) > maxLineBytes:
			return nil, fmt.Errorf("line %d of the transcript is too long", i+1)
		case isTime && !endTime.MatchString(end):
			return nil, fmt.Errorf("line %d of the transcript has no end time", i+1)
		case isTime && !startTime.MatchString(start):
			return nil, fmt.Errorf("line %d of the transcript has no start time", i+1)
		}
		for at := nextVoice(line); at > 0 && !isTime; at = nextVoice(line) {
			if before := line[:at]; strings.TrimSpace(before) != "" {
				lines = append(lines, before)
			}
			line = line[at:]
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// nextVoice is where the next voice tag starts beyond the line's first byte.
func nextVoice(line string) int {
	for from := 1; from < len(line); {
		at := strings.Index(line[from:], voiceTag)
		if at < 0 {
			return -1
		}
		at += from
		if rest := line[at+len(voiceTag):]; strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, ".") {
			return at
		}
		from = at + len(voiceTag)
	}
	return -1
}
