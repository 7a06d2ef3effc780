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

// timed adds to each message its time within the conversation.
func timed(messages []symbl.Message, start time.Time) []symbl.Message {
	for i := range messages {
		m := &messages[i]
		offset, length := m.StartTime.Sub(start).Seconds(), m.EndTime.Sub(m.StartTime).Seconds()
		m.TimeOffset, m.Duration = &offset, &length
	}
	return messages
}
