package main

import (
	"html"
	"regexp"
	"strings"
)

var (
	markedLink = regexp.MustCompile(`<([^<>|]*)(?:\|([^<>]*))?>`)
	markedBold = regexp.MustCompile(`(^|[\s(>_~])\*([^*\s](?:[^*\n]*[^*\s])?)\*`)
	markedSlim = regexp.MustCompile(`(^|[\s(>*~])_([^_\s](?:[^_\n]*[^_\s])?)_`)
)

// readMarkup is Slack's markup as it reads on a terminal
// (docs.slack.dev/messaging/formatting-message-text): links with their address
// behind them, dates as where Slack cannot show them, and no signs for bold and
// italic; bold is ANSI's where color is set.
func readMarkup(line string, color bool) string {
	bold := "$1$2"
	if color {
		bold = "$1\x1b[1m$2\x1b[22m"
	}
	line = markedSlim.ReplaceAllString(markedBold.ReplaceAllString(line, bold), "$1$2")
	return html.UnescapeString(markedLink.ReplaceAllStringFunc(line, readLink))
}

func readLink(markup string) string {
	m := markedLink.FindStringSubmatch(markup)
	target, text := m[1], m[2]
	switch {
	case strings.HasPrefix(target, "!subteam^"):
		return "@" + strings.TrimPrefix(target, "!subteam^")
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "!") && text == "":
		return "@" + strings.TrimLeft(target, "@!")
	case strings.HasPrefix(target, "!date^"):
		return text
	case text == "" || text == target:
		return target
	}
	return text + " (" + target + ")"
}
