package console

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

const (
	// previewCalls is how many calls a tracker is tried on, and previewTime how
	// long what was said in them is kept for that.
	previewCalls = 300
	previewTime  = time.Minute
	// previewShown is how many sentences of each kind are shown.
	previewShown = 30
)

// preview is what a tracker would have found lately.
type preview struct {
	Calls, Sentences int // that it was tried on
	Since            time.Time
	Found            []sentence
	Lost             []sentence // that the saved one finds, and this one does not
	New, More        int        // of Found; and what is not shown of it
	InCalls          int
}

// sentence is one that a tracker was found in.
type sentence struct {
	Key, Speaker string
	Pieces       []notify.Piece
	Why          match
	New          bool // the saved tracker does not find it
}

// said keeps what was said lately, so that it is not read for each key that
// somebody presses.
type said struct {
	mu    sync.Mutex
	at    time.Time
	calls []events.Spoken
}

func (s *Console) recent(ctx context.Context) ([]events.Spoken, error) {
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	if s.now().Sub(s.said.at) > previewTime {
		calls, err := s.Store.Recent(ctx, previewCalls)
		if err != nil {
			return nil, err
		}
		s.said.calls, s.said.at = calls, s.now()
	}
	return s.said.calls, nil
}

// preview tries a tracker on what was said lately, beside the saved one.
func (s *Console) preview(ctx context.Context, t, saved symbl.Tracker) (preview, error) {
	calls, err := s.recent(ctx)
	if err != nil {
		return preview{}, err
	}
	var texts []string
	var from []sentence
	p := preview{Calls: len(calls)}
	for _, call := range calls {
		if p.Since.IsZero() || call.ReceivedAt.Before(p.Since) {
			p.Since = call.ReceivedAt
		}
		for _, l := range call.Lines {
			texts = append(texts, l.Text)
			from = append(from, sentence{Key: call.Key, Speaker: l.Speaker})
		}
	}
	p.Sentences = len(texts)
	before := byText(s.Trackers.Match(saved, texts))
	after := byText(s.Trackers.Match(t, texts))
	inCalls := map[string]bool{}
	for i, one := range from {
		was, is := before[i], after[i]
		switch {
		case len(is) > 0:
			inCalls[one.Key] = true
			one.New = len(was) == 0
			if one.New {
				p.New++
			}
			p.Found = append(p.Found, one.with(texts[i], is))
		case len(was) > 0:
			p.Lost = append(p.Lost, one.with(texts[i], was))
		}
	}
	// What changes is what people look for.
	slices.SortStableFunc(p.Found, func(a, b sentence) int { return rank(a) - rank(b) })
	p.InCalls, p.More = len(inCalls), max(0, len(p.Found)-previewShown)
	p.Found, p.Lost = p.Found[:min(len(p.Found), previewShown)], p.Lost[:min(len(p.Lost), previewShown)]
	return p, nil
}

func rank(s sentence) int {
	if s.New {
		return 0
	}
	return 1
}

// Total is in how many sentences the tracker would be found.
func (p preview) Total() int { return len(p.Found) + p.More }

func byText(hits []Hit) map[int][]notify.Quote {
	all := map[int][]notify.Quote{}
	for _, h := range hits {
		all[h.Text] = append(all[h.Text], h.Quote)
	}
	return all
}

func (s sentence) with(text string, quotes []notify.Quote) sentence {
	s.Pieces = notify.Marked(text, quotes)
	exact := slices.IndexFunc(quotes, notify.Quote.Exact)
	s.Why = newMatch("", quotes[max(0, exact)])
	return s
}
