package source

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/subtitle"
)

const maxSpeakerRunes = 40

// fromCues makes utterances of subtitles.
func fromCues(cues []subtitle.Cue) ([]events.Utterance, error) {
	b := builder{named: namesSpeakers(cues)}
	for _, cue := range cues {
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

// namesSpeakers tells whether the cues begin with "Name: ": the first one and
// at least half of all, or a mere "Note: …" would become a speaker.
func namesSpeakers(cues []subtitle.Cue) bool {
	named := 0
	for i, cue := range cues {
		if len(cue.Lines) > 0 {
			if _, _, ok := cutName(cue.Lines[0].Text); ok {
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

func (b *builder) add(cue subtitle.Cue) {
	if !b.named {
		b.speaker = "" // a cue without a voice is of nobody known
	}
	first := len(b.all)
	for _, line := range cue.Lines {
		text := line.Text
		if name, rest, ok := cutName(text); line.Voice != "" {
			b.speaker = line.Voice
		} else if ok && b.named {
			b.speaker, text = name, rest
		}
		b.say(first, cue, strings.TrimSpace(clean(text)))
	}
}

func (b *builder) say(first int, cue subtitle.Cue, text string) {
	speaker := short(b.speaker, maxNameBytes)
	if last := len(b.all) - 1; last >= first && b.all[last].Speaker == speaker && text != "" {
		b.all[last].Text += " " + text
		return
	}
	start := seconds(cue.Start)
	b.all = appendSpoken(b.all, events.Utterance{
		Speaker: speaker, Text: text, Start: start, End: max(start, seconds(cue.End)),
	})
}

func seconds(d time.Duration) float64 { return min(max(d.Seconds(), 0), maxSeconds) }
