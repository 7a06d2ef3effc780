package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/notify"
)

func withButtons() notify.RenderOptions {
	return notify.RenderOptions{ConsoleURL: "https://bell.example", Buttons: true}
}

func TestTheButtonsAndWhatPeopleThought(t *testing.T) {
	a := notify.SampleAlert()
	a.Feedback = []notify.Feedback{
		{User: "U0123456789", Name: "ann", Useful: true, At: time.Unix(1_777_629_000, 0)},
		{User: "<!channel>", Name: "bo *b*", At: time.Unix(1_777_629_060, 0)},
	}
	m := notify.Render(a, withButtons())
	requireAcceptable(t, m)
	golden(t, "buttons.blocks.json", readable(t, m.Blocks))
	said := string(readable(t, m.Blocks[len(m.Blocks)-1]))
	require.Contains(t, said, "@U0123456789")
	require.NotContains(t, said, "!channel")
	require.NotContains(t, said, "*b*")
}

func TestOnlyTheLatestOpinionsAreShown(t *testing.T) {
	a := notify.SampleAlert()
	for i := range 12 {
		a.Feedback = append(a.Feedback, notify.Feedback{User: fmt.Sprintf("U%010d", i), At: time.Unix(1_777_629_000, 0)})
	}
	said := string(readable(t, notify.Render(a, withButtons()).Blocks))
	require.Contains(t, said, "U0000000011")
	require.NotContains(t, said, "U0000000006")
	require.Contains(t, said, "and 7 more")
}

func TestAColorPutsAllButTheTitleBesideABar(t *testing.T) {
	m := notify.Render(loadAlert(t, "critical"), withButtons())
	require.Equal(t, "#d72b3f", m.Color)
	require.Len(t, m.Blocks, 3, "title, mentions, note")
	require.Len(t, m.Barred, 4, "two trackers, the call, the buttons")
	require.Contains(t, string(readable(t, m.Blocks)), "<!subteam^S0123456789> <@U0123456789>")
	require.Contains(t, string(readable(t, m.Blocks)), "🔴 Cancel Intent and Recording Disclosure")
}

func TestRepliesHoldEveryQuoteInTheOrderOfTheCall(t *testing.T) {
	a := loadAlert(t, "many")
	require.Equal(t, 2, notify.Parts(a))
	a.Part = 1
	m := notify.Render(a, notify.RenderOptions{})
	last := -1
	for i := 1; i <= 7; i++ {
		for _, word := range []string{"refund", "complaint"} {
			at := strings.Index(m.Text, fmt.Sprintf("sentence %d and the word is %s", i, word))
			require.Greater(t, at, last)
			last = at
		}
	}
	require.Equal(t, "many1-1", m.Metadata.AlertID)
	require.Contains(t, m.Text, a.Recording)

	a.Part, a.Style.Alone = 0, true
	require.Equal(t, 1, notify.Parts(a), "thread: false")
	require.NotContains(t, string(readable(t, notify.Render(a, notify.RenderOptions{}).Blocks)), "in the thread")
	require.Equal(t, 1, notify.Parts(loadAlert(t, "exact")))
}

func TestAFloodOfQuotesEndsInAFewReplies(t *testing.T) {
	a := notify.Alert{ID: "a", Recording: "calls.1"}
	for i := range 500 {
		a.Trackers = append(a.Trackers, notify.Tracker{Name: "T", Quotes: []notify.Quote{{Text: strings.Repeat(fmt.Sprint("word", i, " "), 60), At: float64(i)}}})
	}
	parts := notify.Parts(a)
	require.Equal(t, 6, parts)
	for a.Part = range parts {
		requireAcceptable(t, notify.Render(a, withButtons()))
	}
	a.Part = parts - 1
	require.Regexp(t, `and \d+ more quotes`, string(readable(t, notify.Render(a, withButtons()).Blocks)))
	a.Part = parts
	require.Equal(t, "No more quotes", notify.Render(a, withButtons()).Text)
}

func TestATemplateThatFailsLeavesTheBuiltInMessage(t *testing.T) {
	a := notify.SampleAlert()
	want := notify.Render(a, notify.RenderOptions{})
	for _, body := range []string{"{{index .Trackers 7}}", "{{", "{{/* nothing */}}", `{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`,
		"{{range .Trackers}}{{range $.Trackers}}{{printf \"%9000s\" .Name}}{{end}}{{end}}"} {
		a.Style.Template = config.Template{Title: "custom", Body: body}
		got := notify.Render(a, notify.RenderOptions{})
		require.Error(t, got.TemplateError, body)
		require.Equal(t, want.Blocks, got.Blocks)
		require.Equal(t, want.Text, got.Text)
	}
}

func TestNothingForeignIsMarkupInATemplate(t *testing.T) {
	hostile := "*b* _i_ ~s~ `c` <!channel> <https://x.example|y> & &lt; @here"
	a := notify.Alert{Recording: hostile, Call: notify.Call{Source: hostile, Direction: hostile, From: hostile, To: hostile, Agent: hostile, Labels: map[string]string{"l": hostile}},
		Trackers: []notify.Tracker{{Name: hostile, Absent: hostile, Quotes: []notify.Quote{{Text: hostile, Speaker: hostile, Role: hostile, Phrase: hostile, Offset: -1}}}}}
	a.Style.Template = config.Template{Body: `{{.Title}}{{.Recording}}{{.Source}}{{.Direction}}{{.From}}{{.To}}{{.Agent}}{{.Labels.l}}` +
		`{{range .Trackers}}{{.Name}}{{.Absent}}{{range .Quotes}}{{.Text}}{{.Marked}}{{.Speaker}}{{.Role}}{{.Why}}{{end}}{{end}}`}
	m := notify.Render(a, notify.RenderOptions{})
	require.NoError(t, m.TemplateError)
	section, ok := m.Blocks[1].(*slack.SectionBlock)
	require.True(t, ok)
	require.NotRegexp(t, "[*_~`<>]", section.Text.Text)
	requireEscaped(t, section.Text.Text)
	require.NotNil(t, section.Text.Verbatim)
}

func TestTheSampleHasEverythingThatATemplateCanShow(t *testing.T) {
	a := notify.SampleAlert()
	a.Style.Template = config.Template{Body: "{{range .Trackers}}{{range .Quotes}}{{.Marked}}|{{end}}{{end}} {{.Duration}} {{.Started}} {{.RecordingURL}} {{.ConsoleURL}}"}
	m := notify.Render(a, withButtons())
	require.NoError(t, m.TemplateError)
	section, ok := m.Blocks[1].(*slack.SectionBlock)
	require.True(t, ok)
	require.Equal(t, "We have a *sale right now* on all winter tyres.|So the *special* runs until the end of the *month*?|"+
		" 4 min 07 s <!date^1773065100^{date_short_pretty} {time}|9 Mar 2026 14:05 UTC>"+
		" https://calls.example/recordings/RE0000000000 https://bell.example/recordings/support.RE0000000000", section.Text.Text)
}

func TestAnAlertIsTheSameAfterItsWayThroughJSON(t *testing.T) {
	for _, name := range alertNames(t) {
		a := loadAlert(t, name)
		raw, err := json.Marshal(a)
		require.NoError(t, err)
		var back notify.Alert
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, notify.Render(a, withButtons()), notify.Render(back, withButtons()))
	}
}
