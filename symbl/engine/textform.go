package engine

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

const defaultLanguage = "en-US"

// submission is what a client wants processed.
type submission struct {
	name       string
	webhookURL string
	kind       string // conversationType
	language   string // empty: not given
	metadata   json.RawMessage
	all        bool            // every tracker of the account
	trackers   []symbl.Tracker // these instead; without a vocabulary: by id
	utterances []utterance
	start      time.Time // of the first utterance that has no time of its own
}

// utterance is a submitted message; the times are zero where none were given.
type utterance struct {
	text       string
	from       symbl.Person
	start, end time.Time
}

// readText reads the parameters of the Async Text API, from the body or, as
// the file APIs have them, from the query (docs.symbl.ai, Async API).
func readText(body []byte, query url.Values, callbacks bool) (submission, error) {
	f, err := parseForm(body)
	if err != nil {
		return submission{}, err
	}
	f.merge(query)
	s := readParameters(f, callbacks)
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

// readParameters reads what text, audio and video have in common. An explicit
// list of trackers wins over enableAllTrackers; with neither, all apply, as in
// generation 2.
func readParameters(f *form, callbacks bool) submission {
	s := submission{
		name:       f.text("name"),
		webhookURL: f.callbackURL("webhookUrl", callbacks),
		language:   f.text("languageCode"),
		start:      f.instant("startTime"),
		trackers:   readChosenTrackers(f),
	}
	if s.language != "" && !isLanguage(s.language) {
		f.invalid("languageCode", "must be a language such as en-US")
	}
	if kinds := f.textOrTexts("conversationType"); len(kinds) > 0 {
		s.kind = kinds[0]
	}
	s.all = f.flag("enableAllTrackers", true) && len(s.trackers) == 0
	if f.object("metadata") != nil {
		s.metadata = f.fields["metadata"]
	}
	f.object("features")
	tolerate(f)
	return s
}

// tolerate checks the parameters that Symbl documents and the engine has no
// use for.
func tolerate(f *form) {
	f.number("confidenceThreshold", 0, 1)
	f.number("timezoneOffset", -24*60, 24*60)
	f.number("diarizationSpeakerCount", 0, 1000)
	for _, name := range []string{"detectPhrases", "detectEntities", "enableSummary", "sentiment", "parentRefs",
		"enableSpeakerDiarization", "enableSeparateRecognitionPerChannel"} {
		f.flag(name, false)
	}
	f.list("entities")
	f.list("channelMetadata")
	f.texts("customVocabulary")
	if mode := f.text("mode"); mode != "" && !slices.Contains([]string{"phone", "default"}, mode) {
		f.invalid("mode", "must be phone or default")
	}
}

// callbackURL is an absolute http or https address.
func (f *form) callbackURL(name string, allowed bool) string {
	text := f.text(name)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		f.invalid(name, "must be an http or https address")
	case !allowed:
		f.invalid(name, "is not allowed: callbacks are off in this engine")
	}
	return text
}

// readChosenTrackers reads the parameter trackers: references by id, and
// inline trackers with a name and a vocabulary, which are not saved.
func readChosenTrackers(f *form) []symbl.Tracker {
	var chosen []symbl.Tracker
	for i, data := range f.list("trackers") {
		path := fmt.Sprintf("trackers[%d].", i)
		t, err := readChosen(path, newForm(path, data))
		if err != nil {
			f.fail(err)
			return nil
		}
		if t.ID == "" || !slices.ContainsFunc(chosen, func(c symbl.Tracker) bool { return c.ID == t.ID }) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

func readChosen(path string, f *form) (symbl.Tracker, error) {
	id := f.text("id")
	var t symbl.Tracker
	readTracker(f, &t)
	if err := f.done(); err != nil {
		return t, err
	}
	if id != "" && len(t.Vocabulary) == 0 {
		return symbl.Tracker{ID: id}, nil
	}
	return t, checkTracker(path, t)
}

// readUtterance reads one of the messages.
func readUtterance(f *form) (utterance, error) {
	var u utterance
	if p := f.object("payload"); p == nil {
		f.invalid("payload.content", "is required")
	} else {
		u.text = p.required("content")
		p.text("contentType")
		f.fail(p.done())
	}
	if p := f.object("from"); p != nil {
		u.from = symbl.Person{ID: p.text("id"), Name: p.text("name"), Email: p.text("email"), UserID: p.text("userId")}
		f.fail(p.done())
	}
	if p := f.object("duration"); p != nil {
		u.start, u.end = p.instant("startTime"), p.instant("endTime")
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
