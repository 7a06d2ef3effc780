package source

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/internal/subtitle"
)

const byteOrderMark = "\ufeff"

// ParseTranscript reads a transcript file: a JSON array of
// {speaker, text, start, end}, WebVTT or SRT, told apart by their content. In
// subtitles the speaker is the voice tag (<v Name>), or else the "Name: " that
// the cues begin with, when the first and at least half of them do.
func ParseTranscript(data []byte) ([]events.Utterance, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte(byteOrderMark)))
	if bytes.HasPrefix(data, []byte("[")) {
		elements, err := decodeJSON[[]json.RawMessage](data, "transcript")
		if err != nil {
			return nil, errors.New("the transcript is not a JSON array of utterances")
		}
		return utterances(elements)
	}
	cues, err := subtitle.Read(data)
	switch {
	case errors.Is(err, subtitle.ErrFormat):
		return nil, errors.New("the transcript is neither a JSON array, nor WebVTT, nor SRT")
	case err != nil:
		return nil, err
	}
	return fromCues(cues)
}
