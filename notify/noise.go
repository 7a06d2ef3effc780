package notify

import (
	"fmt"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/config"
)

// Noise says how much each destination is told at a time. It decides and keeps
// nothing: what it is asked, and with which counts, is the notify stage's. It
// never changes after NewNoise; nil holds nothing back.
type Noise struct {
	rules   []Quiet
	exempt  map[string]bool // slugs that only a rule which names them holds for
	nothing Quiet
}

// Quiet is what holds for a destination. The zero value holds nothing back.
type Quiet struct {
	PerHour int           // alerts in each hour of the clock; 0: no cap
	FoldFor time.Duration // 0: callers are not folded
	pass    string        // severity from which on nothing is held or folded
	slugs   []string      // none: all
	hours   config.QuietHours
	zone    *time.Location
}

// NewNoise takes the rules in their order. exempt are destinations that
// machines read. Its errors name the key.
func NewNoise(rules []config.Noise, exempt ...string) (*Noise, error) {
	n := &Noise{exempt: map[string]bool{}}
	for _, to := range exempt {
		n.exempt[Slug(to)] = true
	}
	for i, c := range rules {
		zone, err := time.LoadLocation(c.QuietHours.TimeZone)
		if err != nil {
			return nil, &KeyError{fmt.Sprintf("noise[%d].quietHours.timeZone", i), "must be a time zone such as Europe/Berlin or UTC"}
		}
		q := Quiet{PerHour: c.PerHour, FoldFor: c.FoldFor, pass: c.Pass, hours: c.QuietHours, zone: zone}
		for _, to := range c.Channels {
			q.slugs = append(q.slugs, Slug(to))
		}
		n.rules = append(n.rules, q)
	}
	return n, nil
}

// For is what holds for a destination: the first rule that names it, or that
// names none.
func (n *Noise) For(slug string) Quiet {
	if n == nil {
		return Quiet{}
	}
	for _, q := range n.rules {
		if slices.Contains(q.slugs, slug) || len(q.slugs) == 0 && !n.exempt[slug] {
			return q
		}
	}
	return n.nothing
}

// Passes tells whether an alert of this style is too grave to be held or
// folded.
func (q Quiet) Passes(s Style) bool { return q.pass != "" && gravity(s.Severity) >= gravity(q.pass) }

// Until is when the quiet hours end that t lies in; ok is false when it lies in
// none. The clock of the time zone counts: where it is put forward over the end,
// they end with the jump, and an hour that comes twice is quiet both times.
func (q Quiet) Until(t time.Time) (end time.Time, ok bool) {
	if !q.quiet(t) {
		return time.Time{}, false
	}
	// Clocks are put forward and back by whole minutes, so the first minute that
	// is not quiet needs no arithmetic of days. It is a weekend away at most.
	end = t.Truncate(time.Minute)
	for q.quiet(end) {
		end = end.Add(time.Minute)
	}
	return end, true
}

func (q Quiet) quiet(t time.Time) bool {
	if q.hours.IsZero() {
		return false
	}
	t = t.In(q.zone)
	if day := t.Weekday(); q.hours.Weekends && (day == time.Saturday || day == time.Sunday) {
		return true
	}
	now, from, to := t.Hour()*60+t.Minute(), q.hours.From.Minute(), q.hours.To.Minute()
	if from < to {
		return from <= now && now < to
	}
	return now >= from || now < to
}

// HourOf is the end of the hour of the clock that t lies in, for the cap.
func HourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour).Add(time.Hour) }

// Caller is who an alert is about when callers are folded: the party that is
// not the agent's side. It is empty where that is no telephone number, because
// "anonymous" calls often.
func (c Call) Caller() string {
	party := c.From
	if c.Direction == "outbound" {
		party = c.To
	}
	if countDigits(party) < maskFrom {
		return ""
	}
	return party
}
