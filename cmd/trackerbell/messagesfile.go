package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// message is a line of a file of messages. Further keys are ignored.
type message struct {
	MessageID messageID `json:"message_id"`
	Text      string    `json:"text"`
}

// readMessage reads a line. Its error names the key that is wrong.
func readMessage(line []byte) (m message, err error) {
	err = json.Unmarshal(line, &m)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return m, fmt.Errorf("is not JSON: %w", err)
	case errors.As(err, &kind) && kind.Field == "text":
		return m, errors.New("text must be a string")
	case errors.As(err, &kind):
		return m, errors.New(`must be an object like {"message_id": "1", "text": "hello"}`)
	}
	return m, err
}

// messageID is a string or a number, and is printed as it was read.
type messageID struct {
	text   string
	number json.Number // empty for a string
}

// UnmarshalJSON reads a string or a number.
func (m *messageID) UnmarshalJSON(data []byte) error {
	*m = messageID{}
	if data[0] == '"' {
		return json.Unmarshal(data, &m.text)
	}
	if err := json.Unmarshal(data, &m.number); err != nil {
		return errors.New("message_id must be a string or a number")
	}
	m.text = m.number.String()
	return nil
}

// MarshalJSON writes what was read.
func (m messageID) MarshalJSON() ([]byte, error) {
	if m.number != "" {
		return json.Marshal(m.number)
	}
	return json.Marshal(m.text)
}
