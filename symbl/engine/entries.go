package engine

import (
	"cmp"
	"fmt"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// defaultType is the type of a conversation that was given none.
const defaultType = "meeting"

// checkChosen gives the error for a tracker that was chosen by an id that no
// tracker has.
func checkChosen(chosen []symbl.Tracker, set trackerSet) error {
	for i, t := range chosen {
		if t.ID != "" && set.byID(t.ID) < 0 {
			return invalid(fmt.Sprintf("trackers[%d].id", i), "is not the id of a tracker")
		}
	}
	return nil
}

// makeInput is what the job of a submission works on. Inline trackers get an
// id, by which their results are told apart.
func makeInput(t ticket, s submission, language string) (input, error) {
	start := t.At.Truncate(time.Millisecond)
	if !s.start.IsZero() {
		start = s.start
	}
	messages, err := makeMessages(t.ConversationID, s.utterances, start)
	if err != nil {
		return input{}, err
	}
	for i := range s.trackers {
		if s.trackers[i].ID == "" {
			if s.trackers[i].ID, err = newID(); err != nil {
				return input{}, err
			}
		}
	}
	return input{
		Language: cmp.Or(s.language, language),
		All:      s.all,
		Trackers: s.trackers,
		Messages: messages,
	}, nil
}

func makeConversation(t ticket, s submission, language string) conversation {
	return conversation{
		ID:       t.ConversationID,
		Name:     cmp.Or(s.name, t.ConversationID),
		Type:     cmp.Or(s.kind, defaultType),
		Language: language,
		Metadata: s.metadata,
	}
}

func makeJob(t ticket, s submission, revision uint64) job {
	return job{
		ID:             t.JobID,
		ConversationID: t.ConversationID,
		Name:           cmp.Or(s.name, t.ConversationID),
		Status:         symbl.Scheduled,
		WebhookURL:     s.webhookURL,
		Revision:       revision,
		At:             t.At,
	}
}
