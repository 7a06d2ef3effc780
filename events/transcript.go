package events

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// transcriptTimeout bounds what a reader waits for the Symbl API.
const transcriptTimeout = 4 * time.Second

// Transcript is what was said in a call, redacted as its source wants it.
type Transcript struct {
	Lines []Line
	Whole bool // false: only the sentences in which something was found are known
}

// Line is one turn of a call. Start and End are seconds from the call's start,
// Start is negative when unknown.
type Line struct {
	Speaker string
	Role    string // of the speaker, where it is known: agent | customer
	Start   float64
	End     float64
	Text    string
	Found   []Found
}

// Found is a quote of a line, and the tracker that it was found for.
type Found struct {
	Tracker string
	notify.Quote
}

// Transcript reads what was said in a recording: from the Symbl API, or where
// that does not tell, from what came with its webhook, or else from the quotes
// of what was found. ErrNotFound if the ledger does not know it.
func (s *Service) Transcript(ctx context.Context, key string) (Transcript, error) {
	story, err := s.Story(ctx, key)
	if err != nil && (story.Entry.Key == "" || !lost(err)) {
		return Transcript{}, err
	}
	opt := s.aims().source(story.Entry.Source)
	lines, whole := s.lines(ctx, story, opt), true
	if len(lines) == 0 {
		for _, u := range story.Recording.Transcript {
			lines = append(lines, Line{Speaker: u.Speaker, Start: u.Start, End: u.End, Text: u.Text})
		}
	}
	if len(lines) == 0 {
		whole = false
	}
	for i := range lines {
		lines[i].Text = opt.Redact.Text(lines[i].Text)
		lines[i].Speaker = opt.Redact.Text(lines[i].Speaker)
	}
	return Transcript{Lines: mark(lines, story.Trackers), Whole: whole}, nil
}

// lines asks the Symbl API; none when it does not tell now.
func (s *Service) lines(ctx context.Context, story Story, opt SourceOptions) []Line {
	e := story.Entry
	if e.ConversationID == "" || e.Stage == StageSubmitted {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, transcriptTimeout)
	defer cancel()
	messages, err := s.symbl.Messages(ctx, e.ConversationID)
	if err != nil {
		return nil // deleted, or away: what came in is shown
	}
	sides, start := newSides(e.Call, opt.AgentChannel, messages), e.callStart()
	if !e.Text {
		start = firstStart(messages)
	}
	lines := make([]Line, 0, len(messages))
	for i := range messages {
		lines = append(lines, newLine(&messages[i], e.Text, start, sides))
	}
	return lines
}

func newLine(m *symbl.Message, text bool, start time.Time, sides sides) Line {
	q := notify.Quote{Speaker: speaker(m.From)}
	sides.place(&q)
	l := Line{Speaker: q.Speaker, Role: q.Role, Start: timeInCall(m, text, start), Text: m.Text}
	switch {
	case l.Start < 0:
	case m.Duration != nil:
		l.End = l.Start + *m.Duration
	case m.EndTime.After(m.StartTime):
		l.End = l.Start + m.EndTime.Sub(m.StartTime).Seconds()
	}
	return l
}

// mark adds each quote to the line that it was taken from. What has none
// becomes a line itself.
func mark(lines []Line, trackers []notify.Tracker) []Line {
	known := len(lines)
	for _, t := range trackers {
		for _, q := range t.Quotes {
			i := slices.IndexFunc(lines, func(l Line) bool { return l.Text == q.Text && near(l.Start, q.At) })
			if i < 0 {
				i = len(lines)
				lines = append(lines, Line{Speaker: q.Speaker, Role: q.Role, Start: q.At, Text: q.Text})
			}
			lines[i].Found = append(lines[i].Found, Found{t.Name, q})
		}
	}
	if len(lines) > known {
		slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(a.Start, b.Start) })
	}
	return lines
}

// near tells whether two times are the same but for rounding, or one of them is
// not known.
func near(a, b float64) bool {
	return a < 0 || b < 0 || a-b < .01 && b-a < .01
}
