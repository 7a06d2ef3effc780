package source

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/trackerbell/trackerbell/events"
)

const (
	byteOrderMark = "\ufeff"
	vttHeader     = "WEBVTT"
)

// ParseTranscript reads a transcript file: a JSON array of
// {speaker, text, start, end}, WebVTT or SRT, told apart by their content. In
// subtitles the speaker is the voice tag (<v Name>), or else the "Name: " that
// the cues begin with, when the first and at least half of them do.
func ParseTranscript(data []byte) ([]events.Utterance, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte(byteOrderMark)))
	switch {
	case bytes.HasPrefix(data, []byte("[")):
		elements, err := decodeJSON[[]json.RawMessage](data, "transcript")
		if err != nil {
			return nil, errors.New("the transcript is not a JSON array of utterances")
		}
		return utterances(elements)
	case bytes.HasPrefix(data, []byte(vttHeader)):
		return parseVTT(data)
	case bytes.Contains(data, []byte(timeArrow)):
		return parseSRT(data)
	}
	return nil, errors.New("the transcript is neither a JSON array, nor WebVTT, nor SRT")
}
