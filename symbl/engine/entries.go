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
// tracker has, and for one with a vocabulary of its own under the id of a tracker
// of another name: what it found would be told as that one's.
func checkChosen(chosen []symbl.Tracker, set trackerSet) error {
	for i, t := range chosen {
		at := -1
		if t.ID != "" {
			at = set.byID(t.ID)
		}
		switch inline := len(t.Vocabulary) > 0; {
		case !inline && at < 0:
			return invalid(fmt.Sprintf("trackers[%d].id", i), "is not the id of a tracker")
		case inline && at >= 0 && set.Trackers[at].Name != t.Name:
			return invalid(fmt.Sprintf("trackers[%d].id", i), fmt.Sprintf("is the id of the tracker %q", set.Trackers[at].Name))
		}
	}
	return nil
}

// makeInput is what the job of a submission works on. Inline trackers
// without an id get one, by which their results are told apart.
func makeInput(t ticket, s submission, language string) (input, error) {
	in := input{parameters: s.parameters, Media: s.media}
	in.Language = cmp.Or(s.Language, language)
	if in.Start.IsZero() {
		in.Start = t.At.Truncate(time.Millisecond)
	}
	var err error
	if in.Messages, err = makeMessages(t.ConversationID, s.utterances, in.Start); err != nil {
		return input{}, err
	}
	for i := range in.Trackers {
		if in.Trackers[i].ID == "" {
			if in.Trackers[i].ID, err = newID(); err != nil {
				return input{}, err
			}
		}
	}
	return in, nil
}

func makeConversation(t ticket, s submission, in input) conversation {
	start := in.Start
	if len(in.Messages) > 0 {
		start, _ = span(in.Messages)
	}
	return conversation{
		ID:       t.ConversationID,
		Name:     cmp.Or(s.Name, t.ConversationID),
		Type:     cmp.Or(s.ConversationType, defaultType),
		Language: in.Language,
		Metadata: s.Metadata,
		Created:  t.At,
		Start:    start,
		Pending:  []string{t.JobID},
	}
}

func makeJob(t ticket, s submission, revision uint64) job {
	return job{
		ID:             t.JobID,
		ConversationID: t.ConversationID,
		Name:           cmp.Or(s.Name, t.ConversationID),
		Status:         symbl.Scheduled,
		WebhookURL:     s.WebhookURL,
		Media:          s.media != nil,
		Revision:       revision,
		At:             t.At,
	}
}
