package engine

import (
	"fmt"
	"net/url"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

// maxContent is the size of one message in bytes. Each phrase that is found in a
// message keeps a copy of its text.
const maxContent = 256 << 10

// submission is what a client wants processed: text or media, not both.
type submission struct {
	parameters

	utterances []utterance
	media      *media
}

// utterance is something that was said; the times are zero where none were
// given.
type utterance struct {
	text       string
	from       symbl.Person
	start, end time.Time
}

// readText reads the body of the Async Text API; its parameters may also be in
// the query, as the file APIs have them (docs.symbl.ai, Async API).
func readText(body []byte, query url.Values, callbacks bool) (submission, error) {
	f, err := parseForm(body)
	if err != nil {
		return submission{}, err
	}
	f.merge(query)
	s := submission{parameters: readParameters(f, callbacks)}
	messages := f.list("messages")
	if len(messages) == 0 {
		f.invalid("messages", "is required and must not be empty")
	}
	for i, data := range messages {
		u, err := readUtterance(newForm(fmt.Sprintf("messages[%d].", i), data))
		if err != nil {
			f.fail(err)
			break
		}
		s.utterances = append(s.utterances, u)
	}
	return s, f.done()
}

// readUtterance reads one of the messages.
func readUtterance(f *form) (utterance, error) {
	var u utterance
	if p := f.object("payload"); p == nil {
		f.invalid("payload.content", "is required")
	} else {
		if u.text = p.required("content"); len(u.text) > maxContent {
			p.invalid("content", fmt.Sprintf("must be at most %d bytes long", maxContent))
		}
		p.text("contentType")
		f.fail(p.done())
	}
	if p := f.object("from"); p != nil {
		u.from = readPerson(p)
		f.fail(p.done())
	}
	if p := f.object("duration"); p != nil {
		u.start, u.end = p.lasting("startTime"), p.lasting("endTime")
		switch {
		case u.start.IsZero() && !u.end.IsZero():
			p.invalid("startTime", "is required")
		case !u.end.IsZero() && u.end.Before(u.start):
			p.invalid("endTime", "must not be before startTime")
		}
		f.fail(p.done())
	}
	return u, f.done()
}
