package symbl

import (
	"bytes"
	"encoding/json"
	"errors"
)

var errShape = errors.New("it has another shape than documented")

// readList reads a list that comes bare, in an object under one of the keys,
// or as a single bare element, which known recognises. Its null elements are
// dropped.
func readList[T any](data []byte, known func(T) bool, keys ...string) ([]T, error) {
	data = bytes.TrimSpace(data)
	if bytes.Equal(data, []byte("null")) {
		return nil, nil
	}
	if bytes.HasPrefix(data, []byte("[")) {
		return readElements[T](data)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	for _, key := range keys {
		if list, ok := fields[key]; ok {
			return readList(list, known)
		}
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		return nil, err
	}
	if !known(one) {
		return nil, errShape
	}
	return []T{one}, nil
}

func readElements[T any](data []byte) ([]T, error) {
	var elements []*T
	if err := json.Unmarshal(data, &elements); err != nil {
		return nil, err
	}
	list := make([]T, 0, len(elements))
	for _, element := range elements {
		if element != nil {
			list = append(list, *element)
		}
	}
	return list, nil
}

// readOne reads an object that comes bare, under one of the keys, or as the
// first of a list.
func readOne[T any](data []byte, known func(T) bool, keys ...string) (T, error) {
	var none T
	list, err := readList(data, known, keys...)
	if err != nil {
		return none, err
	}
	if len(list) == 0 || !known(list[0]) {
		return none, errShape
	}
	return list[0], nil
}

func (t Tracker) known() bool       { return t.ID != "" }
func (r TrackerResult) known() bool { return r.ID != "" || r.Name != "" }
func (m Message) known() bool       { return m.ID != "" }
func (c Conversation) known() bool  { return c.ID != "" }

// UnmarshalJSON takes the id and the times as text or numbers.
func (t *Tracker) UnmarshalJSON(data []byte) error {
	type plain Tracker
	in := struct {
		*plain
		ID        ident `json:"id"`
		CreatedOn ident `json:"createdOn"`
		UpdatedOn ident `json:"updatedOn"`
	}{plain: (*plain)(t), ID: ident(t.ID), CreatedOn: ident(t.CreatedOn), UpdatedOn: ident(t.UpdatedOn)}
	err := json.Unmarshal(data, &in)
	t.ID, t.CreatedOn, t.UpdatedOn = string(in.ID), string(in.CreatedOn), string(in.UpdatedOn)
	return err
}

// UnmarshalJSON takes the ids as text or numbers.
func (j *Job) UnmarshalJSON(data []byte) error {
	in := struct {
		ConversationID ident `json:"conversationId"`
		JobID          ident `json:"jobId"`
	}{ident(j.ConversationID), ident(j.JobID)}
	err := json.Unmarshal(data, &in)
	j.ConversationID, j.JobID = string(in.ConversationID), string(in.JobID)
	return err
}

// UnmarshalJSON takes the id as text or a number, and under the name jobId
// too, as the status callbacks of hosted Symbl have it.
func (s *JobStatus) UnmarshalJSON(data []byte) error {
	type plain JobStatus
	in := struct {
		*plain
		ID    ident `json:"id"`
		JobID ident `json:"jobId"`
	}{plain: (*plain)(s), ID: ident(s.ID)}
	err := json.Unmarshal(data, &in)
	s.ID = string(in.ID)
	if s.ID == "" {
		s.ID = string(in.JobID)
	}
	return err
}

// UnmarshalJSON takes the id as text or a number.
func (r *TrackerResult) UnmarshalJSON(data []byte) error {
	type plain TrackerResult
	in := struct {
		*plain
		ID ident `json:"id"`
	}{plain: (*plain)(r), ID: ident(r.ID)}
	err := json.Unmarshal(data, &in)
	r.ID = string(in.ID)
	return err
}

// UnmarshalJSON takes the id as text or a number; a missing offset is -1.
func (r *MessageRef) UnmarshalJSON(data []byte) error {
	type plain MessageRef
	in := struct {
		*plain
		ID     ident  `json:"id"`
		Offset amount `json:"offset"`
		Score  amount `json:"score"`
	}{plain: (*plain)(r), ID: ident(r.ID)}
	err := json.Unmarshal(data, &in)
	r.ID, r.Offset = string(in.ID), in.Offset.position()
	if in.Score.known {
		r.Score = in.Score.value
	}
	return err
}

// UnmarshalJSON takes the id as text or a number; a missing offset is -1.
func (r *InsightRef) UnmarshalJSON(data []byte) error {
	type plain InsightRef
	in := struct {
		*plain
		ID     ident  `json:"id"`
		Offset amount `json:"offset"`
	}{plain: (*plain)(r), ID: ident(r.ID)}
	err := json.Unmarshal(data, &in)
	r.ID, r.Offset = string(in.ID), in.Offset.position()
	return err
}

// UnmarshalJSON takes ids and durations as text or numbers, and times in any
// of the usual formats; one that cannot be read is missing.
func (m *Message) UnmarshalJSON(data []byte) error {
	type plain Message
	in := struct {
		*plain
		ID             ident  `json:"id"`
		StartTime      moment `json:"startTime"`
		EndTime        moment `json:"endTime"`
		TimeOffset     amount `json:"timeOffset"`
		Duration       amount `json:"duration"`
		ConversationID ident  `json:"conversationId"`
	}{plain: (*plain)(m), ID: ident(m.ID), ConversationID: ident(m.ConversationID)}
	err := json.Unmarshal(data, &in)
	m.ID, m.ConversationID = string(in.ID), string(in.ConversationID)
	m.StartTime, m.EndTime = in.StartTime.Time, in.EndTime.Time
	m.TimeOffset, m.Duration = in.TimeOffset.pointer(), in.Duration.pointer()
	return err
}

// UnmarshalJSON takes the ids as text or numbers.
func (p *Person) UnmarshalJSON(data []byte) error {
	type plain Person
	in := struct {
		*plain
		ID     ident `json:"id"`
		UserID ident `json:"userId"`
	}{plain: (*plain)(p), ID: ident(p.ID), UserID: ident(p.UserID)}
	err := json.Unmarshal(data, &in)
	p.ID, p.UserID = string(in.ID), string(in.UserID)
	return err
}

// UnmarshalJSON takes the id as text or a number, and times in any of the
// usual formats; one that cannot be read is missing.
func (c *Conversation) UnmarshalJSON(data []byte) error {
	type plain Conversation
	in := struct {
		*plain
		ID        ident  `json:"id"`
		StartTime moment `json:"startTime"`
		EndTime   moment `json:"endTime"`
	}{plain: (*plain)(c), ID: ident(c.ID)}
	err := json.Unmarshal(data, &in)
	c.ID, c.StartTime, c.EndTime = string(in.ID), in.StartTime.Time, in.EndTime.Time
	return err
}
