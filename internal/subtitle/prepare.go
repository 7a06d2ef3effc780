package subtitle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	timeArrow = "-->"
	// maxLineBytes is where the scanner of astisub stops without an error.
	maxLineBytes = bufio.MaxScanTokenSize - 2
	// nothing is a tag that astisub drops. Behind it a line of text is none of
	// the words that astisub takes for a block wherever they stand.
	nothing = "</c>"
)

// What stands before and after the arrow of a time line; settings may follow.
var (
	startTime = regexp.MustCompile(`^\s*-?\d[\d:.,\s]*$`)
	endTime   = regexp.MustCompile(`^\s*-?\d[\d:.,]*(\s|$)`)
)

// comment begins a block of WebVTT in which nothing is said.
var comment = regexp.MustCompile(`^\s*(?:NOTE|STYLE|REGION)(?:\s|$)`)

var errTooLong = errors.New("is too long")

// What a line of WebVTT belongs to.
const (
	between = iota // the header, or the identifier of a cue
	skipped        // a comment, style or region
	spoken         // a cue
)

// preparer keeps from astisub what it cannot take, and of WebVTT all but the
// times and the text of cues.
type preparer struct {
	vtt   bool
	place int
	lines []string
}

// prepare gives the lines for astisub; errors name the line of the file.
func prepare(data []byte, vtt bool) ([]string, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(bytes.ToValidUTF8(data, []byte(string(utf8.RuneError)))))
	p := preparer{vtt: vtt, place: spoken}
	lines := strings.Split(text, "\n")
	if vtt {
		p.place, p.lines, lines[0] = between, []string{vttHeader}, ""
	}
	for i, line := range lines {
		if err := p.add(line); err != nil {
			return nil, fmt.Errorf("line %d of the transcript %w", i+1, err)
		}
	}
	return p.lines, nil
}

func (p *preparer) add(line string) error {
	switch {
	case len(line) > maxLineBytes:
		return errTooLong
	case strings.TrimSpace(line) == "":
		return p.end()
	case p.place == between && comment.MatchString(line):
		p.place = skipped
	}
	line = plain(line, p.vtt)
	start, end, isTime := strings.Cut(line, timeArrow)
	starts, ends := startTime.MatchString(start), endTime.MatchString(end)
	switch {
	case isTime && starts && ends: // also below a comment, as WebVTT has it
		p.place = spoken
		return p.keep(start + timeArrow + " " + strings.Fields(end)[0])
	case p.place == skipped:
		return nil
	case isTime && !ends:
		return errors.New("has no end time")
	case isTime:
		return errors.New("has no start time")
	case p.place == between:
		return nil
	}
	return p.say(line)
}

// end is an empty line. SRT knows a cue's end by the next one's times.
func (p *preparer) end() error {
	if p.vtt {
		p.place = between
	}
	return p.keep("")
}

func (p *preparer) say(line string) error {
	if !p.vtt {
		return p.keep(line)
	}
	for _, part := range byVoice(line) {
		if err := p.keep(nothing + strings.TrimSpace(part)); err != nil {
			return err
		}
	}
	return nil
}

func (p *preparer) keep(line string) error {
	if len(line) > maxLineBytes {
		return errTooLong
	}
	p.lines = append(p.lines, line)
	return nil
}
