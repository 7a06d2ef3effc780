package transcribe

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/internal/subtitle"
	"github.com/trackerbell/trackerbell/symbl/engine"
)

// clock is a line as whisper.cpp and openai-whisper print them:
// [00:00:01.000 --> 00:00:04.500]  text.
var clock = regexp.MustCompile(`(?m)^\[(?:(\d+):)?(\d\d):(\d\d\.\d{3}) --> (?:(\d+):)?(\d\d):(\d\d\.\d{3})\][ \t]*(.*)$`)

var errOutput = errors.New("it is neither WebVTT, SRT nor JSON segments")

// parse reads what a transcriber gave: WebVTT, SRT, lines with a clock, or
// JSON. Nothing at all is taken for silence: SRT has no other way to say it.
func parse(output []byte) ([]engine.Segment, error) {
	output = bytes.TrimSpace(bytes.TrimPrefix(output, []byte("\ufeff")))
	if len(output) == 0 {
		return nil, nil
	}
	if lines := clock.FindAllStringSubmatch(string(output), -1); lines != nil {
		return timed(lines), nil
	}
	if output[0] == '{' || output[0] == '[' {
		return parseJSON(output)
	}
	return parseSubtitles(output)
}

// timed makes segments of what clock matched. Their text is no markup: all of it
// was said.
func timed(lines [][]string) []engine.Segment {
	segments := make([]engine.Segment, 0, len(lines))
	for _, l := range lines {
		segments = append(segments, engine.Segment{Start: since(l[1], l[2], l[3]), End: since(l[4], l[5], l[6]), Text: l[7]})
	}
	return segments
}

// since is a time of clock; the hours may be empty.
func since(h, m, s string) time.Duration {
	d, err := time.ParseDuration("0" + h + "h" + m + "m" + s + "s")
	if err != nil { // more hours than fit
		return math.MaxInt64
	}
	return d
}

// parseSubtitles makes segments of WebVTT or SRT: one of the lines that one
// speaker has in one cue, since a phrase may run over a line's end.
func parseSubtitles(output []byte) ([]engine.Segment, error) {
	cues, err := subtitle.Read(output)
	if errors.Is(err, subtitle.ErrFormat) {
		return nil, errOutput
	} else if err != nil {
		return nil, err
	}
	var segments []engine.Segment
	for _, cue := range cues {
		first, speaker := len(segments), ""
		for _, line := range cue.Lines {
			if line.Voice != "" { // which speaks on in the lines below
				speaker = line.Voice
			}
			if last := len(segments) - 1; last >= first && segments[last].Speaker == speaker {
				segments[last].Text += " " + line.Text
				continue
			}
			segments = append(segments, engine.Segment{Start: cue.Start, End: cue.End, Speaker: speaker, Text: line.Text})
		}
	}
	return segments, nil
}

// said is a segment in JSON, with its times in seconds.
type said struct {
	Start   float64 `json:"start"`
	End     float64 `json:"end"`
	Speaker string  `json:"speaker"`
	Text    string  `json:"text"`
}

// answer is what OpenAI-compatible servers give (verbose_json, diarized_json),
// and what whisper.cpp writes as JSON.
type answer struct {
	Text          *string `json:"text"`
	Segments      []said  `json:"segments"`
	Transcription []struct {
		Text    string `json:"text"`
		Offsets struct {
			From float64 `json:"from"` // milliseconds
			To   float64 `json:"to"`
		} `json:"offsets"`
	} `json:"transcription"`
}

func parseJSON(output []byte) ([]engine.Segment, error) {
	var a answer
	if output[0] == '[' {
		if json.Unmarshal(output, &a.Segments) != nil { // its error would quote the text
			return nil, errOutput
		}
		return a.segments(), nil
	}
	if json.Unmarshal(output, &a) != nil || a.Segments == nil && a.Transcription == nil && a.Text == nil {
		return nil, errOutput
	}
	return a.segments(), nil
}

// segments are those of the answer; of a server that gives none, all of the
// text is one.
func (a answer) segments() []engine.Segment {
	var segments []engine.Segment
	for _, t := range a.Transcription {
		segments = append(segments, engine.Segment{Start: seconds(t.Offsets.From / 1000), End: seconds(t.Offsets.To / 1000), Text: t.Text})
	}
	for _, s := range a.Segments {
		segments = append(segments, engine.Segment{Start: seconds(s.Start), End: seconds(s.End), Speaker: s.Speaker, Text: s.Text})
	}
	if segments == nil && a.Text != nil {
		segments = []engine.Segment{{End: math.MaxInt64, Text: *a.Text}}
	}
	return segments
}

const maxSeconds = 1e6

func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), maxSeconds) * float64(time.Second))
}

// blank matches what whisper says instead of words.
var blank = regexp.MustCompile(`^[\[(][A-Z_ ]+[\])]$`)

// tidy drops segments in which nothing is said, and keeps times within the
// file.
func tidy(segments []engine.Segment, length time.Duration) []engine.Segment {
	var kept []engine.Segment
	for _, s := range segments {
		s.Text = strings.Join(strings.Fields(strings.ToValidUTF8(s.Text, "")), " ")
		s.Speaker = strings.TrimSpace(strings.ToValidUTF8(s.Speaker, ""))
		if s.Text == "" || blank.MatchString(s.Text) {
			continue
		}
		s.Start = min(max(s.Start, 0), length)
		s.End = min(max(s.End, s.Start), length)
		kept = append(kept, s)
	}
	return kept
}
