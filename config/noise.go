package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // time zones on a machine without them: the image has no files of its own
)

// Noise is how much some channels are told at a time; by default, everything at
// once.
type Noise struct {
	Channels   []string      `yaml:"channels"`                          // channels and destinations that it holds for, as routes name them; none: all that people read, which is every one but destinations of type webhook
	QuietHours QuietHours    `yaml:"quietHours"`                        // when alerts are held; one digest tells them at the end
	PerHour    int           `yaml:"perHour"`                           // alerts of a channel in each hour of the clock; what is more is held, and one digest tells it at the hour's end; 0: no cap
	FoldFor    time.Duration `yaml:"foldFor"`                           // how long further alerts about a caller go into the thread of the first; 0: they do not
	Pass       string        `yaml:"pass" enum:"info,warning,critical"` // severity from which on alerts are neither held nor folded; unset: all may be
}

// QuietHours is a part of each day.
type QuietHours struct {
	From     Clock  `yaml:"from"`     // hh:mm
	To       Clock  `yaml:"to"`       // hh:mm; before from: on the next day
	TimeZone string `yaml:"timeZone"` // such as Europe/Berlin; its clock counts, also when it is changed
	Weekends bool   `yaml:"weekends"` // Saturday and Sunday are quiet all day
}

// IsZero tells whether no hours are quiet.
func (q QuietHours) IsZero() bool { return q == QuietHours{} }

// Clock is a time of the day, written hh:mm. Zero is unset, which midnight is
// not.
type Clock int

const clockSet = 1 // what a set Clock is more than its minutes

// Minute is how many minutes after midnight it is.
func (c Clock) Minute() int { return int(c) - clockSet }

// String writes the time as the configuration does; empty when it is unset.
func (c Clock) String() string {
	if c == 0 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", c.Minute()/60, c.Minute()%60)
}

var clockText = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):([0-5][0-9])$`)

func parseClock(text string) (Clock, bool) {
	m := clockText.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	hour, herr := strconv.Atoi(m[1])
	minute, merr := strconv.Atoi(m[2])
	return Clock(hour*60 + minute + clockSet), herr == nil && merr == nil
}

func (l *loader) validateNoise() {
	for i, n := range l.cfg.Noise {
		key := index("noise", i)
		l.noBlanks(key+".channels", n.Channels, "must name a channel")
		l.check(n.PerHour >= 0, key+".perHour", "must be 0 (no cap) or more")
		l.check(n.FoldFor >= 0 && n.FoldFor <= 7*day, key+".foldFor", "must be from 0 (not at all) to 168h")
		if n.Pass != "" {
			l.oneOf(key+".pass", n.Pass, "info", "warning", "critical")
		}
		if !n.QuietHours.IsZero() {
			l.validateQuietHours(key+".quietHours", n.QuietHours)
		}
	}
}

func (l *loader) validateQuietHours(key string, q QuietHours) {
	l.check(q.From != 0, key+".from", `missing: when it becomes quiet, such as "20:00"`)
	l.check(q.To != 0, key+".to", `missing: when the digest comes, such as "08:00"`)
	l.check(q.From != q.To || q.From == 0, key+".to", "must differ from from, or it would never end")
	_, err := time.LoadLocation(q.TimeZone)
	l.check(q.TimeZone != "" && q.TimeZone != "Local" && err == nil, key+".timeZone", "must be a time zone such as Europe/Berlin or UTC")
}
