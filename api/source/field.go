package source

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// The limits of a payload. What is longer is cut, except where a cut would
// change the meaning: ids and URLs are refused.
const (
	maxIDBytes      = 1024
	maxURLBytes     = 8 << 10
	maxNameBytes    = 256 // names, numbers, values of labels
	maxLabels       = 32
	maxLabelBytes   = 64 // names of labels
	maxUtterances   = 100_000
	maxSeconds      = 10_000_000 // 115 days
	contentTypeForm = "application/x-www-form-urlencoded"
	contentTypeJSON = "application/json"
)

func unusable(field, reason string) *PayloadError {
	return &PayloadError{Status: http.StatusUnprocessableEntity, Field: field, Reason: reason}
}

func unparsable(reason string) *PayloadError {
	return &PayloadError{Status: http.StatusBadRequest, Reason: reason}
}

func unsupported(wanted string) *PayloadError {
	return &PayloadError{Status: http.StatusUnsupportedMediaType, Reason: "the content type must be " + wanted}
}

// contentType is the media type of a request in lower case, without
// parameters; empty where there is none or it is malformed.
func contentType(h http.Header) string {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return mediaType
}

// checkID keeps an id as it stands, since its bytes are what makes a recording
// the same one. Damaged text is refused: decoding would merge different ids.
func checkID(field, id string) error {
	switch {
	case id == "":
		return unusable(field, "is required")
	case len(id) > maxIDBytes:
		return unusable(field, "is longer than 1024 bytes")
	case strings.ContainsRune(id, utf8.RuneError):
		return unusable(field, "is not valid UTF-8")
	}
	return nil
}

// checkMediaURL accepts what the download client can fetch.
func checkMediaURL(field, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return unusable(field, "is required")
	case len(raw) > maxURLBytes:
		return unusable(field, "is longer than 8 KiB")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return unusable(field, "must be an absolute http or https URL")
	case u.User != nil:
		return unusable(field, "must not hold a user name or password")
	}
	return nil
}

// clean makes a stranger's text one line of valid UTF-8 without control
// characters. Each of them becomes one space, so offsets do not move.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// short is clean text of at most limit bytes, without space around it.
func short(s string, limit int) string {
	s = strings.TrimSpace(clean(s))
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimSpace(s[:limit])
}

// phone gives a number in E.164 where it is written internationally; short
// numbers, client ids and sip: addresses stand as they are. An address that is
// too long loses of its user's name: by its host it is known for an address,
// which is masked where it is shown.
func phone(s string) string {
	if at := strings.LastIndexByte(s, '@'); at >= 0 && len(s) > maxNameBytes {
		host := short(s[at:], maxNameBytes/2)
		s = short(s[:at], maxNameBytes-len(host)) + host
	}
	s = short(s, maxNameBytes)
	if !strings.HasPrefix(s, "+") {
		return s
	}
	number, err := phonenumbers.Parse(s, "")
	if err != nil || !phonenumbers.IsPossibleNumber(number) || number.GetExtension() != "" {
		return s
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// QueryLabels gives the labels that the callback URL carries: for each name
// the first value of that query parameter, where it has one.
func QueryLabels(names []string, u *url.URL) map[string]string {
	if len(names) == 0 {
		return nil
	}
	query := u.Query()
	labels := make(map[string]string, len(names))
	for _, name := range names {
		if value := short(query.Get(name), maxNameBytes); value != "" {
			labels[name] = value
		}
	}
	return labels
}
