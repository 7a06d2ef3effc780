package notify

import (
	"net/netip"
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
)

// How a party stands in a text: as a sip: address, as a number, in the ways people
// write one, or as a number at a host. Joiners, which are invisible, may be in it.
// An e-mail address is told so that what digits it has are left.
const (
	host    = `@[\pL\p{Nd}.:_\[\]-]+`
	address = `(?i)\bsips?:[^\s<>",]+|[\pL\p{Nd}._%-]*\pL[\pL\p{Nd}._%-]*` + host + `|`
	prefix  = `(?:\btel:[\p{Z}\p{Cf}]?[+＋]?|[+＋])[\p{Z}\p{Cf}]?`
	digits  = `[\p{Nd}(][\p{Nd}\p{Z}\p{Pd}\p{Cf}()\[\]./_|*·−]*\p{Nd}(?:` + host + `)?`
)

var (
	parties       = regexp.MustCompile(address + `(?:` + prefix + `)?` + digits)
	international = regexp.MustCompile(address + prefix + digits)
	hostNumber    = regexp.MustCompile(`\p{Nd}[\p{Nd}.:_-]*\p{Nd}`)
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
	if end := strings.IndexAny(host, ";>?/&|,+ "); end >= 0 {
		host = host[:end]
	}
	if host != "" {
		host = host[:1] + maskHost(host[1:])
	}
	for _, scheme := range []string{"sip:", "sips:"} {
		if len(user) >= len(scheme) && strings.EqualFold(user[:len(scheme)], scheme) {
			return scheme + hidden + host
		}
	}
	return hidden + host
}

// MaskName masks the numbers with a country code and the tel: and sip: addresses
// in a name or a label: some systems name people by them whom they do not know. What
// else has digits stays, such as an order's.
func MaskName(name string) string { return maskIn(name, international) }

// MaskSpeaker is MaskName, and masks every number of seven digits or more, but in the
// user of an e-mail address: who speaks is often known by nothing but a number, with or without its country code.
func MaskSpeaker(name string) string { return maskIn(name, parties) }

// maskIn masks what is found of the name, and gives a name without any as it is.
func maskIn(name string, found *regexp.Regexp) string {
	whole := textOf(visible(cellsOf(name)))
	masked := found.ReplaceAllStringFunc(whole, maskParty)
	if masked == whole {
		return name
	}
	return masked
}

// maskParty masks a number or an address. An e-mail address stays.
func maskParty(party string) string {
	scheme, rest, _ := strings.Cut(party, ":")
	user, host, hasHost := strings.Cut(party, "@")
	switch strings.ToLower(scheme) {
	case "tel":
		return Mask(strings.TrimSpace(rest))
	case "sip", "sips":
		if !hasHost {
			return strings.ToLower(scheme) + ":" + hidden
		}
	default:
		if hasHost && strings.IndexFunc(user, unicode.IsLetter) >= 0 {
			return user + "@" + maskHost(host)
		}
	}
	return Mask(party)
}

// maskHost hides the numbers in a host that is no address of a machine.
func maskHost(host string) string {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return host
	}
	if _, err := netip.ParseAddrPort(host); err == nil {
		return host
	}
	return hostNumber.ReplaceAllStringFunc(host, func(number string) string {
		if countDigits(number) < maskFrom {
			return number
		}
		return hidden
	})
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
