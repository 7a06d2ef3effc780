package engine

import (
	"cmp"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// unsaid is how long an utterance is taken to last that came without times.
const unsaid = time.Second

// makeMessages gives the utterances ids and, where they came without, times:
// one right after the other, from the start given.
func makeMessages(conversation string, utterances []utterance, start time.Time) ([]symbl.Message, error) {
	messages := make([]symbl.Message, len(utterances))
	next := start.UTC()
	for i, u := range utterances {
		id, err := newID()
		if err != nil {
			return nil, err
		}
		if u.start.IsZero() {
			u.start = next
		}
		if u.end.IsZero() {
			u.end = u.start.Add(unsaid)
		}
		next = u.end
		messages[i] = symbl.Message{
			ID:             id,
			Text:           u.text,
			From:           identified(conversation, u.from),
			StartTime:      u.start,
			EndTime:        u.end,
			ConversationID: conversation,
		}
	}
	return messages, nil
}

// identified gives a speaker that came without an id one.
func identified(conversation string, p symbl.Person) symbl.Person {
	if who := cmp.Or(p.Name, p.UserID, p.Email); p.ID == "" && who != "" {
		p.ID = personID(conversation, who)
	}
	return p
}

// span is the earliest start and the latest end of messages.
func span(messages []symbl.Message) (start, end time.Time) {
	for i, m := range messages {
		if i == 0 || m.StartTime.Before(start) {
			start = m.StartTime
		}
		if m.EndTime.After(end) {
			end = m.EndTime
		}
	}
	return start, end
}

// messageBody is a message as clients see it.
type messageBody struct {
	symbl.Message

	StartTime moment `json:"startTime"`
	EndTime   moment `json:"endTime"`
}

// messageBodies adds to each message its time within the conversation.
func messageBodies(messages []symbl.Message, start time.Time) []messageBody {
	bodies := make([]messageBody, len(messages))
	for i, m := range messages {
		offset, length := m.StartTime.Sub(start).Seconds(), m.EndTime.Sub(m.StartTime).Seconds()
		m.TimeOffset, m.Duration = &offset, &length
		bodies[i] = messageBody{Message: m, StartTime: moment{m.StartTime}, EndTime: moment{m.EndTime}}
	}
	return bodies
}

const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// moment is a time with three decimals, as each of Symbl's samples has it:
// clients parse by that pattern.
type moment struct{ time.Time }

// MarshalJSON writes the time in UTC.
func (m moment) MarshalJSON() ([]byte, error) {
	return []byte(m.UTC().Format(`"` + milliseconds + `"`)), nil
}
