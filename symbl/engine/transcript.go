package engine

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/trackerbell/trackerbell/symbl"
)

const (
	typeMarkdown = "text/markdown"
	typeSRT      = "text/srt"

	paragraphBreak = "<br/><br/>" // as Symbl's Markdown has it
)

// transcriptForm is what a transcript shall look like (docs.symbl.ai, POST
// Formatted Transcript).
type transcriptForm struct {
	contentType string
	paragraphs  bool
	speakers    bool
}

func readTranscriptForm(body []byte) (transcriptForm, error) {
	f, err := parseForm(body)
	if err != nil {
		return transcriptForm{}, err
	}
	form := transcriptForm{
		contentType: f.required("contentType"),
		paragraphs:  f.flag("createParagraphs", false),
		speakers:    f.flag("showSpeakerSeparation", false),
	}
	if form.contentType != typeMarkdown && form.contentType != typeSRT {
		f.invalid("contentType", "must be "+typeMarkdown+" or "+typeSRT)
	}
	if phrases := f.object("phrases"); phrases != nil { // the engine detects no key phrases
		phrases.flag("highlightOnlyInsightKeyPhrases", false)
		phrases.flag("highlightAllKeyPhrases", false)
		f.fail(phrases.done())
	}
	return form, f.done()
}

// postTranscript is POST /v1/conversations/{id}/transcript.
func (e *Engine) postTranscript(w http.ResponseWriter, r *http.Request) error {
	c, err := e.findConversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	body, err := readBody(w, r, maxTokenBody)
	if err != nil {
		return err
	}
	form, err := readTranscriptForm(body)
	if err != nil {
		return err
	}
	type transcript struct {
		Payload     string `json:"payload"`
		ContentType string `json:"contentType"`
	}
	respond(w, http.StatusOK, struct {
		Transcript transcript `json:"transcript"`
	}{transcript{form.render(c.messages(), c.begin()), form.contentType}})
	return nil
}

func (f transcriptForm) render(messages []symbl.Message, start time.Time) string {
	if f.contentType == typeSRT {
		return f.srt(messages, start)
	}
	return f.markdown(messages)
}

// line is a message in one line, after its speaker if that is wanted and
// known.
func (f transcriptForm) line(m symbl.Message) string {
	text := strings.Join(strings.Fields(m.Text), " ")
	if f.speakers && m.From.Name != "" {
		return m.From.Name + ": " + text
	}
	return text
}

// markdown has no tags but its own: what was said is shown as it is.
func (f transcriptForm) markdown(messages []symbl.Message) string {
	between := " "
	if f.paragraphs || f.speakers {
		between = paragraphBreak
	}
	tags := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	lines := make([]string, len(messages))
	for i, m := range messages {
		lines[i] = tags.Replace(f.line(m))
	}
	return strings.Join(lines, between)
}

// srt counts time from the start of the conversation.
func (f transcriptForm) srt(messages []symbl.Message, start time.Time) string {
	blocks := make([]string, len(messages))
	for i, m := range messages {
		blocks[i] = fmt.Sprintf("%d\n%s --> %s\n%s\n", i+1, srtTime(m.StartTime.Sub(start)), srtTime(m.EndTime.Sub(start)), f.line(m))
	}
	return strings.Join(blocks, "\n")
}

func srtTime(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d,%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
