package notify_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/notify"
)

// ours is the only markup that a message may hold.
var ours = regexp.MustCompile(`^<(!date\^\d+\^\{date_short_pretty\} \{time\}|https?://[^<>|\s]+)\|[^<>|&]+>$`)

// opinion is a line that says what somebody thought of an alert.
var opinion = regexp.MustCompile(`^(👍 Useful|👎 False alarm)( · [^<>*~` + "`" + `]*)?( · <!date[^<>]+>)?$`)

// requireHarmless checks what must hold for every alert whatsoever: Slack
// takes its message, nothing foreign in it is markup, and no control character
// gets through to Slack or a terminal.
func requireHarmless(t *testing.T, a notify.Alert) {
	t.Helper()
	for _, opt := range []notify.RenderOptions{{ConsoleURL: "https://bell.example"}, {ConsoleURL: "https://bell.example", Buttons: true}} {
		for a.Part = range notify.Parts(a) {
			m := notify.Render(a, opt)
			require.Equal(t, m, notify.Render(a, opt), "rendering is pure")
			requireHarmlessMessage(t, m)
		}
	}
	a.Part = 0
	requireVisible(t, notify.Text(a, false))
	bold := strings.NewReplacer("\x1b[1m", "", "\x1b[22m", "").Replace(notify.Text(a, true))
	require.Equal(t, notify.Text(a, false), bold, "bold adds bold and nothing else")
}

func requireHarmlessMessage(t *testing.T, m notify.Message) {
	t.Helper()
	requireAcceptable(t, m)
	requireVisible(t, m.Text)
	requireEscaped(t, m.Text)
	for _, b := range slices.Concat(m.Blocks, m.Barred) {
		switch b := b.(type) {
		case *slack.HeaderBlock:
			requireTextObject(t, b.Text)
		case *slack.SectionBlock:
			require.Equal(t, "<!subteam^S0123456789>", b.Text.Text, "a mention is the only section")
		case *slack.ActionBlock:
			requireButtons(t, b)
		case *slack.ContextBlock:
			if b.BlockID == "trackerbell_feedback" {
				requireOpinions(t, b)
				continue
			}
			for _, e := range b.ContextElements.Elements {
				text, ok := e.(*slack.TextBlockObject)
				require.True(t, ok)
				requireTextObject(t, text)
			}
		case *slack.RichTextBlock:
			requireRichText(t, b)
		default:
			require.Fail(t, "a block that nobody expects", "%T", b)
		}
	}
}

// requireButtons takes links to the web only, and values of which Slack tells.
func requireButtons(t *testing.T, b *slack.ActionBlock) {
	t.Helper()
	for _, e := range b.Elements.ElementSet {
		button, ok := e.(*slack.ButtonBlockElement)
		require.True(t, ok)
		if button.URL != "" {
			require.Regexp(t, `^https?://[^/]`, button.URL)
		}
	}
}

func requireOpinions(t *testing.T, b *slack.ContextBlock) {
	t.Helper()
	text, ok := b.ContextElements.Elements[0].(*slack.TextBlockObject)
	require.True(t, ok)
	for line := range strings.SplitSeq(text.Text, "\n") {
		require.Regexp(t, opinion, line)
	}
}

func requireTextObject(t *testing.T, text *slack.TextBlockObject) {
	t.Helper()
	requireVisible(t, text.Text)
	if text.Type == slack.MarkdownType {
		require.Regexp(t, ours, text.Text)
		return
	}
	require.Equal(t, slack.PlainTextType, text.Type)
	require.NotNil(t, text.Emoji)
	require.False(t, *text.Emoji)
	requireEscaped(t, text.Text)
}

// requireRichText takes nothing but text, and in lists dates and links to the
// console: no mentions or emoji.
func requireRichText(t *testing.T, block *slack.RichTextBlock) {
	t.Helper()
	for _, e := range block.Elements {
		var parts []slack.RichTextSectionElement
		if list, ok := e.(*slack.RichTextList); ok {
			requireList(t, list)
			continue
		}
		switch e := e.(type) {
		case *slack.RichTextSection:
			parts = e.Elements
		case *slack.RichTextQuote:
			parts = e.Elements
		default:
			require.Fail(t, "an element that nobody expects", "%T", e)
		}
		for _, p := range parts {
			text, ok := p.(*slack.RichTextSectionTextElement)
			require.True(t, ok)
			requireVisible(t, strings.ReplaceAll(text.Text, "\u2060", ""))
			require.NotRegexp(t, `<[!@#]`, text.Text)
		}
	}
}

