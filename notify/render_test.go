package notify_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/internal/slacktest"
	"github.com/trackerbell/trackerbell/notify"
)

// alertNames are the alerts whose renderings are kept in testdata.
func alertNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/alerts/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files
}

func TestMessagesReadAsTheGoldenFiles(t *testing.T) {
	for _, name := range alertNames(t) {
		t.Run(name, func(t *testing.T) {
			a := loadAlert(t, name)
			m := notify.Render(a, notify.RenderOptions{ConsoleURL: "https://bell.example.com"})
			require.NoError(t, m.TemplateError)
			golden(t, "slack/"+name+".blocks.json", readable(t, slices.Concat(m.Blocks, m.Barred)))
			golden(t, "slack/"+name+".text", []byte(m.Text+"\n"))
			golden(t, "terminal/"+name+".text", []byte(notify.Text(a, false)))
			golden(t, "terminal/"+name+".bold", []byte(notify.Text(a, true)))
			requireAcceptable(t, m)
			for a.Part = 1; a.Part < notify.Parts(a); a.Part++ {
				m := notify.Render(a, notify.RenderOptions{})
				requireAcceptable(t, m)
				golden(t, fmt.Sprintf("slack/%s.reply%d.json", name, a.Part), readable(t, m.Blocks))
				golden(t, fmt.Sprintf("slack/%s.reply%d.text", name, a.Part), []byte(m.Text+"\n"))
			}
		})
	}
}

// requireAcceptable asks the stand-in, which has its own figures, whether
// Slack would take the message.
func requireAcceptable(t *testing.T, m notify.Message) {
	t.Helper()
	raw, err := json.Marshal(slices.Concat(m.Blocks, m.Barred)) // the limits are of the message as a whole
	require.NoError(t, err)
	require.NoError(t, slacktest.CheckBlocks(raw), "%s", raw)
	require.NotEmpty(t, m.Text)
	require.LessOrEqual(t, len([]rune(m.Text)), 4000)
}

func TestTheMetadataNamesTheAlertTheRecordingAndTheTrackers(t *testing.T) {
	m := notify.Render(loadAlert(t, "several"), notify.RenderOptions{})
	require.Equal(t, notify.Metadata{
		AlertID:   "al7c4",
		Recording: "support.RE77",
		Trackers:  []string{"Lost Card", "Identity Check", "Goodbye"},
	}, m.Metadata)
}

func TestTheRecordingKeyStandsInTheMessageUncut(t *testing.T) {
	key := "support." + strings.Repeat("K", 128)
	a := notify.Alert{Recording: key, Call: notify.Call{Source: "support"}, Trackers: []notify.Tracker{{Name: "x"}}}
	m := notify.Render(a, notify.RenderOptions{})
	require.Contains(t, string(readable(t, m.Blocks)), `"text": "`+key+`"`)
	require.Contains(t, m.Text, key)
	require.Contains(t, notify.Text(a, false), key)
}

func TestTheConsoleLinkIsOnlyMadeOfAWebAddress(t *testing.T) {
	a := notify.Alert{Recording: "calls.a|b>c", Trackers: []notify.Tracker{{Name: "x"}}}
	for console, want := range map[string]string{
		"https://bell.example.com":          "<https://bell.example.com/recordings/calls.a%7Cb%3Ec|Open in console>",
		"http://127.0.0.1:8081/base/?a&b":   "<http://127.0.0.1:8081/base/recordings/calls.a%7Cb%3Ec?a&amp;b|Open in console>",
		"":                                  "",
		"javascript:alert(1)":               "",
		"bell.example.com":                  "",
		"https://bell.example.com/\x7f|<!>": "",
	} {
		links := markup(notify.Render(a, notify.RenderOptions{ConsoleURL: console}))
		if want == "" {
			require.Empty(t, links)
			continue
		}
		require.Equal(t, []string{want}, links)
	}
}

func TestNoLinkIsMadeForWhatIsNoKey(t *testing.T) {
	for _, key := range []string{"", "..", strings.Repeat("k", 257)} {
		require.Empty(t, markup(notify.Render(notify.Alert{Recording: key}, notify.RenderOptions{ConsoleURL: "https://bell.example"})), key)
	}
}

