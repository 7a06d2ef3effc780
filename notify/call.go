package notify

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

const (
	hidden      = "••••"
	maskFrom    = 7 // digits; shorter numbers are extensions and short codes
	shownDigits = 4 // at a number's end
	minHidden   = 3
	maxName     = 60 // of a speaker, an agent or a party
	secondsHour = 3600
)

// Mask hides the middle of a phone number: the country code, the area code and
// the last four digits remain (+1 415 •••• 0137). A SIP address keeps its
// host. Extensions and names such as "anonymous" are not numbers and stay.
func Mask(number string) string {
	number = textOf(visible(cellsOf(number))) // whole: what is cut could no longer be told
	if at := strings.LastIndexByte(number, '@'); at >= 0 {
		return clean(maskAddress(number[:at], number[at:]), maxName)
	}
	if countDigits(number) < maskFrom {
		return clean(number, maxName)
	}
	if parsed, err := phonenumbers.Parse(number, ""); err == nil {
		return maskParsed(parsed)
	}
	return hidden + " " + lastDigits(number)
}

// maskAddress keeps of an address its scheme, if that is SIP's, and its host
// without what is said of the party behind it.
func maskAddress(user, host string) string {
	if end := strings.IndexAny(host, ";>? "); end >= 0 {
		host = host[:end]
	}
	for _, scheme := range []string{"sip:", "sips:"} {
		if len(user) >= len(scheme) && strings.EqualFold(user[:len(scheme)], scheme) {
			return scheme + hidden + host
		}
	}
	return hidden + host
}

// onlyNumber is a phone number written with its country code, and nothing else.
var onlyNumber = regexp.MustCompile(`^(tel:)?\+[0-9 ()./-]+$`)

// MaskName is Mask of a name that is nothing but a phone number with its country
// code, as some systems name people whom they do not know. Other names stay.
func MaskName(name string) string {
	if number := clean(name, maxName); onlyNumber.MatchString(number) {
		return Mask(strings.TrimPrefix(number, "tel:"))
	}
	return name
}

// Masked is the call for who may not see phone numbers: those of its parties, and
// those that stand for the agent or in a label.
func (c Call) Masked() Call {
	c.From, c.To, c.Agent = Mask(c.From), Mask(c.To), MaskName(c.Agent)
	labels := make(map[string]string, len(c.Labels))
	for name, value := range c.Labels {
		labels[name] = MaskName(value)
	}
	if c.Labels != nil {
		c.Labels = labels
	}
	return c
}

// onlyParty is a phone number, with or without its country code, or a SIP address.
var onlyParty = regexp.MustCompile(`^(?i)((tel:)?\+?[0-9 ()./-]+|sips?:.*)$`)

// MaskSpeaker is Mask of a speaker who is known by nothing but a phone number or a
// SIP address, as the sides of a call are. Names stay, e-mail addresses among them.
func MaskSpeaker(name string) string {
	if whole := textOf(visible(cellsOf(name))); onlyParty.MatchString(whole) {
		return Mask(strings.TrimPrefix(whole, "tel:"))
	}
	return name
}

// MaskSpeakers gives the trackers with MaskSpeaker of who speaks in their quotes.
func MaskSpeakers(trackers []Tracker) []Tracker {
	trackers = slices.Clone(trackers)
	for i := range trackers {
		trackers[i].Quotes = slices.Clone(trackers[i].Quotes)
		for j := range trackers[i].Quotes {
			trackers[i].Quotes[j].Speaker = MaskSpeaker(trackers[i].Quotes[j].Speaker)
		}
	}
	return trackers
}

func maskParsed(number *phonenumbers.PhoneNumber) string {
	national := phonenumbers.GetNationalSignificantNumber(number)
	area := phonenumbers.GetLengthOfNationalDestinationCode(number)
	if area <= 0 || len(national)-area-shownDigits < minHidden {
		area = 0
	}
	parts := []string{"+" + strconv.Itoa(int(number.GetCountryCode()))}
	if area > 0 {
		parts = append(parts, national[:area])
	}
	return strings.Join(append(parts, hidden, lastDigits(national)), " ")
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// lastDigits are the digits at the end that may be shown.
func lastDigits(number string) string {
	var digits []rune
	for _, r := range number {
		if unicode.IsDigit(r) {
			digits = append(digits, r)
		}
	}
	show := min(shownDigits, max(len(digits)-minHidden, 0))
	return string(digits[len(digits)-show:])
}

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
	agent := clean(a.Call.Agent, maxName)
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