func requireList(t *testing.T, list *slack.RichTextList) {
	t.Helper()
	for _, e := range list.Elements {
		line, ok := e.(*slack.RichTextSection)
		require.True(t, ok)
		texts := slices.DeleteFunc(slices.Clone(line.Elements), func(p slack.RichTextSectionElement) bool {
			link, ok := p.(*slack.RichTextSectionLinkElement)
			if ok {
				require.Regexp(t, `^https://bell\.example/recordings/[!-~]+$`, link.URL)
			}
			_, date := p.(*slack.RichTextSectionDateElement)
			return ok || date
		})
		requireRichText(t, &slack.RichTextBlock{Elements: []slack.RichTextElement{&slack.RichTextSection{Elements: texts}}})
	}
}

func requireVisible(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r != '\n' && r != '\u200c' && r != '\u200d' && r != '\u200e' && !unicode.IsGraphic(r) {
			require.Fail(t, "an invisible character", "%U in %q", r, s)
		}
	}
}

var entity = regexp.MustCompile(`&(amp|lt|gt);`)

func requireEscaped(t *testing.T, s string) {
	t.Helper()
	require.NotContains(t, entity.ReplaceAllString(s, ""), "&", "%q", s)
	require.NotContains(t, s, "<")
	require.NotContains(t, s, ">")
}

// snippets are what foreign text is made of here.
func snippets() []string {
	return []string{
		"<!channel>", "<@U1>", "<#C1>", "<https://x.example|y>", "@here", "&", "&lt;", "<", ">", "|", "*", "_", "~", "`", "```",
		"\n", "\r", "\t", "\x00", "\x1b[31m", "\u202e", "\u2066", "\u200b", "\ufeff", "\xff", "\u0301\u0302\u0303\u0304\u0305\u0306",
		":tada:", "🔔", "👨‍👩‍👧", "sale", "right now", "run", "a", " ", "日本語", "العربية", strings.Repeat("x", 200), strings.Repeat("<", 400),
		"<!date^1^{date}|x>", "+14155550137", "\u2028", "\U000e0041", "\ue000",
	}
}

func nastyText(r *rand.Rand) string {
	list := snippets()
	var b strings.Builder
	for range r.IntN(30) {
		b.WriteString(list[r.IntN(len(list))])
	}
	return b.String()
}

func nastyAlert(r *rand.Rand) notify.Alert {
	text := func() string { return nastyText(r) }
	a := notify.Alert{ID: text(), Recording: text(), Destination: text(), Call: notify.Call{
		Source: text(), Direction: text(), From: text(), To: text(), Agent: text(),
		StartedAt: time.Unix(r.Int64N(1<<33)-1<<32, 0), Seconds: r.NormFloat64() * 1e4,
	}}
	if r.IntN(2) == 0 {
		a.Style = notify.Style{Severity: "critical", Color: "#d72b3f", Mentions: []string{"S0123456789"}}
		a.Note, a.Link, a.ShowNumbers = text(), "https://"+text(), true
		a.Feedback = []notify.Feedback{{User: text(), Name: text(), At: time.Unix(r.Int64N(1<<33), 0)}}
	}
	for range r.IntN(12) {
		tracker := notify.Tracker{Name: text(), More: r.IntN(3)}
		if r.IntN(4) == 0 {
			tracker.Absent = text()
		}
		for range r.IntN(6) {
			tracker.Quotes = append(tracker.Quotes, notify.Quote{
				Text: text(), Speaker: text(), Role: text(), At: r.NormFloat64() * 1e4, Phrase: text(),
				Offset: r.IntN(100) - 20, Words: []string{text(), "sale", "a", "run"},
			})
		}
		a.Trackers = append(a.Trackers, tracker)
	}
	return a
}

func TestNoAlertBreaksALimitOrInjectsMarkup(t *testing.T) {
	for seed := range uint64(120) {
		requireHarmless(t, nastyAlert(rand.New(rand.NewPCG(seed, 1))))
	}
}

func FuzzRender(f *testing.F) {
	for i, s := range snippets() {
		f.Add(s, "Anna", "Promotion Mention", "sale", i-3, "sale run", float64(i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text, speaker, name, phrase string, offset int, words string, at float64, n uint8) {
		quote := notify.Quote{Text: text, Speaker: speaker, At: at, Phrase: phrase, Offset: offset, Words: strings.Fields(words)}
		a := notify.Alert{ID: name, Recording: name, Destination: speaker, Call: notify.Call{
			Source: phrase, Direction: words, From: text, To: phrase, Agent: speaker, Seconds: at, StartedAt: time.Unix(int64(offset), 0),
		}}
		for i := range n {
			quote.At += float64(i)
			a.Trackers = append(a.Trackers, notify.Tracker{Name: name, Quotes: []notify.Quote{quote, quote}})
		}
		requireHarmless(t, a)
	})
}
