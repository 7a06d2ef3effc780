package notify

import (
	"fmt"
	"math"
	"unicode"
)

const (
	maxName     = 60 // of a speaker, an agent or a party
	secondsHour = 3600
)

// Clock is a time in the call, in seconds, as alerts show it; empty when it is
// unknown.
func Clock(seconds float64) string { return clock(seconds) }

// Duration is how long a call was, in seconds, as alerts show it; empty when it
// is unknown.
func Duration(seconds float64) string { return duration(seconds) }

// clock is a time in the call, m:ss, or h:mm:ss from an hour on; empty when it
// is unknown.
func clock(seconds float64) string {
	s, ok := wholeSeconds(seconds)
	if !ok {
		return ""
	}
	if s < secondsHour {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/secondsHour, s/60%60, s%60)
}

// duration is how long a call was, in words; empty when it is unknown.
func duration(seconds float64) string {
	s, ok := wholeSeconds(seconds)
	switch {
	case !ok || s == 0:
		return ""
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < secondsHour:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %02d min", s/secondsHour, s/60%60)
	}
}

// wholeSeconds refuses what no call can have: NaN, negative, beyond a year.
func wholeSeconds(seconds float64) (int, bool) {
	const year = 366 * 24 * secondsHour
	if math.IsNaN(seconds) || seconds < 0 || seconds > year {
		return 0, false
	}
	return int(seconds), true
}

// started is the start of the call for where Slack's own date format is not
// to be had; empty when it is unknown.
func (c Call) started() string {
	if c.StartedAt.IsZero() {
		return ""
	}
	return c.StartedAt.UTC().Format("2 Jan 2006 15:04 UTC")
}

// number is a phone number as it may be shown.
func (a Alert) number(number string) string {
	if a.ShowNumbers {
		return clean(number, maxName)
	}
	return Mask(number)
}

// name is an agent's name as it may be shown; limit is in characters, also of a
// label's value.
func (a Alert) name(name string, limit int) string {
	if !a.ShowNumbers {
		name = MaskName(name)
	}
	return clean(name, limit)
}

func (a Alert) speaker(name string) string {
	if !a.ShowNumbers {
		name = MaskSpeaker(name)
	}
	return clean(name, maxName)
}

// parties says who called whom.
func (a Alert) parties() string {
	from, to := a.number(a.Call.From), a.number(a.Call.To)
	switch {
	case from != "" && to != "":
		return from + " → " + to
	case from != "":
		return "from " + from
	case to != "":
		return "to " + to
	default:
		return ""
	}
}

// summary is who called whom.
func (a Alert) summary() []string {
	agent := a.name(a.Call.Agent, maxName)
	if agent != "" {
		agent = "agent " + leftToRight(agent)
	}
	return present(capital(clean(a.Call.Direction, maxName)), a.parties(), agent)
}

// other is the party that is not the agent's side, for the one line of a
// notification.
func (a Alert) other() string {
	if a.Call.Direction == "outbound" {
		if to := a.number(a.Call.To); to != "" {
			return "called " + to
		}
		return ""
	}
	if from := a.number(a.Call.From); from != "" {
		return "caller " + from
	}
	return ""
}

// present drops empty parts.
func present(parts ...string) []string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	return string(unicode.ToUpper(r[0])) + string(r[1:])
}
