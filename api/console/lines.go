package console

import (
	"math"
	"slices"
	"strings"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// line is one turn of a transcript.
type line struct {
	ID      int
	Speaker string
	Side    string // agent | customer | empty
	At      float64
	Pieces  []notify.Piece
	Found   []match
}

// match is why a line was found.
type match struct {
	Tracker, Phrase string
	Exact           bool
	Score           float64 // of a similar one; 0 when unknown
	Words           string  // that carried a similar one
}

func newMatch(tracker string, q notify.Quote) match {
	return match{tracker, q.Phrase, q.Exact(), q.Score, strings.Join(q.Words, ", ")}
}

func newLines(t events.Transcript) []line {
	list := make([]line, 0, len(t.Lines))
	for i, l := range t.Lines {
		one := line{ID: i + 1, Speaker: l.Speaker, Side: l.Role, At: l.Start}
		if strings.EqualFold(l.Speaker, l.Role) {
			one.Side = "" // the name says it
		}
		var quotes []notify.Quote
		for _, f := range l.Found {
			quotes = append(quotes, f.Quote)
			one.Found = append(one.Found, newMatch(f.Tracker, f.Quote))
		}
		one.Pieces = notify.Marked(l.Text, quotes)
		list = append(list, one)
	}
	return list
}

// mark is a match on the player's time line.
type mark struct {
	Line     int
	At       float64 // seconds
	Place    float64 // per mille of the time line
	Trackers string
}

// newMarks gives a mark to each line that something was found in and whose time
// is known.
func newMarks(lines []line, length float64) []mark {
	var list []mark
	for _, l := range lines {
		if len(l.Found) == 0 || l.At < 0 || length <= 0 {
			continue
		}
		var names []string
		for _, f := range l.Found {
			if !slices.Contains(names, f.Tracker) {
				names = append(names, f.Tracker)
			}
		}
		place := math.Round(min(l.At/length, 1)*9900) / 10 // the last one is inside, too
		list = append(list, mark{l.ID, l.At, place, strings.Join(names, ", ")})
	}
	return list
}

// decision is what the routes make of a tracker.
type decision struct {
	Tracker string
	Absence bool
	Quotes  int
	To      string // the destinations
	Default bool   // no route took it
	Routes  []notify.RouteExplanation
}

// explain says what the routes, as they are now, make of a recording's call;
// masked hides the numbers that its labels may hold.
func (s *Console) explain(story events.Story, masked bool) notify.Explanation {
	x := s.Store.Explain(story.Entry.Call, story.Trackers)
	for _, t := range x.Trackers {
		for _, r := range t.Routes {
			for i := range r.Why {
				if masked {
					r.Why[i] = notify.MaskName(r.Why[i])
				}
			}
		}
	}
	return x
}

func decisions(x notify.Explanation) []decision {
	var list []decision
	for _, t := range x.Trackers {
		taken := slices.ContainsFunc(t.Routes, func(r notify.RouteExplanation) bool { return r.Matches })
		list = append(list, decision{
			Tracker: t.Tracker, Absence: t.Absence, Quotes: t.Quotes, To: strings.Join(t.Destinations, ", "),
			Default: !taken && len(t.Destinations) > 0, Routes: t.Routes,
		})
	}
	return list
}
