package engine

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

const defaultLanguage = "en-US"

// parameters are what a submission asks for, whether it is text, audio or
// video, a POST or a PUT (docs.symbl.ai, Async API; symbl-go-sdk). They are
// kept with the job's input.
type parameters struct {
	Name             string          `json:"name,omitempty"`
	WebhookURL       string          `json:"webhookUrl,omitempty"`
	ConversationType string          `json:"conversationType,omitempty"`
	Language         string          `json:"language,omitempty"` // BCP-47; empty: not given
	Start            time.Time       `json:"start,omitzero"`     // of what came without times of its own; zero: not given
	Metadata         json.RawMessage `json:"metadata,omitempty"` // an object

	AllTrackers bool            `json:"allTrackers"`        // every tracker of the account
	Trackers    []symbl.Tracker `json:"trackers,omitempty"` // these instead; without a vocabulary: by id

	ConfidenceThreshold float64 `json:"confidenceThreshold"` // 0 to 1, of insights

	// What transcribers are told of a recording.
	CustomVocabulary []string  `json:"customVocabulary,omitempty"`
	Mode             string    `json:"mode,omitempty"`             // phone, default or empty
	SeparateChannels bool      `json:"separateChannels,omitempty"` // one speaker for each channel; not if Diarize
	Channels         []channel `json:"channels,omitempty"`
	Diarize          bool      `json:"diarize,omitempty"`  // tell speakers apart by their voices
	Speakers         int       `json:"speakers,omitempty"` // how many there are; 0: not given
}

// channel is who speaks on a channel of a recording.
type channel struct {
	Channel int          `json:"channel"` // from 1
	Speaker symbl.Person `json:"speaker"`
}

const (
	defaultConfidence = 0.5
	maxSpeakers       = 1000
)

// queryForm is the form of a request whose parameters are all in its query, as
// the file APIs have them.
func queryForm(query url.Values) *form {
	f := newForm("", []byte("{}"))
	f.merge(query)
	return f
}

// readParameters reads the parameters of a form. Its caller reads what is
// special to its endpoint, and then calls done, which refuses the rest. An
// explicit list of trackers wins over enableAllTrackers; with neither, all
// apply, as in generation 2.
func readParameters(f *form, callbacks bool) parameters {
	p := parameters{
		Name:                f.text("name"),
		WebhookURL:          f.callbackURL("webhookUrl", callbacks),
		Language:            f.text("languageCode"),
		Start:               f.lasting("startTime"),
		Trackers:            readChosenTrackers(f),
		ConfidenceThreshold: f.number("confidenceThreshold", defaultConfidence, 0, 1),
		CustomVocabulary:    f.texts("customVocabulary"),
		Mode:                f.text("mode"),
		SeparateChannels:    f.flag("enableSeparateRecognitionPerChannel", false),
		Channels:            readChannels(f),
		Diarize:             f.flag("enableSpeakerDiarization", false),
		Speakers:            f.integer("diarizationSpeakerCount", 0, 0, maxSpeakers),
	}
	if p.Language != "" && !isLanguage(p.Language) {
		f.invalid("languageCode", "must be a language such as en-US")
	}
	if p.Mode != "" && !slices.Contains([]string{"phone", "default"}, p.Mode) {
		f.invalid("mode", "must be phone or default")
	}
	if kinds := f.textOrTexts("conversationType"); len(kinds) > 0 {
		p.ConversationType = kinds[0]
	}
	p.AllTrackers = f.flag("enableAllTrackers", true) && len(p.Trackers) == 0
	if f.object("metadata") != nil {
		p.Metadata = f.fields["metadata"]
	}
	tolerate(f)
	return p
}

// tolerate checks the parameters that Symbl documents and the engine has no
// use for.
func tolerate(f *form) {
	for _, name := range []string{"detectPhrases", "detectEntities", "enableSummary", "sentiment", "parentRefs"} {
		f.flag(name, false)
	}
	f.number("timezoneOffset", 0, -24*60, 24*60)
	f.list("entities")
	f.object("features")
}

// readChannels reads channelMetadata.
func readChannels(f *form) []channel {
	var channels []channel
	for i, data := range f.list("channelMetadata") {
		c := newForm(fmt.Sprintf("%schannelMetadata[%d].", f.path, i), data)
		read := channel{Channel: c.integer("channel", 0, 1, maxChannel)}
		switch {
		case !c.has("channel"):
			c.invalid("channel", "is required")
		case slices.ContainsFunc(channels, func(other channel) bool { return other.Channel == read.Channel }):
			c.invalid("channel", "is there twice")
		}
		if speaker := c.object("speaker"); speaker != nil {
			read.Speaker = readPerson(speaker)
			c.fail(speaker.done())
		}
		if err := c.done(); err != nil {
			f.fail(err)
			return nil
		}
		channels = append(channels, read)
	}
	return channels
}

const maxChannel = 64

func readPerson(f *form) symbl.Person {
	return symbl.Person{ID: f.text("id"), Name: f.text("name"), Email: f.text("email"), UserID: f.text("userId")}
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
// inline trackers with a name and a vocabulary, which are not saved. An inline
// tracker may have an id, as one that was got from the account has: it is found
// under that. What is there twice counts once.
func readChosenTrackers(f *form) []symbl.Tracker {
	var chosen []symbl.Tracker
	for i, data := range f.list("trackers") {
		path := fmt.Sprintf("trackers[%d].", i)
		t, err := readChosen(path, newForm(path, data))
		if err != nil {
			f.fail(err)
			return nil
		}
		at := -1
		if t.ID != "" {
			at = slices.IndexFunc(chosen, func(c symbl.Tracker) bool { return c.ID == t.ID })
		}
		switch {
		case at < 0:
			chosen = append(chosen, t)
		case !reflect.DeepEqual(chosen[at], t):
			f.invalid(path+"id", "is that of another tracker in the list")
			return nil
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
	t.ID = id
	return t, checkTracker(path, t)
}
