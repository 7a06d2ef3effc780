package events

import (
	"math"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/notify"
	"github.com/trackerbell/trackerbell/symbl"
)

// unknownTime is the At of a quote whose message has no time.
const unknownTime = -1

// NewProcessed joins the matches of a call to who said them when. text tells
// that we submitted the messages ourselves, with times that count from start.
func NewProcessed(call notify.Call, results []symbl.TrackerResult, messages []symbl.Message, text bool, start time.Time, opt SourceOptions) Processed {
	p := Processed{Call: call, Trackers: join(results, messages, text, start, newSides(call, opt.AgentChannel, messages))}
	if p.Call.Seconds == 0 {
		p.Call.Seconds = ending(messages, text, start)
	}
	return p
}

// join makes quotes of tracker results: each match is given the speaker and
// the time of its message, and the side of the call that sides says. text tells that we submitted the messages
// ourselves, with times that count from start.
func join(results []symbl.TrackerResult, messages []symbl.Message, text bool, start time.Time, sides sides) []notify.Tracker {
	byID := make(map[string]*symbl.Message, len(messages))
	for i := range messages {
		byID[messages[i].ID] = &messages[i]
	}
	if !text {
		start = firstStart(messages)
	}
	var trackers []notify.Tracker
	for _, r := range results {
		if t := joinOne(r, byID, text, start, sides); len(t.Quotes) > 0 {
			trackers = append(trackers, t)
		}
	}
	return trackers
}

// joinOne quotes each message once: by its exact match where it has one, else
// by its best.
func joinOne(r symbl.TrackerResult, byID map[string]*symbl.Message, text bool, start time.Time, sides sides) notify.Tracker {
	t := notify.Tracker{Name: r.Name}
	seen := map[string]int{} // message to its index among the quotes
	for _, m := range r.Matches {
		for _, ref := range m.MessageRefs {
			q := notify.Quote{Text: ref.Text, At: unknownTime, Phrase: m.Value, Offset: ref.Offset, Words: ref.Words, Score: ref.Score}
			if msg := byID[ref.ID]; msg != nil {
				q.Text, q.Speaker, q.At = msg.Text, speaker(msg.From), timeInCall(msg, text, start)
				sides.place(&q)
			}
			i, known := seen[ref.ID]
			switch {
			case !known:
				seen[ref.ID] = len(t.Quotes)
				t.Quotes = append(t.Quotes, q)
			case better(q, t.Quotes[i]):
				t.Quotes[i] = q
			}
		}
	}
	t.Sort()
	return t
}

// better prefers an exact match, then the longer phrase or the higher score.
func better(a, b notify.Quote) bool {
	if a.Exact() != b.Exact() {
		return a.Exact()
	}
	if a.Exact() {
		return len(a.Phrase) > len(b.Phrase)
	}
	return a.Score > b.Score
}

func speaker(p symbl.Person) string {
	for _, name := range []string{p.Name, p.UserID, p.Email} {
		if name != "" {
			return name
		}
	}
	return ""
}

// timeInCall is when a message was said, in seconds from the call's start. For
// audio Symbl's own offset counts; its times have an arbitrary origin.
func timeInCall(m *symbl.Message, text bool, start time.Time) float64 {
	switch {
	case !text && m.TimeOffset != nil:
		return *m.TimeOffset
	case m.StartTime.IsZero() || start.IsZero():
		return unknownTime
	}
	at := m.StartTime.Sub(start).Seconds()
	return math.Max(0, math.Round(at*1000)/1000)
}

func firstStart(messages []symbl.Message) time.Time {
	if len(messages) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(messages, func(a, b symbl.Message) int { return a.StartTime.Compare(b.StartTime) }).StartTime
}
