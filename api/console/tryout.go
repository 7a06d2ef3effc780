package console

import (
	"context"
	"fmt"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// Tryout is what a tracker would have found in the latest calls, for programs.
// Its lists are never null; they hold the first 30 sentences of each kind.
type Tryout struct {
	Calls     int              `json:"calls"`          // that it was tried on
	Sentences int              `json:"sentences"`      // that were said in them
	Since     time.Time        `json:"since,omitzero"` // when the first of them came in
	InCalls   int              `json:"foundInCalls"`
	Total     int              `json:"foundInSentences"`
	New       int              `json:"new"`   // of these sentences the saved tracker finds not
	Found     []TryoutSentence `json:"found"` // new ones first
	Lost      []TryoutSentence `json:"lost"`  // that the saved tracker finds, and this one does not
}

// TryoutSentence is one in which a tracker is found.
type TryoutSentence struct {
	Recording string  `json:"recording"`
	Text      string  `json:"text"`
	Phrase    string  `json:"phrase"`          // of the vocabulary
	Exact     bool    `json:"exact"`           // said as it stands there
	Score     float64 `json:"score,omitempty"` // of similar wording, from 0 to 1
	New       bool    `json:"new"`             // the saved tracker does not find it
}

// TryTracker tries a tracker on the latest calls, beside the saved one of its
// id, and changes nothing. An error of CheckTracker is one of the tracker;
// events.ErrNotFound: there is none of that id; ErrAccount: nobody knows.
func (s *Console) TryTracker(ctx context.Context, t symbl.Tracker) (Tryout, error) {
	saved, err := s.saved(ctx, t.ID)
	if err != nil {
		return Tryout{}, err
	}
	p, err := s.preview(ctx, t, saved)
	if err != nil {
		return Tryout{}, fmt.Errorf("try a tracker: %w", err)
	}
	return Tryout{p.Calls, p.Sentences, p.Since, p.InCalls, p.Total(), p.New, tryoutSentences(p.Found), tryoutSentences(p.Lost)}, nil
}

// CheckTracker says what is wrong with a tracker; its text names the field.
func (s *Console) CheckTracker(t symbl.Tracker) error { return s.Trackers.Check(t) }

func tryoutSentences(list []sentence) []TryoutSentence {
	out := []TryoutSentence{}
	for _, one := range list {
		text := ""
		for _, piece := range one.Pieces {
			text += piece.Text
		}
		out = append(out, TryoutSentence{one.Key, text, one.Why.Phrase, one.Why.Exact, one.Why.Score, one.New})
	}
	return out
}
