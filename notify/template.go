package notify

import (
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/trackerbell/trackerbell/config"
)

// maxTemplateOutput stops a template that would fill the memory, in bytes.
const maxTemplateOutput = 32 << 10

// TemplateData is what the templates of a route see. Every text in it is one
// clean line, escaped for Slack and without characters that format text, so
// that a template may use Slack's markup and nothing foreign can. What is
// unknown is empty.
type TemplateData struct {
	Title        string // the built-in one: "Promotion Mention and Goodbye"
	Severity     string // info | warning | critical
	Recording    string // the key
	Source       string
	Direction    string // inbound | outbound
	From         string // masked as the source says
	To           string
	Agent        string
	Duration     string            // "4 min 07 s"
	Started      string            // in the time zone of the reader (Slack's date markup)
	Labels       map[string]string // names as they are, values escaped
	RecordingURL string
	ConsoleURL   string
	Trackers     []TemplateTracker
}

// TemplateTracker is one tracker of an alert.
type TemplateTracker struct {
	Name     string
	Mentions int    // sentences
	Absent   string // where it was looked for and not found; empty when it was said
	Quotes   []TemplateQuote
}

// TemplateQuote is one sentence.
type TemplateQuote struct {
	Text    string // at most 300 characters
	Marked  string // Text with the matched words in bold
	Speaker string
	Role    string // agent | customer
	At      string // m:ss in the call
	Why     string // "matched “sale”" or "similar to “…”"
}

// rendered is what the templates of a route made; empty parts are to be the
// built-in ones.
type rendered struct {
	title, body string
	fields      []string
}

// checkTemplate tries the templates on SampleAlert. The key of a problem is
// relative to the template: fields[0].value.
func checkTemplate(t config.Template) (problems []*KeyError) {
	data := newTemplateData(SampleAlert(), RenderOptions{ConsoleURL: "https://trackerbell.example"})
	for _, part := range templateParts(t) {
		if _, err := part.run(data); err != nil && !part.leavesOut(err) {
			problems = append(problems, &KeyError{part.key, err.Error()})
		}
	}
	return problems
}

// templatePart is one text of a template and its key.
type templatePart struct {
	key, text string
	field     bool
}

func templateParts(t config.Template) []templatePart {
	list := []templatePart{{"title", t.Title, false}, {"body", t.Body, false}}
	for i, f := range t.Fields {
		list = append(list, templatePart{fmt.Sprintf("fields[%d].value", i), f.Value, true})
	}
	return list
}

var errNoText = errors.New("gives no text")

// run parses and executes the part; one without a text gives nothing.
func (p templatePart) run(data TemplateData) (string, error) {
	if p.text == "" {
		return "", nil
	}
	parsed, err := template.New(p.key).Option("missingkey=zero").Parse(p.text)
	if err != nil {
		return "", errors.New("does not parse: " + templateCause(err))
	}
	var out limitedBuilder
	if err := parsed.Execute(&out, data); err != nil {
		return "", errors.New("does not work: " + templateCause(err))
	}
	text := strings.TrimSpace(out.String())
	if text == "" {
		return "", errNoText
	}
	return text, nil
}

// leavesOut tells whether the message does without the part: a field without a
// text, since not every call has each label or number.
func (p templatePart) leavesOut(err error) bool { return p.field && errors.Is(err, errNoText) }

// templateCause takes off the error what says that it is of a template.
func templateCause(err error) string { return strings.TrimPrefix(err.Error(), "template: ") }

// limitedBuilder fails instead of growing without end.
type limitedBuilder struct{ strings.Builder }

func (b *limitedBuilder) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxTemplateOutput {
		return 0, errors.New("the text becomes too long")
	}
	return b.Builder.Write(p)
}

// runTemplate gives what the templates of an alert make of it. An error means
// that the built-in message is to be used; it never keeps an alert back.
func runTemplate(a Alert, opt RenderOptions) (r rendered, err error) {
	if a.Style.Template.IsZero() {
		return rendered{}, nil
	}
	data := newTemplateData(a, opt)
	var texts []string
	for _, part := range templateParts(a.Style.Template) {
		text, err := part.run(data)
		if err != nil && !part.leavesOut(err) {
			return rendered{}, fmt.Errorf("%s: %w", part.key, err)
		}
		texts = append(texts, text)
	}
	r = rendered{title: strings.Join(strings.Fields(texts[0]), " "), body: texts[1]}
	for i, value := range texts[2:] {
		if value != "" {
			r.fields = append(r.fields, "*"+foreign(a.Style.Template.Fields[i].Name, maxName)+"*\n"+value)
		}
	}
	return r, nil
}

func newTemplateData(a Alert, opt RenderOptions) TemplateData {
	v := newView(a)
	d := TemplateData{
		Title: foreign(v.title, maxHeader), Severity: a.Style.Severity, Recording: foreign(a.Recording, maxKey),
		Source: foreign(a.Call.Source, maxName), Direction: foreign(a.Call.Direction, maxName),
		From: foreign(a.number(a.Call.From), maxName), To: foreign(a.number(a.Call.To), maxName),
		Agent: foreign(a.name(a.Call.Agent, maxName), maxName), Duration: duration(a.Call.Seconds), Started: dateMarkup(a.Call, v.when),
		Labels: map[string]string{}, RecordingURL: safeLink(a.Link), ConsoleURL: consoleLink(opt.ConsoleURL, a.Recording),
	}
	for name, value := range a.Call.Labels {
		d.Labels[name] = foreign(a.name(value, maxQuoteLength), maxQuoteLength)
	}
	for _, t := range v.trackers {
		tt := TemplateTracker{Name: foreign(t.name, maxTrackerName), Mentions: t.mentions, Absent: foreign(t.absent, maxName)}
		for _, q := range t.quotes {
			tt.Quotes = append(tt.Quotes, newTemplateQuote(q))
		}
		d.Trackers = append(d.Trackers, tt)
	}
	return d
}

func newTemplateQuote(q quoteView) TemplateQuote {
	tq := TemplateQuote{
		Text: foreign(textOf(q.cells), maxQuoteLength), Speaker: foreign(q.who, maxName), Role: foreign(q.role, maxName), At: q.at, Why: foreign(q.why(), maxQuoteLength),
	}
	for _, s := range spansOf(q.cells) {
		text := escape(flat(s.text))
		if s.bold {
			text = "*" + text + "*"
		}
		tq.Marked += text
	}
	return tq
}

// foreign is foreign text for a place where Slack reads markup.
func foreign(s string, limit int) string { return escape(flat(clean(s, limit))) }

// flat replaces the characters that format text by others that look alike.
func flat(s string) string {
	return strings.NewReplacer("*", "∗", "_", "\u02cd", "~", "∼", "`", "ˋ").Replace(s)
}
