package engine

import (
	"encoding/json"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// kept are messages in an entry of the store. They were written by us, so they are
// read without the leniency of symbl.Message, which reads each of them three times.
type kept []symbl.Message

// UnmarshalJSON reads what json.Marshal makes of the messages.
func (k *kept) UnmarshalJSON(data []byte) error {
	type person symbl.Person // without its leniency
	var list []struct {
		ID             string    `json:"id"`
		Text           string    `json:"text"`
		From           person    `json:"from"`
		StartTime      time.Time `json:"startTime"`
		EndTime        time.Time `json:"endTime"`
		TimeOffset     *float64  `json:"timeOffset"`
		Duration       *float64  `json:"duration"`
		ConversationID string    `json:"conversationId"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*k = make(kept, len(list))
	for i, m := range list {
		(*k)[i] = symbl.Message{
			ID: m.ID, Text: m.Text, From: symbl.Person(m.From), StartTime: m.StartTime, EndTime: m.EndTime,
			TimeOffset: m.TimeOffset, Duration: m.Duration, ConversationID: m.ConversationID,
		}
	}
	return nil
}
