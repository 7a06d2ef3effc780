package notify

import (
	"slices"
	"strings"
)

// maxNotice is how much of a quote stands in a notification, in characters.
const maxNotice = 120

// fallback is the alert without any formatting. Its first line is what a phone
// shows; the rest is for screen readers, which read nothing of the blocks.
func (v view) fallback(a Alert) string {
	notice, complete := v.notice(a)
	about := slices.Concat(v.summary, present(v.when), v.rest)
	lines := present(notice, strings.Join(about, ", "))
	for _, t := range v.trackers {
		if complete {
			break
		}
		if t.absent != "" {
			lines = append(lines, t.name+": "+t.missing())
			continue
		}
		lines = append(lines, strings.Join(present(t.name, t.count()), ", ")+":")
		for _, q := range t.quotes {
			lines = append(lines, q.line())
		}
		lines = append(lines, present(t.more())...)
	}
	return strings.Join(lines, "\n")
}

// notice is the alert in one line: what was mentioned, by whom, in which call.
// complete tells that there is no more to quote.
func (v view) notice(a Alert) (line string, complete bool) {
	line, complete = v.title, len(v.trackers) <= 1
	for _, t := range v.trackers {
		if t.absent != "" {
			line += ": " + t.missing()
			break
		}
		if len(t.quotes) == 0 {
			continue
		}
		q := t.quotes[0]
		complete = complete && t.mentions == 1 && len(q.cells) <= maxNotice
		q.cells = window(q.cells, maxNotice)
		line += ": " + q.line()
		break
	}
	if other := a.other(); other != "" {
		line += ", " + other
	}
	return line, complete
}

// line is "the sentence" — speaker m:ss.
func (q quoteView) line() string {
	line := `"` + textOf(q.cells) + `"`
	if by := strings.Join(present(q.who, q.at), " "); by != "" {
		line += " — " + by
	}
	return line
}
