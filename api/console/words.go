package console

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trackerbell/trackerbell/events"
	"github.com/trackerbell/trackerbell/notify"
)

// words are the functions of the templates.
func words(f files) template.FuncMap {
	return template.FuncMap{
		"file": f.path, "path": recordingPath, "clock": notify.Clock, "duration": notify.Duration,
		"moment": moment, "stamp": stamp, "count": count, "progress": progress, "join": strings.Join,
		"stageWords": stageWords, "percent": percent, "link": newLink, "show": show, "took": span,
	}
}

// link is one of the navigation.
type link struct {
	Path, Name string
	Here       bool
}

func newLink(f interface{ section() string }, path, name string) link {
	return link{path, name, f.section() == path}
}

// show drops from foreign text what is invisible or reorders it: control and
// format characters, among them bidirectional overrides. Emoji and some scripts
// need the joiners.
func show(text string) string {
	return strings.Map(func(r rune) rune {
		const joiner, nonJoiner = '\u200d', '\u200c'
		if unicode.IsGraphic(r) && r != unicode.ReplacementChar || r == joiner || r == nonJoiner || r == '\n' {
			return r
		}
		return -1
	}, text)
}

// asSentence makes a sentence of an error's text.
func asSentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// moment is a time for people; the page's script turns it into their own zone.
func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2 Jan 2006 15:04:05 UTC")
}

// stamp is a time for machines.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// age is how long ago a time is, in one unit.
func age(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "–"
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

// span is how long something took.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// count is a number with its noun: 1 call, 2 calls.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// percent is a score from 0 to 1.
func percent(score float64) string { return fmt.Sprintf("%.0f %%", 100*score) }

// progress is how many of the four stages a recording has reached.
func progress(stage events.Stage) int {
	switch stage {
	case events.StageReady:
		return 1
	case events.StageSubmitted:
		return 2
	case events.StageProcessed:
		return 3
	}
	return 4
}

// stageWords says what a stage means to somebody who does not know the stages.
func stageWords(stage events.Stage) string {
	switch stage {
	case events.StageReady:
		return "received"
	case events.StageSubmitted:
		return "being analysed"
	case events.StageProcessed:
		return "being alerted"
	case events.StageDone:
		return "done"
	case events.StageDead:
		return "failed"
	}
	return string(stage)
}
