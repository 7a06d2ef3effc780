package notify

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/slack-go/slack"
)

// The ids of the buttons, as Slack's interactions name them.
const (
	ActionUseful     = "trackerbell_useful"
	ActionFalseAlarm = "trackerbell_false_alarm"
	actionRecording  = "trackerbell_open_recording"
	actionConsole    = "trackerbell_open_console"
)

const (
	blockActions  = "trackerbell_actions"
	blockFeedback = "trackerbell_feedback"
)

// mentionable is the id of a Slack user.
var mentionable = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)

// maxFeedback is how many people's opinions a message shows by name.
const maxFeedback = 5

// foot is what stands under every summary: the line about the call, the
// buttons, and what people thought of the alert.
func (v view) foot(a Alert, opt RenderOptions) []slack.Block {
	blocks := []slack.Block{v.context(a, opt)}
	if opt.Buttons {
		blocks = append(blocks, buttons(a, opt))
	}
	if said := feedback(a.Feedback); said != "" {
		blocks = append(blocks, slack.NewContextBlock(blockFeedback, mrkdwn(said)))
	}
	return blocks
}

// context is the line about the call. Only the date and the links are markup,
// and they are built from what is ours.
func (v view) context(a Alert, opt RenderOptions) slack.Block {
	var elements []slack.MixedElement
	if s := strings.Join(v.summary, " · "); s != "" {
		elements = append(elements, plain(s))
	}
	if date := dateMarkup(a.Call, v.when); date != "" {
		elements = append(elements, mrkdwn(date))
	}
	if s := strings.Join(v.rest, " · "); s != "" {
		elements = append(elements, plain(s))
	}
	if opt.Buttons {
		return slack.NewContextBlock("", elements...)
	}
	if link := safeLink(a.Link); link != "" {
		elements = append(elements, mrkdwn("<"+link+"|Open recording>"))
	}
	if link := consoleLink(opt.ConsoleURL, a.Recording); link != "" {
		elements = append(elements, mrkdwn("<"+link+"|Open in console>"))
	}
	return slack.NewContextBlock("", elements...)
}

// dateMarkup is the start of the call in the reader's own time zone
// (docs.slack.dev/messaging/formatting-message-text#date-formatting); empty
// when it is unknown.
func dateMarkup(c Call, otherwise string) string {
	if c.StartedAt.Unix() <= 0 {
		return ""
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", c.StartedAt.Unix(), otherwise)
}

// buttons open the call, and tell what somebody thought of the alert. Their
// value is the alert's id and the recording's key.
func buttons(a Alert, opt RenderOptions) slack.Block {
	button := func(action, text string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement(action, a.ID+" "+cutBytes(a.Recording, maxKey), slack.NewTextBlockObject(slack.PlainTextType, text, true, false))
	}
	var elements []slack.BlockElement
	for _, link := range []struct{ action, text, url string }{
		{actionRecording, "▶️ Open recording", a.Link}, {actionConsole, "Open in console", consoleAddress(opt.ConsoleURL, a.Recording)},
	} {
		if safeLink(link.url) != "" {
			elements = append(elements, button(link.action, link.text).WithURL(link.url))
		}
	}
	elements = append(elements, button(ActionUseful, "👍 Useful"), button(ActionFalseAlarm, "👎 False alarm"))
	return slack.NewActionBlock(blockActions, elements...)
}

// feedback says who thought what and when, the latest first.
func feedback(list []Feedback) string {
	var out []string
	for i := len(list) - 1; i >= 0 && len(out) < maxFeedback; i-- {
		f := list[i]
		verdict := "👎 False alarm"
		if f.Useful {
			verdict = "👍 Useful"
		}
		who := foreign(f.Name, maxName)
		if mentionable.MatchString(f.User) {
			who = "<@" + f.User + ">"
		}
		out = append(out, strings.Join(present(verdict, who, dateMarkup(Call{StartedAt: f.At}, f.At.UTC().Format("2 Jan 15:04 UTC"))), " · "))
	}
	if more := len(list) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "\n")
}

// consoleAddress is where the console shows a recording; empty without a
// console and for what no key can be.
func consoleAddress(console, key string) string {
	base, err := url.Parse(console)
	if strings.Trim(key, ".") == "" || len(key) > maxKey || err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return ""
	}
	return base.JoinPath("recordings", url.PathEscape(key)).String()
}

func consoleLink(console, key string) string { return safeLink(consoleAddress(console, key)) }

// safeLink is a web address for the inside of <…>; empty for what is none, or
// is not written in plain ASCII.
func safeLink(address string) string {
	u, err := url.Parse(address)
	odd := strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' })
	if err != nil || odd || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(address) > maxURL {
		return ""
	}
	return strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", "&", "&amp;").Replace(address)
}

// cutBytes keeps at most limit bytes; a key within the contract is never cut.
func cutBytes(s string, limit int) string { return strings.ToValidUTF8(s[:min(len(s), limit)], "") }
