package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/asticode/go-astisub"

	"github.com/trackerbell/trackerbell/events"
)

const (
	timeArrow       = "-->"
	voiceTag        = "<v"
	maxSpeakerRunes = 40
	// maxLineBytes is where the scanner of astisub stops without an error.
	maxLineBytes = bufio.MaxScanTokenSize - 2
)

// srtMarkup is taken out before astisub reads SRT, since astisub drops the
// space between two marked words.
var srtMarkup = regexp.MustCompile(`(?i)</?(b|i|u|font)\b[^>]*>`)

func parseSRT(data []byte) ([]events.Utterance, error) {
	return parseSubtitles(srtMarkup.ReplaceAll(data, nil), astisub.ReadFromSRT)
}

func parseVTT(data []byte) ([]events.Utterance, error) {
	return parseSubtitles(data, astisub.ReadFromWebVTT)
}

func parseSubtitles(data []byte, read func(io.Reader) (*astisub.Subtitles, error)) ([]events.Utterance, error) {
	lines, err := prepare(data)
	if err != nil {
		return nil, err
	}
	subs, err := read(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		return nil, fmt.Errorf("read subtitles: %w", err)
	}
	b := builder{named: namesSpeakers(subs.Items)}
	for _, cue := range subs.Items {
		b.add(cue)
	}
	switch {
	case len(b.all) == 0:
		return nil, errors.New("the transcript holds no text")
	case len(b.all) > maxUtterances:
		return nil, fmt.Errorf("the transcript holds more than %d utterances", maxUtterances)
	}
	return b.all, nil
}

// prepare keeps from astisub what it cannot take (a time line without an end,
// overlong lines) and gives each voice a line of its own, as astisub keeps one
// voice a line.
func prepare(data []byte) ([]string, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(bytes.ToValidUTF8(data, []byte(string(utf8.RuneError)))))
	var lines []string
	for i, line := range strings.Split(text, "\n") {
		_, end, isTime := strings.Cut(line, timeArrow)
		switch {
		case len(line) > maxLineBytes:
			return nil, fmt.Errorf("line %d of the transcript is too long", i+1)
		case isTime && strings.TrimSpace(strings.SplitN(end, timeArrow, 2)[0]) == "":
			return nil, fmt.Errorf("line %d of the transcript has no end time", i+1)
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

// namesSpeakers tells whether the cues begin with "Name: ": the first one and
// at least half of all, or a mere "Note: …" would become a speaker.
func namesSpeakers(cues []*astisub.Item) bool {
	named := 0
	for i, cue := range cues {
		if len(cue.Lines) > 0 {
			if _, _, ok := cutName(cue.Lines[0].String()); ok {
				named++
			}
		}
		if i == 0 && named == 0 {
			return false
		}
	}
	return named > 0 && 2*named >= len(cues)
}

// cutName splits "Agent Smith: hello". A name starts with a letter, is short
// and has a space or nothing behind its colon.
func cutName(text string) (name, rest string, ok bool) {
	name, rest, ok = strings.Cut(strings.TrimSpace(text), ":")
	if !ok || rest != "" && !strings.HasPrefix(rest, " ") {
		return "", text, false
	}
	first, _ := utf8.DecodeRuneInString(name)
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune(" .'’-_()&#", r)
	})
	if odd || !unicode.IsLetter(first) || utf8.RuneCountInString(name) > maxSpeakerRunes {
		return "", text, false
	}
	return strings.TrimSpace(name), strings.TrimSpace(rest), true
}

// builder makes utterances of cues. The lines of one cue and speaker are one.
type builder struct {
	all     []events.Utterance
	named   bool // speakers are the names before the text
	speaker string
}

func (b *builder) add(cue *astisub.Item) {
	if !b.named {
		b.speaker = "" // a cue without a voice is of nobody known
	}
	first := len(b.all)
	for _, line := range cue.Lines {
		text := line.String()
		if name, rest, ok := cutName(text); line.VoiceName != "" {
			b.speaker = line.VoiceName
		} else if ok && b.named {
			b.speaker, text = name, rest
		}
		b.say(first, cue, strings.TrimSpace(clean(text)))
	}
}

func (b *builder) say(first int, cue *astisub.Item, text string) {
	speaker := short(b.speaker, maxNameBytes)
	if last := len(b.all) - 1; last >= first && b.all[last].Speaker == speaker && text != "" {
		b.all[last].Text += " " + text
		return
	}
	start := seconds(cue.StartAt)
	b.all = appendSpoken(b.all, events.Utterance{
		Speaker: speaker, Text: text, Start: start, End: max(start, seconds(cue.EndAt)),
	})
}

func seconds(d time.Duration) float64 { return min(max(d.Seconds(), 0), maxSeconds) }