func TestANumberThatStandsForANameIsMaskedAsTheNumbersAre(t *testing.T) {
	a := notify.Alert{ID: "a", Recording: "calls.a", Call: notify.Call{Agent: "tel:+14155550188", Labels: map[string]string{"line": "+14155550199"}}, Trackers: []notify.Tracker{{Name: "Sale", Quotes: []notify.Quote{
		{Text: "is there a sale", Speaker: "+14155550137", Phrase: "sale", Offset: 11},
		{Text: "a sale, yes", Speaker: "Anna", Phrase: "sale", Offset: 2},
	}}}}
	said := notify.Text(a, false)
	require.Contains(t, said, "+1 415 •••• 0137")
	require.Contains(t, said, "agent +1 415 •••• 0188")
	require.NotContains(t, said, "555")
	require.Contains(t, said, "Anna")
	a.Style.Template = config.Template{Body: "{{.Agent}}|{{.Labels.line}}"}
	section, ok := notify.Render(a, notify.RenderOptions{}).Blocks[1].(*slack.SectionBlock)
	require.True(t, ok)
	require.Equal(t, "+1 415 •••• 0188|+1 415 •••• 0199", section.Text.Text)
	a.ShowNumbers, a.Style = true, notify.Style{}
	require.Contains(t, notify.Text(a, false), "+14155550137")
	require.Contains(t, notify.Text(a, false), "tel:+14155550188")
}

func TestTheFallbackQuotesEveryTracker(t *testing.T) {
	quote := func(text string) []notify.Quote { return []notify.Quote{{Text: text, At: 1, Phrase: "x"}} }
	a := notify.Alert{Recording: "calls.1", Trackers: []notify.Tracker{{Name: "One", Quotes: quote("first")}, {Name: "Two", Quotes: quote("second")}}}
	require.Equal(t, "One and Two: \"first\" — 0:01\ncalls.1\nOne, 1 mention:\n\"first\" — 0:01\nTwo, 1 mention:\n\"second\" — 0:01",
		notify.Render(a, notify.RenderOptions{}).Text)
	a.Trackers = a.Trackers[:1]
	require.Equal(t, "One: \"first\" — 0:01\ncalls.1", notify.Render(a, notify.RenderOptions{}).Text)
}

// markup lists the texts of a message in which Slack reads markup.
func markup(m notify.Message) (out []string) {
	for _, b := range m.Blocks {
		c, ok := b.(*slack.ContextBlock)
		if !ok {
			continue
		}
		for _, e := range c.ContextElements.Elements {
			if t, ok := e.(*slack.TextBlockObject); ok && t.Type == slack.MarkdownType {
				out = append(out, t.Text)
			}
		}
	}
	return out
}

func TestManyTrackersAreCountedAndNotDropped(t *testing.T) {
	quote := notify.Quote{Text: strings.Repeat("every word is long ", 20), Speaker: "Anna", At: 1, Phrase: "word", Offset: 6}
	a := notify.Alert{Recording: "calls.1"}
	for range 120 {
		a.Trackers = append(a.Trackers, notify.Tracker{Name: "Tracker", Quotes: []notify.Quote{quote}})
	}
	m := notify.Render(a, notify.RenderOptions{})
	requireAcceptable(t, m)
	require.Less(t, len(m.Blocks), 50)
	require.Contains(t, string(readable(t, m.Blocks)), "🔔 Tracker and 119 more")
	require.Regexp(t, `"and \d+ more trackers"`, string(readable(t, m.Blocks)))
	require.Len(t, m.Metadata.Trackers, 40)
}

func TestRenderingLeavesTheAlertAlone(t *testing.T) {
	a, same := loadAlert(t, "several"), loadAlert(t, "several")
	notify.Render(a, notify.RenderOptions{})
	notify.Text(a, true)
	require.Equal(t, same, a)
}

func TestGoldenFilesBelongToAnAlert(t *testing.T) {
	for _, dir := range []string{"slack", "terminal"} {
		files, err := os.ReadDir(filepath.Join("testdata", dir))
		require.NoError(t, err)
		for _, f := range files {
			name, _, _ := strings.Cut(f.Name(), ".")
			require.FileExists(t, filepath.Join("testdata", "alerts", name+".json"))
		}
	}
}

// TestAFieldOfATemplateWithoutATextIsLeftOut has a call without a number and
// without one of two labels.
func TestAFieldOfATemplateWithoutATextIsLeftOut(t *testing.T) {
	a := notify.SampleAlert()
	a.Call.From = ""
	a.Style.Template = config.Template{Title: "custom", Fields: []config.TemplateField{
		{Name: "Caller", Value: "{{.From}}"}, {Name: "Team", Value: "{{.Labels.team}}"}, {Name: "Queue", Value: " {{.Labels.queue}} "},
	}}
	m := notify.Render(a, notify.RenderOptions{})
	require.NoError(t, m.TemplateError)
	var texts []string
	for _, b := range m.Blocks {
		if s, ok := b.(*slack.SectionBlock); ok {
			for _, f := range s.Fields {
				texts = append(texts, f.Text)
			}
		}
	}
	require.Equal(t, []string{"*Team*\nsupport"}, texts)
	a.Call.Labels = nil
	m = notify.Render(a, notify.RenderOptions{})
	require.NoError(t, m.TemplateError)
	require.True(t, strings.HasPrefix(m.Text, "custom\n"), m.Text)
}
